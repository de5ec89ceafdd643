import { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { matmul, mul, reshape } from '../ops/index.ts';
import type { Key } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { maskOfScores } from './mask.ts';
import type { Attended, AttentionSizes, Draw, Mechanism, Memory, Prepared, Read, Selection, Step, Window, Windowed } from './parts.ts';
import { AdditiveScore, type Score, type ScoreName, scoreNamed } from './score.ts';
import { soft } from './selection.ts';

/**
 * Attention as *score → window → selection → read*: how well the query matches each key, where it may look, how much of each it
 * takes, and what it reads with that: by default the weighted sum of the values. What parts remember of earlier steps is in the state.
 * The step form and the whole-sequence form give the same bits; a sequence is taken step by step only where a part needs it.
 */
export class Attention extends Module implements Mechanism {
  readonly score: Score;
  readonly window: Window | undefined;
  readonly selection: Selection;
  readonly read: Read;
  private readonly memory: Memory | undefined;

  constructor(parts: { score: Score; window?: Window; selection?: Selection; read?: Read }) {
    super();
    this.score = parts.score;
    this.window = parts.window;
    this.selection = parts.selection ?? soft;
    this.read = parts.read ?? ((weights, values) => matmul(weights, values));
    const remembering = Object.values(parts) as ({ memory?: Memory } | undefined)[];
    this.memory = remembering.reduce<Memory | undefined>((all, part) => part?.memory?.and(all) ?? all, undefined);
  }

  /**
   * Queries `[B, T, Q]`, keys `[B, S, K]` and values `[B, S, V]` (the keys by default) to `output` `[B, T, V]` and `weights` `[B, T, S]`.
   * `mask` is bool, true = may attend: `[B, S]` for all queries or `[B, T, S]`. With `key` (training) selections draw.
   */
  forward(query: Tensor, keys: Tensor, values?: Tensor, options: { mask?: Tensor; key?: Key } = {}): Attended {
    const prepared = this.prepare(keys, values, options);
    const state = this.initialState(prepared, query.shape[1]);
    return (
      this.memory?.unroll(this, query, prepared, state, options.key) ?? this.attend(query, prepared, state, { ...options, each: true })
    );
  }

  /** A memory of keys `[B, S, K]` and values `[B, S, V]` (the keys themselves by default), ready for {@link step}. */
  prepare(keys: Tensor, values: Tensor = keys, options: { mask?: Tensor } = {}): Prepared {
    if (values.rank !== 3 || values.shape[0] !== keys.shape[0] || values.shape[1] !== keys.shape[1]) {
      throw new RangeError(`attention: keys and values must be [B, S, K] and [B, S, V], got ${show(keys.shape)} and ${show(values.shape)}`);
    }
    return { keys: this.score.prepare(keys), values, ...(options.mask && { mask: options.mask }) };
  }

  /** The state before the first step; of `steps` in all, where queries are counted from the end. */
  initialState(prepared: Prepared, steps?: number): State {
    return this.memory?.initial(prepared, steps) ?? {};
  }

  /** One query `[B, Q]` for each memory of the batch. */
  step(query: Tensor, prepared: Prepared, state: State, options: { key?: Key } = {}): Step {
    const all = this.attend(reshape(query, query.shape.toSpliced(1, 0, 1)), prepared, state, options);
    const step: Record<string, Tensor> = {};
    for (const [name, x] of Object.entries(all)) step[name] = reshape(x, x.shape.toSpliced(1, 1));
    const { output: context, ...rest } = step as unknown as Attended;
    return { context, ...rest, state: this.memory?.next(state, all) ?? state };
  }

  private attend(query: Tensor, prepared: Prepared, state: State, draw: Draw): Attended {
    const scores = this.score.score(query, prepared.keys, state); // [B, T, S]
    const mask = prepared.mask as Tensor | undefined;
    const context = { ...draw, query, state, scores, mask: mask && maskOfScores(mask, scores.shape) };
    const windowed: typeof context & Windowed = this.window ? { ...context, ...this.window.limit(scores, context) } : context;
    const selected = this.selection.select(windowed.scores, windowed);
    const weights = windowed.factor ? mul(selected.weights, windowed.factor) : selected.weights;
    return { ...selected, weights, output: this.read(weights, prepared.values, selected) };
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
