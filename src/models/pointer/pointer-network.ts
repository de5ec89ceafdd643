import { AdditiveScore } from '../../attention/score.ts';
import { noGrad } from '../../autograd/record.ts';
import { beamSearchAs } from '../../decode/beam.ts';
import type { Decoder, Hypothesis } from '../../decode/decoder.ts';
import type { LSTMState } from '../../nn/cells.ts';
import { Module, param } from '../../nn/module.ts';
import { LSTM } from '../../nn/recurrent.ts';
import {
  and,
  batchGather,
  concat,
  crossEntropy,
  equal,
  expand,
  maximum,
  not,
  reshape,
  select,
  slice,
  sum,
  toFloat,
  uniform,
  where,
} from '../../ops/index.ts';
import { expectKey, expectNames, expectOptions, isFlag, isSize, maybe } from '../../tensor/check.ts';
import { arange, ones } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import { sameShape, show } from '../../tensor/shape.ts';
import { elementsOf, empty, expectTensor, kindOf, Tensor } from '../../tensor/tensor.ts';
import { shiftRight } from '../tokens.ts';

/** Options of a {@link PointerNetwork}. */
export interface PointerNetworkOptions {
  /** Width of an item: 2 for points in the plane. */
  input: number;
  /** Width of the decoder, of the encoding of an item, and of the score. */
  hidden: number;
  /** Whether the items are read in both directions, each half as wide. Default false, as in the paper. */
  bidirectional?: boolean | undefined;
}

/** The source of the decoder. Choice 0 is the start and the end, choice i + 1 is item i. */
export type PointerSource = {
  /** The decoder's input after each choice `[B, 1 + N, I]`: the start, then the items. */
  readonly inputs: Tensor;
  /** The choices in the form that the score takes `[B, 1 + N, D]`: the end, then the items. */
  readonly keys: Tensor;
  /** bool `[B, 1 + N]`: the end and the real items. */
  readonly real: Tensor;
  /** The decoder's first state, which is the encoder's last. */
  readonly first: LSTMState;
};

/** The decoder's state: that of the LSTM, and what the constraint allows next, bool `[B, 1 + N]`. */
export type PointerState = { readonly cell: LSTMState; readonly allowed: Tensor };

/**
 * Restricts the next choice. From what was allowed last time (bool `[B, 1 + N]`) and what was chosen (int32 `[B]`, 0 before the first
 * choice) to what is allowed now; `real` is bool `[B, 1 + N]`. It must leave some choice, such as the end (0).
 */
export type Constraint = (allowed: Tensor, last: Tensor, real: Tensor) => Tensor;

/** How items are chosen. */
export interface PointOptions {
  /** bool `[B, N]`, true where an item is real. */
  mask?: Tensor | undefined;
  /** Number of hypotheses. Default 1, which is greedy. */
  beam?: number | undefined;
  /** Default none. */
  constraint?: Constraint | undefined;
  /** The maximal number of choices, including the end. Default N + 1. */
  maxLength?: number | undefined;
}

const masked = { mask: 0 };
const choosing = { mask: 0, beam: 0, constraint: 0, maxLength: 0 };

/** The items of `allowed` `[B, 1 + N]` that are left after the choices `last` `[B]`: bool `[B, N]`. */
function itemsLeft(allowed: Tensor, last: Tensor): Tensor {
  expectTensor('constraint', 'allowed', allowed);
  const width = allowed.shape[1] as number;
  return and(slice(allowed, 1, 1), not(equal(reshape(last, [-1, 1]), arange(1, width))));
}

/** Forbids to choose an item twice, or the end first. */
export const distinct: Constraint = (allowed, last) => concat([not(equal(reshape(last, [-1, 1]), 0)), itemsLeft(allowed, last)], 1);

/** Requires every item exactly once, then the end: for permutations and tours. */
export const everyItemOnce: Constraint = (allowed, last) => {
  const left = itemsLeft(allowed, last);
  return concat([equal(sum(toFloat(left), { axis: 1, keepDims: true }), 0), left], 1);
};

const isList = (x: unknown) => Array.isArray(x) || ArrayBuffer.isView(x);

/** Lists of items as targets: int32 `[B, T]` of choices, item i as i + 1, then 0 for the end, then −1, which is ignored. */
export function choices(lists: readonly ArrayLike<number>[]): Tensor {
  const whole = (list: ArrayLike<number>) => isList(list) && Array.from(list).every((item) => Number.isInteger(item) && item >= 0);
  if (!isList(lists)) throw new TypeError(`choices: lists must be lists of items, got ${kindOf(lists)}`);
  const wrong = Array.from(lists).findIndex((list) => !whole(list));
  if (wrong >= 0) throw new RangeError(`choices: items must be whole numbers from 0, got ${kindOf(lists[wrong])} as list ${wrong}`);
  const length = lists.reduce((longest, list) => Math.max(longest, list.length), 0) + 1;
  const target = empty([lists.length, length], 'int32');
  const view = target.view().fill(-1);
  lists.forEach((list, b) => {
    for (let t = 0; t < list.length; t++) view[b * length + t] = (list[t] as number) + 1;
    view[b * length + list.length] = 0;
  });
  return target;
}

/**
 * Answers that point at the input (Vinyals, Fortunato, Jaitly 2015, eq. 3): an LSTM reads the items; a second one, starting from the last
 * state of the first, takes the item chosen last as its input; and `p(next = j) = softmax(vᵀ tanh(W₁ eⱼ + W₂ dᵢ))` over the items and the
 * end. The first input and the end are learned vectors.
 */
export class PointerNetwork extends Module implements Decoder<PointerSource, PointerState> {
  readonly encoder: LSTM;
  readonly decoder: LSTM;
  readonly score: AdditiveScore;
  readonly start: Tensor;
  readonly end: Tensor;

  constructor(options: PointerNetworkOptions, key: Key) {
    super();
    expectOptions('PointerNetwork', options, { input: isSize, hidden: isSize, bidirectional: maybe(isFlag) });
    expectKey('PointerNetwork', key);
    const { input, hidden, bidirectional = false } = options;
    if (bidirectional && hidden % 2 !== 0) throw new RangeError(`PointerNetwork: hidden must be even for two directions, got ${hidden}`);
    const keys = split(key, 5);
    this.encoder = new LSTM({ input, hidden: bidirectional ? hidden / 2 : hidden, bidirectional }, keys[0]);
    this.decoder = new LSTM({ input, hidden }, keys[1]);
    this.score = new AdditiveScore({ query: hidden, key: hidden, hidden }, keys[2]);
    this.start = param(() => uniform(keys[3], [input], { low: -1, high: 1 }));
    this.end = param(() => uniform(keys[4], [hidden], { low: -1, high: 1 }));
  }

  /** Reads the items `[B, N, I]`; `mask` (bool `[B, N]`) marks the real ones. */
  read(items: Tensor, options: Pick<PointOptions, 'mask'> = {}): PointerSource {
    expectNames('read', options, masked);
    if (!(items instanceof Tensor && items.dtype === 'float32' && items.rank === 3 && items.shape[2] === this.start.size)) {
      const got = items instanceof Tensor && items.dtype === 'float32' ? show(items.shape) : kindOf(items);
      throw new RangeError(`read: items must be [B, N, ${this.start.size}], got ${got}`);
    }
    const [batch = 0, count = 0] = items.shape;
    const { mask } = options;
    if (mask && !(mask instanceof Tensor && mask.dtype === 'bool' && sameShape(mask.shape, [batch, count]))) {
      throw new RangeError(`read: mask must be bool ${show([batch, count])}, got ${kindOf(mask)}`);
    }
    const { output, state } = this.encoder.forward(items, mask ? { mask } : {});
    const first = (x: Tensor) => expand(reshape(x, [1, 1, x.size]), [batch, 1, x.size]);
    const last = (x: Tensor) =>
      concat(
        Array.from({ length: x.shape[0] as number }, (_, way) => select(x, 0, way)),
        1,
      ); // [directions, B, ·] → [B, D]
    const real = concat([ones([batch, 1], 'bool'), mask ?? ones([batch, count], 'bool')], 1);
    return {
      inputs: concat([first(this.start), items], 1),
      keys: this.score.prepare(concat([first(this.end), output], 1)),
      real,
      first: { h: last(state.h), c: last(state.c) },
    };
  }

  /** The decoder's state before the first choice. */
  initialState({ first, real }: PointerSource): PointerState {
    return { cell: first, allowed: real };
  }

  /**
   * Teacher forcing: for each choice of `target` (int32 `[B, T]` as made by {@link choices}) the logits `[B, T, 1 + N]` given the choices
   * before it; −∞ where an item is not real.
   */
  forward(items: Tensor, target: Tensor, options: Pick<PointOptions, 'mask'> = {}): Tensor {
    const source = this.read(items, options);
    if (!(target instanceof Tensor && target.dtype === 'int32' && target.rank === 2 && target.shape[0] === items.shape[0])) {
      throw new RangeError(`forward: target must be int32 [${items.shape[0]}, T], got ${kindOf(target)}`);
    }
    if (target.shape[1] === 0) throw new RangeError(`forward: target must have at least one choice, got ${show(target.shape)}`);
    return this.point(shiftRight(target, 0), source, source.first).logits;
  }

  /** The mean of `−log p` over the choices of `target`. */
  loss(items: Tensor, target: Tensor, options: Pick<PointOptions, 'mask'> = {}): Tensor {
    return crossEntropy(this.forward(items, target, options), target, { ignoreIndex: -1 });
  }

  /** One step, in the form that searches take: from the last choices (int32 `[B]`) to the next one's logits `[B, 1 + N]`. */
  step(
    last: Tensor,
    source: PointerSource,
    state: PointerState,
    options: Pick<PointOptions, 'constraint'> = {},
  ): { logits: Tensor; state: PointerState } {
    const { logits, cell } = this.point(reshape(last, [last.size, 1]), source, state.cell);
    const { constraint } = options;
    const allowed = constraint ? constraint(state.allowed, last, source.real) : state.allowed;
    if (!(allowed instanceof Tensor && allowed.dtype === 'bool' && sameShape(allowed.shape, source.real.shape))) {
      throw new RangeError(`step: constraint must give bool ${show(source.real.shape)}, got ${kindOf(allowed)}`);
    }
    return { logits: where(allowed, select(logits, 1, 0), Number.NEGATIVE_INFINITY), state: { cell, allowed } };
  }

  /** Chooses items for each row of `items` `[B, N, I]`: the best hypothesis, with the items' indices as tokens, without the end. */
  choose(items: Tensor, options: PointOptions = {}): Hypothesis[] {
    expectNames('choose', options, choosing);
    return scope(() =>
      noGrad(() => {
        const source = this.read(items, options.mask ? { mask: options.mask } : {});
        const [batch = 0, count = 0] = items.shape;
        const { beam = 1, maxLength = count + 1 } = options;
        const decoder: Decoder<PointerSource, PointerState> = {
          initialState: (read) => this.initialState(read),
          step: (last, read, state) => this.step(last, read, state, options.constraint ? { constraint: options.constraint } : {}),
        };
        return beamSearchAs('choose', decoder, source, { batch, beam, maxLength, start: 0, end: 0 }).map(([best]) => {
          const { tokens, ...found } = best as Hypothesis;
          return { ...found, tokens: tokens.map((choice) => choice - 1) };
        });
      }),
    );
  }

  /** From the choices as input (int32 `[B, T]`; −1 counts as the start, and its result is ignored) to the logits `[B, T, 1 + N]`. */
  private point(fed: Tensor, source: PointerSource, cell: LSTMState): { logits: Tensor; cell: LSTMState } {
    const { inputs, keys, real } = source;
    const [batch, all] = inputs.shape as [number, number];
    const odd = elementsOf(fed).find((choice) => !(choice >= -1 && choice < all));
    if (odd !== undefined) throw new RangeError(`point: choices must be from -1 to ${all - 1}, got ${odd}`);
    const x = batchGather(inputs, maximum(fed, 0)); // [B, T, I]
    const before = { h: reshape(cell.h, [1, ...cell.h.shape]), c: reshape(cell.c, [1, ...cell.c.shape]) };
    const { output, state: after } = this.decoder.forward(x, { state: before });
    const scores = this.score.score(output, keys); // [B, T, 1 + N]
    const logits = where(reshape(real, [batch, 1, all]), scores, Number.NEGATIVE_INFINITY);
    return { logits, cell: { h: select(after.h, 0, 0), c: select(after.c, 0, 0) } };
  }
}
