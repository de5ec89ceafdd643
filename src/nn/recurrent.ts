// RNN, LSTM and GRU over whole sequences: layers, both directions, padded batches. Parameters have PyTorch's names and layouts.

import { add, concat, dropout, gru, linear, lstm, select, stack, tanh } from '../ops/index.ts';
import type { Embedded, Weights } from '../ops/sequence.ts';
import { expectCall, expectKey, expectOptions, isFlag, isShare, isSize, maybe, type Names } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import { foldIn, type Key } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import { expectTensor, Tensor } from '../tensor/tensor.ts';
import { type CoreSizes, drawWeights, type HiddenState, type LSTMState, noBias } from './cells.ts';
import { Module } from './module.ts';
import { expectState, type State } from './state.ts';
import { type Core, checkMask, unroll } from './unroll.ts';
import { withoutUnseen } from './unseen.ts';

/** Sizes and options of an RNN, LSTM or GRU. It has 2 directions if bidirectional, else 1. */
export interface RecurrentSizes extends CoreSizes {
  /** Number of stacked layers. Default 1. */
  layers?: number | undefined;
  /** Adds a second core to each layer that runs from the last step to the first; the outputs are side by side. Default false. */
  bidirectional?: boolean | undefined;
  /** Probability of dropping an element between layers if a key is given. Default 0. */
  dropout?: number | undefined;
}

/** Where a recurrent stack starts, and which steps are real. */
export interface RecurrentOptions<S> {
  /** Per tensor [layers·directions, B, D], layer by layer, forward before reverse; zeros by default. */
  state?: S | undefined;
  /** bool [B, T], true where a step is real: at other steps the output is 0 and the state stays. */
  mask?: Tensor | undefined;
  /** Enables dropout between layers (training). */
  key?: Key | undefined;
}

/** The input of a stack: vectors, or symbols of a table, whose rows may then be multiplied once each. */
type Input = Tensor | Embedded;

/** One layer in one direction: from `x` [B, T, I] and the states [B, D] to the output [B, T, D] and the last states. */
type Layer<X> = (
  x: X,
  states: (Tensor | null)[],
  weights: Weights,
  options: { mask?: Tensor | undefined; reverse: boolean },
) => [Tensor, ...Tensor[]];

const options: Names<RecurrentOptions<State>> = { state: 1, mask: 1, key: 1 };

abstract class Recurrent extends Module {
  /** `weight_ih_l0`, `bias_hh_l1_reverse`, …; without biases, only the weights. */
  [name: `weight_${string}` | `bias_${string}`]: Tensor;
  readonly input: number;
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly dropout: number;
  private readonly zero: Tensor | null;
  private readonly name: string;

  constructor(name: string, gates: number, sizes: RecurrentSizes, key: Key) {
    super();
    expectOptions(name, sizes, {
      input: isSize,
      hidden: isSize,
      bias: maybe(isFlag),
      layers: maybe(isSize),
      bidirectional: maybe(isFlag),
      dropout: maybe(isShare),
    });
    expectKey(name, key);
    const { input, hidden, layers = 1, bidirectional = false, dropout: p = 0 } = sizes;
    this.input = input;
    this.hidden = hidden;
    this.layers = layers;
    this.bidirectional = bidirectional;
    this.dropout = p;
    this.zero = noBias(gates, sizes);
    this.name = name;
    for (const { layer, suffix, place } of this.places()) {
      const inner = layer === 0 ? input : hidden * (bidirectional ? 2 : 1);
      const w = drawWeights(gates, { ...sizes, input: inner }, foldIn(key, place));
      this[`weight_ih${suffix}`] = w.ih;
      this[`weight_hh${suffix}`] = w.hh;
      if (w.biasIh) this[`bias_ih${suffix}`] = w.biasIh;
      if (w.biasHh) this[`bias_hh${suffix}`] = w.biasHh;
    }
  }

  /** Every core in the order of the state. */
  private places(): { layer: number; reverse: boolean; suffix: string; place: number }[] {
    const ways = this.bidirectional ? 2 : 1;
    return Array.from({ length: this.layers * ways }, (_, place) => {
      const layer = Math.floor(place / ways);
      const reverse = place % ways === 1;
      return { layer, reverse, place, suffix: `_l${layer}${reverse ? '_reverse' : ''}` };
    });
  }

  private weights(suffix: string): Weights {
    const get = (name: 'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh') => (this[`${name}${suffix}`] ?? this.zero) as Tensor;
    return { weightIh: get('weight_ih'), weightHh: get('weight_hh'), biasIh: get('bias_ih'), biasHh: get('bias_hh') };
  }

  /** @internal */
  protected zeroState(batch: number): Tensor {
    return zeros([this.layers * (this.bidirectional ? 2 : 1), batch, this.hidden]);
  }

  /**
   * Runs the layers from the given state or from zeros (`null` for each); the states returned are [layers·directions, B, D] each. @internal
   */
  protected run<X extends Input, S extends State>(
    x: X,
    given: RecurrentOptions<S>,
    names: readonly (keyof S & string)[],
    layer: Layer<X | Tensor>,
  ): { output: Tensor; states: Tensor[] } {
    this.check(x, given, names);
    const { state, mask, key } = given;
    const states = names.map((name) => (state ? (state[name] as Tensor) : null));
    const last: Tensor[][] = states.map(() => []);
    let output: X | Tensor = mask && x instanceof Tensor ? withoutUnseen(x, mask) : x;
    for (let l = 0; l < this.layers; l++) {
      const dropped = l > 0 && key && this.dropout > 0 && output instanceof Tensor;
      const input: X | Tensor = dropped ? dropout(output as Tensor, this.dropout, foldIn(key, l)) : output;
      const outputs = this.places()
        .filter((place) => place.layer === l)
        .map(({ reverse, suffix, place }) => {
          const before = states.map((all) => all && select(all, 0, place));
          const [y, ...after] = layer(input, before, this.weights(suffix), mask ? { mask, reverse } : { reverse });
          after.forEach((part, i) => {
            last[i]?.push(part);
          });
          return y;
        });
      output = concat(outputs, 2);
    }
    return { output: output as Tensor, states: last.map((parts) => stack(parts)) };
  }

  private check<S extends State>(x: Input, given: RecurrentOptions<S>, names: readonly (keyof S & string)[]): void {
    const { name } = this;
    expectCall(name, given, options as Names<RecurrentOptions<S>>);
    if (!(x as { index?: Tensor } | undefined)?.index) expectTensor(name, 'x', x);
    const shape = x instanceof Tensor ? x.shape : [...x.index.shape, ...x.table.shape.slice(1)];
    const [batch, , input] = shape;
    if (shape.length !== 3 || batch === undefined || input !== this.input) {
      throw new RangeError(`${name}: x must be [B, T, ${this.input}], got ${show(shape)}`);
    }
    if (given.mask) checkMask(name, given.mask, shape.slice(0, 2));
    if (given.state !== undefined) expectState(name, given.state, names, [this.layers * (this.bidirectional ? 2 : 1), batch, this.hidden]);
  }
}

/** Elman's network with tanh; see {@link RNNCell}. */
export class RNN extends Recurrent {
  constructor(sizes: RecurrentSizes, key: Key) {
    super('RNN', 1, sizes, key);
  }

  /** `x` [B, T, I] → `output` [B, T, directions·D] and the states after each row's last real step. */
  forward(x: Tensor, options: RecurrentOptions<HiddenState> = {}): { output: Tensor; state: HiddenState } {
    const { output, states } = this.run<Tensor, HiddenState>(x, options, ['h'], (input, [given], w, how) => {
      const [batch, steps] = input.shape as [number, number];
      const first = given ?? zeros([batch, this.hidden]);
      if (steps === 0) return [zeros([batch, 0, this.hidden]), first];
      const core: Core<HiddenState> = {
        initialState: () => ({ h: first }),
        step: (part, state) => {
          const y = tanh(add(part, linear(state.h, w.weightHh, w.biasHh)));
          return { output: y, state: { h: y } };
        },
      };
      const { output, state } = unroll(core, linear(input, w.weightIh, w.biasIh), how);
      return [output, state.h];
    });
    return { output, state: { h: states[0] as Tensor } };
  }

  /** Zeros `[layers·directions, B, D]`. */
  initialState(batch: number): HiddenState {
    return { h: this.zeroState(batch) };
  }
}

/** The op {@link lstm}, stacked in layers. */
export class LSTM extends Recurrent {
  constructor(sizes: RecurrentSizes, key: Key) {
    super('LSTM', 4, sizes, key);
  }

  /** `x` [B, T, I] (or symbols of a table) → `output` [B, T, directions·D] and the states after each row's last real step. */
  forward(x: Tensor | Embedded, options: RecurrentOptions<LSTMState> = {}): { output: Tensor; state: LSTMState } {
    const { output, states } = this.run<Tensor | Embedded, LSTMState>(x, options, ['h', 'c'], (input, [h0 = null, c0 = null], w, how) => {
      const y = lstm(input, h0, c0, w, how);
      return [y.output, y.h, y.c];
    });
    return { output, state: { h: states[0] as Tensor, c: states[1] as Tensor } };
  }

  /** Zeros `[layers·directions, B, D]`. */
  initialState(batch: number): LSTMState {
    return { h: this.zeroState(batch), c: this.zeroState(batch) };
  }
}

/** The op {@link gru}, stacked in layers. */
export class GRU extends Recurrent {
  constructor(sizes: RecurrentSizes, key: Key) {
    super('GRU', 3, sizes, key);
  }

  /** `x` [B, T, I] (or symbols of a table) → `output` [B, T, directions·D] and the states after each row's last real step. */
  forward(x: Tensor | Embedded, options: RecurrentOptions<HiddenState> = {}): { output: Tensor; state: HiddenState } {
    const { output, states } = this.run<Tensor | Embedded, HiddenState>(x, options, ['h'], (input, [h0 = null], w, how) => {
      const y = gru(input, h0, w, how);
      return [y.output, y.h];
    });
    return { output, state: { h: states[0] as Tensor } };
  }

  /** Zeros `[layers·directions, B, D]`. */
  initialState(batch: number): HiddenState {
    return { h: this.zeroState(batch) };
  }
}
