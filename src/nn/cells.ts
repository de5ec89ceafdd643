// Recurrent cores of one step, differentiable any number of times. Whole sequences run faster through `LSTM` and `GRU`.

import { add, gruCell, linear, lstmCell, relu, tanh, uniform } from '../ops/index.ts';
import type { Weights } from '../ops/sequence.ts';
import { expectKey, expectOptions, isFlag, isOneOf, isSize, maybe, type Rule } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import { outside } from '../tensor/scope.ts';
import { show } from '../tensor/shape.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';
import { Module, param } from './module.ts';
import { expectState, type State } from './state.ts';
import type { Core } from './unroll.ts';

/** Sizes of a core: `input` I and `hidden` H. */
export interface CoreSizes {
  /** I, the width of an input. */
  input: number;
  /** H, the width of the state. */
  hidden: number;
  /** Whether there are biases. Default true. */
  bias?: boolean | undefined;
}

/** State of an RNN or a GRU. */
export type HiddenState = { readonly h: Tensor }; // [B, D]

/** State of an LSTM. */
export type LSTMState = { readonly h: Tensor; readonly c: Tensor }; // [B, D] each

/** Weights of G gates, all U(−1/√H, 1/√H) as PyTorch draws them; without biases, `null` for each. */
export function drawWeights(
  gates: number,
  sizes: CoreSizes,
  key: Key,
): { ih: Tensor; hh: Tensor; biasIh: Tensor | null; biasHh: Tensor | null } {
  const { input, hidden, bias = true } = sizes;
  const [a, b, c, d] = split(key, 4);
  const bound = 1 / Math.sqrt(hidden);
  const draw = (from: Key, shape: number[]) => param(() => uniform(from, shape, { low: -bound, high: bound }));
  const width = gates * hidden;
  const [biasIh, biasHh] = bias ? [draw(c, [width]), draw(d, [width])] : [null, null];
  return { ih: draw(a, [width, input]), hh: draw(b, [width, hidden]), biasIh, biasHh };
}

/** Zeros in place of both biases of G gates if there are none. They are not parameters. */
export function noBias(gates: number, { hidden, bias = true }: CoreSizes): Tensor | null {
  return bias ? null : outside(() => zeros([gates * hidden]));
}

const H = ['h'] as const;
const HC = ['h', 'c'] as const;

/** The shared part of the three cells: weights under PyTorch's names, and their products. */
abstract class Cell extends Module {
  readonly weight_ih: Tensor; // [gates·D, I]
  readonly weight_hh: Tensor; // [gates·D, D]
  readonly bias_ih: Tensor | null; // [gates·D]
  readonly bias_hh: Tensor | null; // [gates·D]
  readonly input: number;
  readonly hidden: number;
  private readonly zero: Tensor | null;
  private readonly name: string;

  constructor(name: string, gates: number, sizes: CoreSizes, key: Key, own: Readonly<Record<string, Rule>> = {}) {
    super();
    expectOptions<CoreSizes>(name, sizes, { input: isSize, hidden: isSize, bias: maybe(isFlag), ...own });
    expectKey(name, key);
    const { ih, hh, biasIh, biasHh } = drawWeights(gates, sizes, key);
    this.weight_ih = ih;
    this.weight_hh = hh;
    this.bias_ih = biasIh;
    this.bias_hh = biasHh;
    this.input = sizes.input;
    this.hidden = sizes.hidden;
    this.zero = noBias(gates, sizes);
    this.name = name;
  }

  /** The weights in the form that ops take. */
  get weights(): Weights {
    const { weight_ih: weightIh, weight_hh: weightHh, bias_ih, bias_hh, zero } = this;
    return { weightIh, weightHh, biasIh: (bias_ih ?? zero) as Tensor, biasHh: (bias_hh ?? zero) as Tensor };
  }

  /** Checks the input [B, I] of a step and each part of its state [B, D]. */
  protected expect(input: Tensor, state: State, parts: readonly string[]): void {
    const { name, hidden } = this;
    if (!(input instanceof Tensor) || input.rank !== 2 || input.shape[1] !== this.input) {
      throw new RangeError(`${name}: input must be [B, ${this.input}], got ${input instanceof Tensor ? show(input.shape) : kindOf(input)}`);
    }
    expectState(name, state, parts, [input.shape[0] as number, hidden]);
  }
}

/** `h = tanh(W x + b + U h′ + b′)` (Elman 1990), or `relu` of it, as PyTorch's `nonlinearity` says. */
export class RNNCell extends Cell implements Core<HiddenState> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(sizes: CoreSizes & { nonlinearity?: 'tanh' | 'relu' | undefined }, key: Key) {
    super('RNNCell', 1, sizes, key, { nonlinearity: maybe(isOneOf('tanh', 'relu')) });
    this.nonlinearity = sizes.nonlinearity ?? 'tanh';
  }

  initialState(batch: number): HiddenState {
    return { h: zeros([batch, this.hidden]) };
  }

  step(input: Tensor, state: HiddenState): { output: Tensor; state: HiddenState } {
    this.expect(input, state, H);
    const { weightIh, weightHh, biasIh, biasHh } = this.weights;
    const sum = add(linear(input, weightIh, biasIh), linear(state.h, weightHh, biasHh));
    const h = this.nonlinearity === 'relu' ? relu(sum) : tanh(sum);
    return { output: h, state: { h } };
  }
}

/** The op {@link lstmCell} with its weights. */
export class LSTMCell extends Cell implements Core<LSTMState> {
  constructor(sizes: CoreSizes, key: Key) {
    super('LSTMCell', 4, sizes, key);
  }

  initialState(batch: number): LSTMState {
    return { h: zeros([batch, this.hidden]), c: zeros([batch, this.hidden]) };
  }

  step(input: Tensor, state: LSTMState): { output: Tensor; state: LSTMState } {
    this.expect(input, state, HC);
    const { h, c } = lstmCell(input, state.h, state.c, this.weights);
    return { output: h, state: { h, c } };
  }
}

/** The op {@link gruCell} with its weights. */
export class GRUCell extends Cell implements Core<HiddenState> {
  constructor(sizes: CoreSizes, key: Key) {
    super('GRUCell', 3, sizes, key);
  }

  initialState(batch: number): HiddenState {
    return { h: zeros([batch, this.hidden]) };
  }

  step(input: Tensor, state: HiddenState): { output: Tensor; state: HiddenState } {
    this.expect(input, state, H);
    const h = gruCell(input, state.h, this.weights);
    return { output: h, state: { h } };
  }
}
