import { Linear } from '../nn/linear.ts';
import { Module } from '../nn/module.ts';
import { add, clamp, memoryStep, reshape, sigmoid, slice, softmax, softplus, tanh } from '../ops/index.ts';
import { expectKey, expectOptions, isCount, isSize, maybe, type Rules } from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Addressing } from './addressing.ts';

/** Options of {@link MemoryHeads}. */
export interface MemoryHeadsOptions {
  /** D, the width of what the heads follow. */
  input: number;
  /** W, the width of a cell. */
  width: number;
  /** The number of heads that read. Default 1. */
  reads?: number | undefined;
  /** The number of heads that write. Default 1. */
  writes?: number | undefined;
  /** r, how many cells a head may move in one step, either way. Default 1. */
  reach?: number | undefined;
}

const rules: Rules<MemoryHeadsOptions> = {
  input: isSize,
  width: isSize,
  reads: /* @__PURE__ */ maybe(isCount),
  writes: /* @__PURE__ */ maybe(isCount),
  reach: /* @__PURE__ */ maybe(isCount),
};

/** What the heads do in a step: where all of them look, H = reads + writes, and what those that write erase and add. */
export interface HeadsSay extends Addressing {
  /** In [0, 1]: `[B, writes, W]`. */
  readonly erase: Tensor;
  /** `[B, writes, W]`. */
  readonly addition: Tensor;
}

/** What one step does to a memory. */
export interface MemoryStep {
  /** What the heads read, before anything is written: `[B, reads, W]`. */
  readonly read: Tensor;
  /** The memory after it was written to: `[B, N, W]`. */
  readonly memory: Tensor;
  /** Of all heads, those that read first: `[B, H, N]`. */
  readonly weights: Tensor;
}

/** Beyond these the nonlinearities are flat; within, they have a gradient (Collier and Beel 2018, "Implementing Neural Turing Machines"). */
const LIMIT = 20;

/**
 * The heads of a memory (Graves, Wayne, Danihelka 2014, §3.1–3.3): one linear map from a controller's output to what all of them say. Keys and
 * additions are `tanh`, the strength is `softplus`, gate and erasing are `σ`, the shift is a softmax over the moves, the sharpness `1 +
 * softplus`. What comes from the map is clamped to ±20 before.
 */
export class MemoryHeads extends Module {
  readonly map: Linear; // H (W + 3 + moves) + writes · 2 W
  readonly reads: number;
  readonly writes: number;
  readonly width: number;
  readonly moves: number;

  constructor(options: MemoryHeadsOptions, key: Key) {
    super();
    expectOptions('MemoryHeads', options, rules);
    expectKey('MemoryHeads', key);
    const { input, width, reads = 1, writes = 1, reach = 1 } = options;
    if (reads + writes === 0) throw new RangeError('MemoryHeads: reads and writes must be at least one head together, got none');
    const moves = 2 * reach + 1;
    this.map = new Linear({ input, output: (reads + writes) * (width + 3 + moves) + writes * 2 * width }, key);
    this.reads = reads;
    this.writes = writes;
    this.width = width;
    this.moves = moves;
  }

  /** From `[B, D]` to what the heads say. */
  forward(x: Tensor): HeadsSay {
    const { reads, writes, width, moves } = this;
    const heads = reads + writes;
    const said = clamp(this.map.forward(x), -LIMIT, LIMIT);
    const batch = said.shape[0] as number;
    let from = 0;
    const take = (...shape: number[]) => {
      const to = from + shape.reduce((a, b) => a * b);
      const part = reshape(slice(said, 1, from, to), [batch, ...shape]);
      from = to;
      return part;
    };
    return {
      key: tanh(take(heads, width)),
      strength: softplus(take(heads)),
      gate: sigmoid(take(heads)),
      shift: softmax(take(heads, moves)),
      sharpness: add(softplus(take(heads)), 1),
      erase: sigmoid(take(writes, width)),
      addition: tanh(take(writes, width)),
    };
  }

  /** One step on a memory `[B, N, W]` by heads whose weights were `previous` `[B, H, N]`: all look, then some read, then others write. */
  step(x: Tensor, memory: Tensor, previous: Tensor): MemoryStep {
    const { reads, writes } = this;
    return memoryStep(this.map.forward(x), memory, previous, { reads, writes, reach: (this.moves - 1) / 2 });
  }
}
