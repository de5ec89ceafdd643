import { together } from '../../attention/history.ts';
import type { Selected } from '../../attention/parts.ts';
import { noGrad } from '../../autograd/record.ts';
import { type BeamOptions, beamSearch, type Hypothesis } from '../../decode/search.ts';
import type { Dropout } from '../../nn/dropout.ts';
import type { Embedding } from '../../nn/embedding.ts';
import type { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import type { State } from '../../nn/state.ts';
import { argmax, stack, transpose, unstack } from '../../ops/index.ts';
import { expectKey, expectNames, shown } from '../../tensor/check.ts';
import { foldIn, type Key, randomInt, split } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import { type Shape, show } from '../../tensor/shape.ts';
import { empty, type Tensor } from '../../tensor/tensor.ts';
import { expectTokens, type Specials, shiftRight } from '../tokens.ts';

/** How a model is taught. */
export interface TeachOptions {
  /** Given in training: what dropout and sampling draw from. */
  key?: Key;
  /**
   * Scheduled sampling (Bengio et al. 2015): each token fed is, with this probability, the model's own best guess instead of the
   * true one. Needs a key. Default 0: teacher forcing.
   */
  sampling?: number;
}

/** How to decode. The defaults are greedy search for at most twice the source's length and 10 steps more. */
export type TranslateOptions = Partial<Pick<BeamOptions, 'beam' | 'nBest' | 'lengthPenalty' | 'maxLength'>>;

/** What decoding gives. */
export interface Translation {
  /** The best target of each row, without start and end. */
  tokens: number[][];
  /** Log-probability of each, under the length penalty. */
  scores: number[];
  /** The alignment `[B, T, S]` (of heads `[B, H, T, S]`), T the longest target, 0 beyond a target's end; `null` where the model has no attention, or the batch no row. */
  weights: Tensor | null;
  /** The `nBest` best of each row, best first. */
  hypotheses: Hypothesis[][];
}

const teaching = { key: 0, sampling: 0 };
const translating = { beam: 0, nBest: 0, lengthPenalty: 0, maxLength: 0 };

const withKey = (key: Key | undefined) => (key ? { key } : {});

/** What one step of a decoder gives. */
export interface DecoderStep<S extends State> extends Partial<Selected> {
  /** What the next token is read from `[B, H]`. */
  vector: Tensor;
  state: S;
}

/** What teaching gives: the logits `[B, T, V]` and what attention gave at each step, `weights` `[B, T, S]` or, of heads, `[B, H, T, S]`. */
export interface Taught extends Partial<Selected> {
  logits: Tensor;
}

/** What models that read a source and write a target token by token share: how they are taught and how they decode. */
export abstract class EncoderDecoder<S extends State> extends Module {
  abstract readonly embedding: Embedding;
  abstract readonly output: Linear;
  protected abstract readonly dropout: Dropout;
  protected abstract readonly specials: Required<Specials>;

  /** Reads the source (int32 `[B, S]`) and makes the decoder's first state. With `key` (training) dropout is on. */
  abstract encode(source: Tensor, options?: { key?: Key }): S;

  /**
   * One step: the embedded last token `[B, E]` and the state to the vector `[B, H]` that the next token is read from, what attention
   * gave where there is any (weights `[B, S]`; choice, its log-probability and entropy `[B]` where it drew), and the next state.
   */
  abstract step(embedded: Tensor, state: S, options?: { key?: Key }): DecoderStep<S>;

  /** Tokens that searches are not to write: padding and the start, where neither is the end. */
  get never(): number[] {
    const { pad, start, end } = this.specials;
    return [pad, start].filter((token) => token !== end && token >= 0);
  }

  /** {@link step} as searches take it: from tokens (int32 `[B]`) to the next token's logits `[B, V]`. */
  next(tokens: Tensor, state: S): { logits: Tensor; state: S; trace?: Tensor } {
    const { vector, weights, state: after } = this.step(this.embedding.forward(tokens), state);
    return { logits: this.output.forward(vector), state: after, ...(weights ? { trace: weights } : {}) };
  }

  /** Teacher forcing: the logits `[B, T, V]` of each token of `target` (int32 `[B, T]`, with its end) given the source and those before it. */
  forward(source: Tensor, target: Tensor, options: TeachOptions = {}): Tensor {
    return this.logits(this.unroll('forward', source, target, options));
  }

  /** {@link forward}'s logits, the same bits, with what attention gave: what hard attention is taught by, and what can be drawn. */
  teach(source: Tensor, target: Tensor, options: TeachOptions = {}): Taught {
    const steps = this.unroll('teach', source, target, options);
    const { weights, ...drawn } = together(steps.map(({ vector: _, state: __, ...seen }) => seen));
    const ofHeads = weights && weights.rank === 4; // [B, T, H, S]
    return { logits: this.logits(steps), ...drawn, ...(weights && { weights: ofHeads ? transpose(weights, 1, 2) : weights }) };
  }

  private logits(steps: readonly DecoderStep<S>[]): Tensor {
    return this.output.forward(
      stack(
        steps.map(({ vector }) => vector),
        1,
      ),
    );
  }

  /** Every step of the target. */
  private unroll(op: string, source: Tensor, target: Tensor, options: TeachOptions): DecoderStep<S>[] {
    expectNames(op, options, teaching);
    expectTokens(op, 'target', target);
    const { key, sampling = 0 } = options;
    if (!(sampling >= 0 && sampling <= 1)) throw new RangeError(`${op}: sampling must be in [0, 1], got ${shown(sampling)}`);
    if (key !== undefined) expectKey(op, key);
    if (sampling > 0 && !key) throw new RangeError(`${op}: sampling needs a key, got sampling ${sampling} without one`);
    const [forEncoder, forEmbedding, forSteps, forSampling] = key ? split(key, 4) : [];
    const fed = shiftRight(target, this.specials.start);
    const inputs = unstack(this.dropout.forward(this.embedding.forward(fed), withKey(forEmbedding)), 1); // T × [B, E]
    const truth = unstack(fed, 1); // T × [B]
    let state = this.encode(source, withKey(forEncoder));
    if (target.shape[0] !== source.shape[0] || target.shape[1] === 0) {
      throw new RangeError(`${op}: target must be [${source.shape[0]}, T] with T from 1, got ${show(target.shape)}`);
    }
    const steps: DecoderStep<S>[] = [];
    for (const [t, embedded] of inputs.entries()) {
      const last = steps.at(-1)?.vector;
      const guessed = last && sampling > 0 && forSampling && this.mixed(truth[t] as Tensor, last, sampling, foldIn(forSampling, t));
      const step = this.step(guessed ? this.embedding.forward(guessed) : embedded, state, withKey(forSteps && foldIn(forSteps, t)));
      steps.push(step);
      state = step.state;
    }
    return steps;
  }

  /** Decodes the source (int32 `[B, S]`), greedily or with a beam. Padding and the start are never written. */
  translate(source: Tensor, options: TranslateOptions = {}): Translation {
    expectNames('translate', options, translating);
    expectTokens('translate', 'source', source);
    const [batch = 0, length = 0] = source.shape;
    const { start, end } = this.specials;
    const search = { ...options, batch, start, end, never: this.never, maxLength: options.maxLength ?? 2 * length + 10 };
    return scope(() =>
      noGrad(() => {
        let seen: Shape = [];
        const next = (tokens: Tensor, state: S) => {
          const step = this.next(tokens, state);
          seen = step.trace?.shape.slice(1) ?? [];
          return step;
        };
        const hypotheses = beamSearch(next, this.encode(source), search);
        const best = hypotheses.map(([first]) => first as Hypothesis);
        return {
          tokens: best.map(({ tokens }) => tokens),
          scores: best.map(({ score }) => score),
          weights: alignment(best, seen),
          hypotheses,
        };
      }),
    );
  }

  /** The true tokens `[B]`, each replaced with probability `sampling` by the best guess that the last vectors `[B, H]` make. */
  private mixed(truth: Tensor, vector: Tensor, sampling: number, key: Key): Tensor {
    return noGrad(() => {
      const tokens = argmax(this.output.forward(vector), { axis: -1 });
      const to = tokens.view();
      const from = truth.peek();
      for (let i = 0; i < to.length; i++) if (randomInt(key, i, 2 ** 24) >= sampling * 2 ** 24) to[i] = from[i] as number;
      return tokens;
    });
  }
}

/** The traces of the hypotheses, each of shape `[S]` or `[H, S]`, as one tensor `[B, T, S]`, or `[B, H, T, S]` of several heads. */
function alignment(best: Hypothesis[], shape: Shape): Tensor | null {
  const [length = 0, heads = 1] = shape.toReversed();
  const longest = best.reduce((most, { trace }) => Math.max(most, trace.length), 0);
  if (shape.length === 0) return null;
  const weights = empty([best.length, ...(heads > 1 ? [heads] : []), longest, length]);
  const view = weights.view().fill(0);
  best.forEach(({ trace }, b) => {
    for (const [t, row] of trace.entries()) {
      for (let h = 0; h < heads; h++) view.set(row.subarray(h * length, (h + 1) * length), ((b * heads + h) * longest + t) * length);
    }
  });
  return weights;
}
