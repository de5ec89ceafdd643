import { add } from '../autograd/arithmetic.ts';
import { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { withoutUnseen } from '../nn/unseen.ts';
import { allFinite } from '../ops/finite.ts';
import { floatMul } from '../ops/float.ts';
import { viewed } from '../ops/view.ts';
import { expectCall, expectNames, expectOptions, isSize, keyName, maybe, type Names, ruleOf } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { ofEach, ofNone, readApart } from './apart.ts';
import { expectPrepared, limitedBy, selectedFrom } from './given.ts';
import { maskOfKeys, maskOfScores } from './mask.ts';
import {
  type Attended,
  type AttentionSizes,
  type Draw,
  does,
  type History,
  type Mechanism,
  type Prepared,
  type Read,
  type Selection,
  type Step,
  type Steps,
  type Window,
  type Windowed,
} from './parts.ts';
import { weightedSum } from './read.ts';
import { AdditiveScore, type Score, type ScoreName, scoreNamed } from './score.ts';
import { soft } from './selection.ts';

/** The parts of an {@link Attention}. */
export interface AttentionParts {
  /** How well a query matches each key. */
  score: Score;
  /** Where queries may look. Default: everywhere. */
  window?: Window | undefined;
  /** Default {@link soft}. */
  selection?: Selection | undefined;
  /** Default: {@link weightedSum}. */
  read?: Read | undefined;
  /** H, if the examples are heads: example b, head h is row b · H + h. Windows and selections receive it. Default 1. */
  heads?: number | undefined;
}

/** Options of one call. */
export const calling: Names<{ mask?: Tensor; key?: Key }> = { mask: 1, key: 1 };

/** The mask of a source. */
export const masking: Names<{ mask?: Tensor }> = { mask: 1 };

/**
 * Attention as *score → window → selection → read*: how well the query matches each key, where it may look, how much of each key it takes,
 * and what it reads with these weights: by default the weighted sum of the values. The state holds what parts remember of earlier steps.
 * The step form and the whole-sequence form give the same bits; a sequence runs step by step only if a part needs it. Keys and values that
 * a query may not attend to never reach its output. Where no query may attend to them, they reach no gradient either, whatever they hold.
 */
export class Attention extends Module implements Mechanism {
  readonly score: Score;
  readonly window: Window | undefined;
  readonly selection: Selection;
  readonly read: Read;
  readonly heads: number;
  private readonly history: History | undefined;

  constructor(parts: AttentionParts) {
    super();
    expectOptions('Attention', parts, {
      score: does('score'),
      window: maybe(does('limit')),
      selection: maybe(does('select')),
      read: maybe(ruleOf('a function', (value) => typeof value === 'function')),
      heads: maybe(isSize),
    });
    const { score, window, selection = soft, read = weightedSum, heads = 1 } = parts;
    this.score = score;
    this.window = window;
    this.selection = selection;
    this.read = read;
    this.heads = heads;
    const remembering: ({ history?: History } | undefined)[] = [score, window, selection, read as { history?: History }];
    this.history = remembering.reduce<History | undefined>((all, part) => part?.history?.and(all) ?? all, undefined);
  }

  /**
   * Attends with queries `[B, T, Q]` to keys `[B, S, K]` and values `[B, S, V]` (the keys by default), giving `output` `[B, T, V]` and
   * `weights` `[B, T, S]`. `mask` is bool, true = may attend: `[B, S]` for all queries, `[B, T, S]`, or `[1, T, S]` for all examples. With
   * `key` (training) selections draw.
   */
  forward(query: Tensor, keys: Tensor, values?: Tensor, options: { mask?: Tensor | undefined; key?: Key | undefined } = {}): Attended {
    expectCall('Attention', options, calling);
    for (const x of [query, keys]) expectTensor('attention', 'query and keys', x);
    if (query.rank !== 3 || keys.rank !== 3 || query.shape[0] !== keys.shape[0]) {
      throw new RangeError(`attention: query and keys must be [B, T, Q] and [B, S, K], got ${show(query.shape)} and ${show(keys.shape)}`);
    }
    const [batch, queries, width] = query.shape as [number, number, number];
    if (queries === 0) return ofNone(this.forward(zeros([batch, 1, width]), keys, values));
    const { mask, key } = options;
    const prepared = this.prepare(keys, values, mask && { mask: maskOfScores(mask, [batch, queries, keys.shape[1] as number]) });
    const { state: _, ...attended } = this.steps(query, prepared, this.initialState(prepared, queries), { key });
    return attended;
  }

  /** Prepares a source for {@link step}: keys `[B, S, K]` and values `[B, S, V]` (the keys themselves by default). */
  prepare(keys: Tensor, values: Tensor = keys, options: { mask?: Tensor | undefined } = {}): Prepared {
    expectNames('Attention', options, masking);
    for (const x of [keys, values]) expectTensor('attention', 'keys and values', x);
    if (keys.rank !== 3 || values.rank !== 3 || values.shape[0] !== keys.shape[0] || values.shape[1] !== keys.shape[1]) {
      throw new RangeError(`attention: keys and values must be [B, S, K] and [B, S, V], got ${show(keys.shape)} and ${show(values.shape)}`);
    }
    const mask = options.mask && maskOfKeys(options.mask, keys.shape);
    const seen = mask ? withoutUnseen(keys, mask) : keys;
    const read = values === keys ? seen : mask ? withoutUnseen(values, mask) : values;
    const hides = this.window !== undefined || (mask?.shape[1] ?? 1) > 1;
    const unsound = hides && !allFinite(read) ? { unsound: zeros([keys.shape[0] as number]) } : {};
    return { keys: this.score.prepare(seen), values: read, ...(mask && { mask }), ...unsound };
  }

  /** The state before the first step. `steps` is their number, for parts that count queries from the end. */
  initialState(prepared: Prepared, steps?: number): State {
    expectPrepared('attention', prepared);
    return this.history?.initial(prepared, steps) ?? {};
  }

  /** Attends with one query `[B, Q]` for each source of the batch. */
  step(query: Tensor, prepared: Prepared, state: State, options: { key?: Key | undefined } = {}): Step {
    expectCall('Attention', options, keyName);
    expectTensor('attention', 'query', query);
    expectPrepared('attention', prepared);
    if (query.rank !== 2 || query.shape[0] !== prepared.values.shape[0]) {
      const batch = prepared.values.shape[0];
      throw new RangeError(`attention: query of a step must be [B, Q] for a source of ${batch}, got ${show(query.shape)}`);
    }
    const { state: after, ...all } = this.attend(viewed(query, query.shape.toSpliced(1, 0, 1)), prepared, state, options);
    const { output: context, ...rest } = ofEach(all, (x) => viewed(x, x.shape.toSpliced(1, 1)));
    return { context, ...rest, state: after };
  }

  /** Attends with several queries `[B, N, Q]` at once, the t-th with `foldIn(key, t)`: the bits of as many steps. */
  steps(query: Tensor, prepared: Prepared, state: State, options: { key?: Key | undefined } = {}): Steps {
    expectCall('Attention', options, keyName);
    expectTensor('attention', 'query', query);
    expectPrepared('attention', prepared);
    const { key } = options;
    return this.history?.unroll(this, query, prepared, state, key) ?? this.attend(query, prepared, state, { key, each: true });
  }

  private attend(query: Tensor, prepared: Prepared, state: State, draw: Draw): Steps {
    const scores = this.score.score(query, prepared.keys, state); // [B, T, S]
    const { mask } = prepared;
    const context = { ...draw, query, state, scores, heads: this.heads, mask: mask && maskOfScores(mask, scores.shape) };
    const windowed: typeof context & Windowed = this.window ? { ...context, ...limitedBy(this.window, scores, context) } : context;
    const selected = selectedFrom(this.selection, windowed.scores, windowed);
    const taken = windowed.factor ? { ...selected, weights: floatMul(selected.weights, windowed.factor) } : selected;
    const apart = prepared.unsound && windowed.mask;
    const output = apart ? readApart(this.read, prepared.values, taken, apart) : this.read(taken.weights, prepared.values, taken);
    const besides = this.window?.beside?.read(taken.weights, state);
    const all = { ...taken, output: besides ? add(output, besides) : output };
    return { ...all, state: this.history?.next(state, all) ?? state };
  }
}

/** Bahdanau, Cho, Bengio 2015: additive score, every key, softmax. */
export function bahdanau(sizes: AttentionSizes, key: Key): Attention {
  return new Attention({ score: new AdditiveScore(sizes, key) });
}

/** Soft attention over every key with a score by name. */
export function softAttention(score: ScoreName, sizes: AttentionSizes, key: Key): Attention {
  return new Attention({ score: scoreNamed(score, sizes, key) });
}
