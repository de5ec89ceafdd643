import { recordSeveral } from '../autograd/several.ts';
import * as call from '../runtime/generated/calls.ts';
import { scratchOf } from '../runtime/scratch.ts';
import { expectOptions, isCount, maybe, type Rules } from '../tensor/check.ts';
import { scope } from '../tensor/scope.ts';
import { show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { tracked } from './fused.ts';

/** The heads of a {@link memoryStep}. */
export interface MemoryStepOptions {
  /** The number of heads that read. */
  reads: number;
  /** The number of heads that write. */
  writes: number;
  /** r, how many cells a head may move, either way. Default 1. */
  reach?: number | undefined;
}

const rules: Rules<MemoryStepOptions> = {
  reads: isCount,
  writes: isCount,
  reach: /* @__PURE__ */ maybe(isCount),
};

/** The lengths of a call. */
interface Lengths {
  batch: number;
  heads: number;
  reads: number;
  moves: number;
  cells: number;
  width: number;
  xWidth: number;
  savedWidth: number;
}

/** How many numbers heads say: see {@link memoryStep}. */
export const headsWidth = (reads: number, writes: number, moves: number, width: number): number =>
  (reads + writes) * (width + 3 + moves) + 2 * writes * width;

function lengthsOf(x: Tensor, memory: Tensor, previous: Tensor, options: MemoryStepOptions): Lengths {
  expectDType('memoryStep', 'x', x, 'float32');
  expectDType('memoryStep', 'memory', memory, 'float32');
  expectDType('memoryStep', 'previous', previous, 'float32');
  expectOptions('memoryStep', options, rules);
  const { reads, writes, reach = 1 } = options;
  const [heads, moves] = [reads + writes, 2 * reach + 1];
  if (heads === 0) throw new RangeError('memoryStep: reads and writes must be at least one head together, got none');
  const [batch = 0, cells = 0, width = 0] = memory.shape;
  if (memory.rank !== 3 || cells === 0 || width === 0) {
    throw new RangeError(`memoryStep: memory must be [B, N, W] of at least one cell, got ${show(memory.shape)}`);
  }
  if (moves > cells) throw new RangeError(`memoryStep: reach must be below half of the ${cells} cells, got ${reach}`);
  const xWidth = headsWidth(reads, writes, moves, width);
  const wanted = [`[${batch}, ${xWidth}]`, `[${batch}, ${heads}, ${cells}]`];
  const got = [show(x.shape), show(previous.shape)];
  if (x.rank !== 2 || previous.rank !== 3 || wanted[0] !== got[0] || wanted[1] !== got[1]) {
    throw new RangeError(`memoryStep: x and previous must be ${wanted.join(' and ')}, got ${got.join(' and ')}`);
  }
  return { batch, heads, reads, moves, cells, width, xWidth, savedWidth: xWidth + cells * (1 + 4 * heads) + heads };
}

/**
 * One step of the heads of a Neural Turing Machine in one pass (Graves, Wayne, Danihelka 2014, §3.1–3.3): all of them look into a memory `[B, N, W]` by
 * content, gate, shift and sharpness, from where they were, `previous` `[B, H, N]`; the first `reads` read it as it is; the others then erase and add. `x`
 * `[B, …]` is what they say, in this order: keys `[H, W]` (their tanh is meant), strengths `[H]` (softplus), gates `[H]` (σ), shifts `[H, 2r + 1]` (softmax),
 * sharpness `[H]` (1 + softplus), what to erase (σ) and what to add (tanh) `[writes, W]`; all clamped to ±20 first. Returns `weights` `[B, H, N]`, `read`
 * `[B, reads, W]` and the `memory` afterwards, which is the same tensor if nobody writes. Gradient: a fused pass, of first order.
 */
export function memoryStep(
  x: Tensor,
  memory: Tensor,
  previous: Tensor,
  options: MemoryStepOptions,
): { weights: Tensor; read: Tensor; memory: Tensor } {
  const lengths = lengthsOf(x, memory, previous, options);
  const { batch, heads, reads, cells, width, savedWidth } = lengths;
  const writes = heads > reads;
  const weights = empty([batch, heads, cells]);
  const read = empty([batch, reads, width]);
  const next = writes ? empty(memory.shape) : memory;
  const inputs = [x, memory, previous];
  const saved = scope(() => {
    const room = empty([batch, savedWidth]);
    const results = { weights: weights.ptr, read: read.ptr, next: next.ptr, saved: room.ptr };
    call.memoryStep({ ...results, x: x.ptr, bank: memory.ptr, previous: previous.ptr, ...lengths });
    return tracked(inputs) ? room : undefined;
  });
  const attributes = { reads, writes: heads - reads, reach: (lengths.moves - 1) / 2 };
  recordSeveral('memoryStep', [weights, read, ...(writes ? [next] : [])], { inputs, attributes }, (gs) =>
    back(lengths, [x, memory, previous, weights, saved as Tensor], gs),
  );
  return { weights, read, memory: next };
}

/** The gradients of x, of the memory and of where the heads were, from those of the results. */
function back(
  lengths: Lengths,
  [x, memory, previous, weights, saved]: readonly [Tensor, Tensor, Tensor, Tensor, Tensor],
  [g, gRead, gNext]: readonly (Tensor | null | undefined)[],
): Tensor[] {
  return scope(() => {
    const [dx, dbank, dprevious] = [empty(x.shape), empty(memory.shape), empty(previous.shape)] as const;
    call.memoryStepBackward({
      dx: dx.ptr,
      dbank: dbank.ptr,
      dprevious: dprevious.ptr,
      g: g?.ptr ?? 0,
      gRead: gRead?.ptr ?? 0,
      gNext: gNext?.ptr ?? 0,
      x: x.ptr,
      bank: memory.ptr,
      previous: previous.ptr,
      weights: weights.ptr,
      saved: saved.ptr,
      ...lengths,
      scratch: empty([scratchOf('memoryStepBackward', lengths)]).ptr,
    });
    return [dx, dbank, dprevious];
  });
}
