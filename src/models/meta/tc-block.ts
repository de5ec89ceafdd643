import { Module } from '../../nn/module.ts';
import type { Core } from '../../nn/unroll.ts';
import { expectKey, expectOptions, isFlag, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { DenseBlock, type DenseState } from './dense-block.ts';
import { expectCount } from './expect.ts';

/** Options of a {@link TCBlock}. */
export interface TCBlockOptions {
  /** I, the width of an input. */
  input: number;
  /** T: the last step sees this many steps, itself among them. Sequences may be longer. */
  length: number;
  /** F, the features that each of its blocks adds. */
  filters: number;
  /** As of {@link DenseBlock}. Default false. */
  norm?: boolean | undefined;
}

/** The states of its blocks. */
export type TCState = { readonly blocks: readonly DenseState[] };

const rules: Rules<TCBlockOptions> = { input: isSize, length: isSize, filters: isSize, norm: /* @__PURE__ */ maybe(isFlag) };

/** The dilations 1, 2, 4, … of as many blocks as it takes for the last step to see `length` steps: ⌈log₂ length⌉, at least one. */
function dilationsOf(length: number): number[] {
  const dilations = [1];
  while (2 * (dilations.at(-1) as number) < length) dilations.push(2 * (dilations.at(-1) as number));
  return dilations;
}

/**
 * A temporal convolution over `length` steps (Mishra et al. 2018, §3): ⌈log₂ length⌉ {@link DenseBlock}s of dilations 1, 2, 4, …, each of which
 * reads all features so far.
 */
export class TCBlock extends Module implements Core<TCState> {
  readonly blocks: readonly DenseBlock[];
  /** The width of an output: I + F for each block. */
  readonly width: number;

  constructor(options: TCBlockOptions, key: Key) {
    super();
    expectOptions('TCBlock', options, rules);
    expectKey('TCBlock', key);
    const { input, length, filters, norm } = options;
    const dilations = dilationsOf(length);
    const keys = split(key, dilations.length);
    this.blocks = dilations.map((dilation, i) => new DenseBlock({ input: input + i * filters, filters, dilation, norm }, keys[i] as Key));
    this.width = input + dilations.length * filters;
  }

  /** Maps a sequence `[B, T, I]` to `[B, T, width]`. */
  forward(x: Tensor): Tensor {
    return this.blocks.reduce((y, block) => block.forward(y), x);
  }

  /** The state before the first step. */
  initialState(batch: number): TCState {
    return { blocks: this.blocks.map((block) => block.initialState(batch)) };
  }

  /** Maps one input `[B, I]` to `[B, width]`: the bits of {@link forward}. */
  step(x: Tensor, state: TCState): { output: Tensor; state: TCState } {
    expectCount('TCBlock', "block's", 'blocks', state, this.blocks.length);
    let output = x;
    const blocks = this.blocks.map((block, i) => {
      const taken = block.step(output, state.blocks[i] as DenseState);
      output = taken.output;
      return taken.state;
    });
    return { output, state: { blocks } };
  }
}
