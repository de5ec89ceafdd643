// Recurrent cores of one step, differentiable as often as wanted. Whole sequences go faster through `LSTM` and `GRU`.

import { add, gruCell, linear, lstmCell, tanh, uniform } from '../ops/index.ts';
import type { Weights } from '../ops/recurrent.ts';
import { zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, own } from './module.ts';
import type { Core } from './unroll.ts';

/** Lengths of a core: `input` I and `hidden` H. */
export interface CoreSizes {
  input: number;
  hidden: number;
}

/** State of an RNN or a GRU. */
export type HiddenState = { readonly h: Tensor }; // [B, H]

/** State of an LSTM. */
export type LSTMState = { readonly h: Tensor; readonly c: Tensor }; // [B, H] each

/** Weights of G gates, all U(−1/√H, 1/√H) as PyTorch draws them. */
export function drawWeights(gates: number, sizes: CoreSizes, key: Key): { ih: Tensor; hh: Tensor; biasIh: Tensor; biasHh: Tensor } {
  const { input, hidden } = sizes;
  const [a, b, c, d] = split(key, 4) as [Key, Key, Key, Key];
  const bound = 1 / Math.sqrt(hidden);
  const draw = (from: Key, shape: number[]) => own(() => uniform(from, shape, { low: -bound, high: bound }));
  const width = gates * hidden;
  return { ih: draw(a, [width, input]), hh: draw(b, [width, hidden]), biasIh: draw(c, [width]), biasHh: draw(d, [width]) };
}

/** What the three cells share: weights under PyTorch's names, and their products. */
abstract class Cell extends Module {
  readonly weight_ih: Tensor; // [G·H, I]
  readonly weight_hh: Tensor; // [G·H, H]
  readonly bias_ih: Tensor; // [G·H]
  readonly bias_hh: Tensor; // [G·H]
  readonly input: number;
  readonly hidden: number;

  constructor(gates: number, sizes: CoreSizes, key: Key) {
    super();
    const { ih, hh, biasIh, biasHh } = drawWeights(gates, sizes, key);
    this.weight_ih = ih;
    this.weight_hh = hh;
    this.bias_ih = biasIh;
    this.bias_hh = biasHh;
    this.input = sizes.input;
    this.hidden = sizes.hidden;
  }

  /** The weights as ops take them. */
  protected get weights(): Weights {
    return { weightIh: this.weight_ih, weightHh: this.weight_hh, biasIh: this.bias_ih, biasHh: this.bias_hh };
  }
}

/** `h = tanh(W x + b + U h′ + b′)` (Elman 1990). */
export class RNNCell extends Cell implements Core<HiddenState> {
  constructor(sizes: CoreSizes, key: Key) {
    super(1, sizes, key);
  }

  initialState(batch: number): HiddenState {
    return { h: zeros([batch, this.hidden]) };
  }

  step(input: Tensor, state: HiddenState): { output: Tensor; state: HiddenState } {
    const { weightIh, weightHh, biasIh, biasHh } = this.weights;
    const h = tanh(add(linear(input, weightIh, biasIh), linear(state.h, weightHh, biasHh)));
    return { output: h, state: { h } };
  }
}

/** The op {@link lstmCell} with its weights. */
export class LSTMCell extends Cell implements Core<LSTMState> {
  constructor(sizes: CoreSizes, key: Key) {
    super(4, sizes, key);
  }

  initialState(batch: number): LSTMState {
    return { h: zeros([batch, this.hidden]), c: zeros([batch, this.hidden]) };
  }

  step(input: Tensor, state: LSTMState): { output: Tensor; state: LSTMState } {
    const { h, c } = lstmCell(input, state.h, state.c, this.weights);
    return { output: h, state: { h, c } };
  }
}

/** The op {@link gruCell} with its weights. */
export class GRUCell extends Cell implements Core<HiddenState> {
  constructor(sizes: CoreSizes, key: Key) {
    super(3, sizes, key);
  }

  initialState(batch: number): HiddenState {
    return { h: zeros([batch, this.hidden]) };
  }

  step(input: Tensor, state: HiddenState): { output: Tensor; state: HiddenState } {
    const h = gruCell(input, state.h, this.weights);
    return { output: h, state: { h } };
  }
}
