import { LSTMCell, type LSTMState } from '../nn/cells.ts';
import { Linear } from '../nn/linear.ts';
import { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { type Core, checkMask, type UnrollOptions, unroll } from '../nn/unroll.ts';
import { withoutUnseen } from '../nn/unseen.ts';
import { add, concat, equal, less, lstm, matmul, place, reshape, softmax, sum, tanh, where } from '../ops/index.ts';
import { lowerTriangle } from '../ops/triangle.ts';
import { expectFields, expectKey, expectNames, expectOptions, isSize, maybe, type Names } from '../tensor/check.ts';
import { arange, full, zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { AdditiveScore } from './score.ts';

/** The state of {@link IntraAttention}: that of the LSTM, and the last N states to look back at, state number i in place i mod N. */
export interface IntraState extends State {
  /** The state of the LSTM. */
  readonly cell: LSTMState;
  /** Past states in the form that the score takes `[B, N, A]`. */
  readonly keys: Tensor;
  /** Past states `[B, N, D]`. */
  readonly values: Tensor;
  /** The number of past states, int32 `[B]`. */
  readonly count: Tensor;
  /** The place of the next one, int32 `[B]`: count mod N. */
  readonly place: Tensor;
}

/** The sizes of an {@link IntraAttention}. */
export interface IntraSizes {
  /** I, the width of an input. */
  input: number;
  /** D, the width of the LSTM. */
  hidden: number;
  /** Width A of the score's hidden layer; default `hidden`. */
  score?: number | undefined;
  /** N: the number of past states to look back at. */
  window: number;
}

const running: Names<Omit<UnrollOptions<IntraState>, 'reverse'>> = { mask: 1, state: 1 };

/**
 * A recurrent core that attends to its own past states. With `hₜ` the LSTM's state and `vᵢ` those before it, i < t,
 * `α = softmax(qᵀ tanh(W₁ vᵢ + W₂ hₜ + b))`, `cₜ = Σ αᵢ vᵢ` and the output is `tanh(W [cₜ; hₜ])` (Cheng, Dong, Lapata 2016, "Long short-term
 * memory-networks for machine reading", eq. 4–6; read beside the state as in Daniluk et al. 2017, "Frustratingly short attention spans", §2.1).
 * The first step has nothing behind it: weights and context 0. q is `score.v`, W₁ and b `score.key`, W₂ `score.query`, W `combine.weight`.
 */
export class IntraAttention extends Module implements Core<IntraState> {
  readonly cell: LSTMCell;
  readonly score: AdditiveScore;
  readonly combine: Linear;
  readonly hidden: number;
  readonly window: number;

  constructor(sizes: IntraSizes, key: Key) {
    super();
    expectOptions('IntraAttention', sizes, { input: isSize, hidden: isSize, score: maybe(isSize), window: isSize });
    expectKey('IntraAttention', key);
    const { input, hidden, score = hidden, window } = sizes;
    const [forCell, forScore, forCombine] = split(key, 3);
    this.cell = new LSTMCell({ input, hidden }, forCell);
    this.score = new AdditiveScore({ query: hidden, key: hidden, hidden: score }, forScore);
    this.combine = new Linear({ input: 2 * hidden, output: hidden, bias: false }, forCombine);
    this.hidden = hidden;
    this.window = window;
  }

  initialState(batch: number): IntraState {
    const width = this.score.v.size;
    return {
      cell: this.cell.initialState(batch),
      keys: zeros([batch, this.window, width]),
      values: zeros([batch, this.window, this.hidden]),
      count: zeros([batch], 'int32'),
      place: zeros([batch], 'int32'),
    };
  }

  /** Runs one step; `weights` `[B, N]` are by place. */
  step(input: Tensor, state: IntraState): { output: Tensor; weights: Tensor; state: IntraState } {
    expectFields('IntraAttention', 'state', state, 'cell', 'keys', 'values', 'count', 'place');
    const { output: h, state: cell } = this.cell.step(input, state.cell);
    const row = reshape(h, [h.shape[0] as number, 1, this.hidden]);
    const places = arange(this.window);
    const behind = less(places, reshape(state.count, [-1, 1, 1])); // [B, 1, N]
    const { output, weights } = this.look(row, state.keys, state.values, behind);
    const next = equal(reshape(places, [-1, 1]), reshape(state.place, [-1, 1, 1])); // [B, N, 1]
    return {
      output: reshape(output, h.shape),
      weights: reshape(weights, [h.shape[0] as number, this.window]),
      state: {
        cell,
        keys: where(next, this.score.prepare(row), state.keys),
        values: where(next, row, state.values),
        count: add(state.count, 1),
        place: this.wrapped(add(state.place, 1)),
      },
    };
  }

  /**
   * Runs sequences `[B, T, I]` to `output` `[B, T, D]` and the state after each row's last real step. If they begin at the first step, have
   * padding only at the end, and T ≤ N, all steps are read at once, with `weights` `[B, T, T]` over steps. Otherwise they run step by step,
   * with `weights` `[B, T, N]` by place, as in {@link step}. The bits are the same either way.
   */
  forward(x: Tensor, options: Omit<UnrollOptions<IntraState>, 'reverse'> = {}): { output: Tensor; weights: Tensor; state: IntraState } {
    expectNames('IntraAttention', options, running);
    expectTensor('IntraAttention', 'x', x);
    const { mask, state } = options;
    const [batch, steps] = x.shape as [number, number];
    if (x.rank !== 3 || x.shape[2] !== this.cell.input) {
      throw new RangeError(`IntraAttention: x must be [B, T, ${this.cell.input}], got ${show(x.shape)}`);
    }
    if (mask) checkMask('IntraAttention', mask, [batch, steps]);
    if (steps === 0) {
      return { output: zeros([batch, 0, this.hidden]), weights: zeros([batch, 0, 0]), state: state ?? this.initialState(batch) };
    }
    if (state || steps > this.window || (mask && !padded(mask))) return unroll(this, x, options);
    const { output: h, ...cell } = lstm(mask ? withoutUnseen(x, mask) : x, null, null, this.cell.weights, mask ? { mask } : {});
    const keys = this.score.prepare(h);
    const real = mask && reshape(mask, [batch, steps, 1]);
    const { output, weights } = this.look(h, keys, h, lowerTriangle(steps, steps, -1)); // only earlier steps
    const kept = (past: Tensor) => place(real ? where(real, past, 0) : past, 1, 0, this.window);
    const count = mask ? sum(where(mask, full([], 1, 'int32'), 0), { axis: 1 }) : full([batch], steps, 'int32');
    return {
      output: real ? where(real, output, 0) : output,
      weights: real ? where(real, weights, 0) : weights,
      state: { cell, keys: kept(keys), values: kept(h), count, place: this.wrapped(count) },
    };
  }

  /** States `[B, T, D]` with the weights of their past: outputs `[B, T, D]` and weights `[B, T, N]`. */
  private look(h: Tensor, keys: Tensor, values: Tensor, mask: Tensor): { output: Tensor; weights: Tensor } {
    const weights = softmax(this.score.score(h, keys), { mask });
    return { output: tanh(this.combine.forward(concat([matmul(weights, values), h], 2))), weights };
  }

  /** A place up to N, where N wraps to 0. */
  private wrapped(place: Tensor): Tensor {
    return where(equal(place, this.window), 0, place);
  }
}

/** Whether the real steps of every row of bool `[B, T]` come first. */
function padded(mask: Tensor): boolean {
  const steps = mask.shape[1] as number;
  const real = mask.toArray();
  return real.every((value, i) => value === 0 || i % steps === 0 || real[i - 1] !== 0);
}
