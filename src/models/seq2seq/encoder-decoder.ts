import { noGrad } from '../../autograd/record.ts';
import type { Decoded, Decoder } from '../../decode/decoder.ts';
import { generate } from '../../decode/generate.ts';
import type { WrittenStep } from '../../decode/lines.ts';
import type { Dropout } from '../../nn/dropout.ts';
import type { Embedding } from '../../nn/embedding.ts';
import type { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import type { State } from '../../nn/state.ts';
import { stacked } from '../../nn/unroll.ts';
import { argmax, reshape, select, stack, transpose, unstack, where } from '../../ops/index.ts';
import { expectCall, expectKey, expectOptions, shown } from '../../tensor/check.ts';
import { tensor } from '../../tensor/create.ts';
import { foldIn, type Key, randomInt, split } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectTokens, type Specials, shiftRight } from '../tokens.ts';
import type { Copy } from './copy.ts';
import { generating, type ModelGenerateOptions, searchOf, type TranslateOptions, type Translation, translated } from './translate.ts';

/** Options of teaching. */
export interface TeachOptions {
  /** The random key of training: dropout and sampling draw from it. */
  key?: Key | undefined;
  /**
   * Scheduled sampling (Bengio et al. 2015): with this probability, the model's own best guess replaces a true token as input. Needs a key.
   * Default 0: teacher forcing.
   */
  sampling?: number | undefined;
}

const teaching = { key: 0, sampling: 0 };

const withKey = (key: Key | undefined) => (key ? { key } : {});

/** The result of the decoder's attention at a step, for each row. */
export interface Looked {
  /** `[B, S]`, or `[B, H, S]` if there are heads. */
  weights?: Tensor;
  /** If a key was drawn: its place, int32 `[B]`, its log-probability and the entropy `[B]`. */
  choice?: Tensor;
  /** `ln` of the probability of the choice `[B]`. */
  logProbability?: Tensor;
  /** The entropy of the distribution `[B]`, in nats. */
  entropy?: Tensor;
  /** The choice's score `[B]`. */
  value?: Tensor;
}

/** The result of one step of a decoder. */
export interface DecoderStep<S extends State = State> extends Looked {
  /** The vector from which the next token is predicted `[B, D]`. */
  vector: Tensor;
  /** The state for the next step. */
  state: S;
}

/**
 * The result of teaching: the logits `[B, T, C]` and the attention at each step, `weights` `[B, T, S]`, or `[B, H, T, S]` if there are
 * heads.
 */
export interface Taught extends Looked {
  /** Logits of each target token `[B, T, C]`. */
  logits: Tensor;
}

/** The result of all steps together: `vector` `[B, T, D]`, and attention as {@link Taught} has it. */
export interface TaughtVectors extends Looked {
  /** The vector of each step, from which the next token is predicted `[B, T, D]`. */
  vector: Tensor;
}

/**
 * The shared part of models that read a source and write a target token by token: teaching and decoding. `Source` is what the decoder reads
 * at every step and never changes, `S` the state that each step leaves for the next.
 */
export abstract class EncoderDecoder<Source extends State = State, S extends State = State> extends Module implements Decoder<Source, S> {
  abstract readonly embedding: Embedding;
  abstract readonly output: Linear;
  /** With this it also copies tokens of the source, which `tokensOf` must give. */
  declare readonly copy?: Copy | null;
  protected abstract readonly dropout: Dropout;
  protected abstract readonly specials: Required<Specials>;
  /** The most tokens of a target, where positions end somewhere: searches write no more, whatever is asked for. */
  protected readonly longest: number = Number.POSITIVE_INFINITY;

  /** The tokens of a source int32 `[B, S]`, for models that copy. */
  protected tokensOf?(source: Source): Tensor | undefined;

  /** Reads a source (int32 `[B, S]`). With `key` (training) dropout is on. */
  abstract read(source: Tensor, options?: { key?: Key }): Source;

  /** The decoder's state before the first token. */
  abstract initialState(source: Source): S;

  /**
   * One step from the embedded last token `[B, E]`: the vector `[B, D]` from which the next token is predicted, the result of attention if
   * there is any, and the next state.
   */
  abstract advance(embedded: Tensor, source: Source, state: S, options?: { key?: Key }): DecoderStep<S>;

  /**
   * All steps at once, for decoders that can: from the tokens fed, int32 `[B, T]`, to the vectors from which the next ones are predicted, with the bits of
   * one step after the other, and with `weights` the result of attention.
   */
  protected whole?(fed: Tensor, source: Source, options: { key?: Key; weights: boolean }): TaughtVectors;

  /** Tokens that searches must not write: padding and the start, unless either is the end. */
  get never(): number[] {
    const { pad, start, end } = this.specials;
    return [pad, start].filter((token) => token !== end && token >= 0);
  }

  /** One step, in the form that searches take: from the last tokens (int32 `[B]`) to the next one's logits `[B, C]`. */
  step(tokens: Tensor, source: Source, state: S): Decoded<S> {
    const { vector, weights, state: after } = this.advance(this.embedded(tokens), source, state);
    return { logits: this.logits(vector, weights, source), state: after, ...(weights ? { trace: weights } : {}) };
  }

  /**
   * Teacher forcing: the logits `[B, T, C]` of each token of `target` (int32 `[B, T]`, including its end), given the source and the tokens
   * before it.
   */
  forward(source: Tensor, target: Tensor, options: TeachOptions = {}): Tensor {
    const { vector, weights, read } = this.taught('forward', source, target, options, Boolean(this.copy));
    return this.logits(vector, weights, read);
  }

  /** {@link forward}'s logits, with the same bits, and the result of attention: to train hard attention, and to draw alignments. */
  teach(source: Tensor, target: Tensor, options: TeachOptions = {}): Taught {
    const { vector, read, ...seen } = this.taught('teach', source, target, options, true);
    return { logits: this.logits(vector, seen.weights, read), ...seen };
  }

  /** Decodes the source (int32 `[B, S]`) greedily, with a beam, or by drawing. Padding and the start are never written. */
  translate(source: Tensor, options: TranslateOptions = {}): Translation {
    const { specials, never, longest } = this;
    return translated({ model: this, specials, never, longest }, source, options);
  }

  /**
   * Decodes greedily, or by drawing if a key is given, with one event per step: `for await (const { tokens } of model.generate(source))`.
   * Leaving the loop ends it and frees what it made.
   */
  generate(source: Tensor, options: ModelGenerateOptions = {}): AsyncGenerator<WrittenStep, unknown> {
    expectOptions('generate', options, generating);
    expectTokens('generate', 'source', source);
    const once: Decoder<{ source: Tensor }, { read: Source; inner: S }> = {
      initialState: () => {
        const read = this.read(source);
        return { read, inner: this.initialState(read) };
      },
      step: (tokens, _, { read, inner }) => {
        const { state, ...given } = this.step(tokens, read, inner);
        return { ...given, state: { read, inner: state } };
      },
    };
    const { specials, never, longest } = this;
    return generate(once, { source }, { ...options, ...searchOf({ specials, never, longest }, source, options.maxLength) });
  }

  /** From the vectors `[B, T, D]` or `[B, D]`, and the weights of attention if it copies, to the logits of what comes next. */
  private logits(vector: Tensor, weights: Tensor | undefined, source: Source): Tensor {
    const logits = this.output.forward(vector);
    const tokens = this.copy && this.tokensOf?.(source);
    if (!(this.copy && tokens && weights)) return logits;
    if (vector.rank === 3) return this.copy.forward(logits, vector, weights, tokens);
    const step = (x: Tensor) => reshape(x, x.shape.toSpliced(-1, 0, 1)); // [B, D] → [B, 1, D]
    return select(this.copy.forward(step(logits), step(vector), step(weights), tokens), 1, 0);
  }

  private embedded(tokens: Tensor): Tensor {
    return this.embedding.forward(this.copy ? this.copy.known(tokens) : tokens);
  }

  /** Teaches: what each token is predicted from and, with `looked`, the result of attention. */
  private taught(op: string, source: Tensor, target: Tensor, options: TeachOptions, looked: boolean): TaughtVectors & { read: Source } {
    expectCall(op, options, teaching);
    expectTokens(op, 'target', target);
    const { key, sampling = 0 } = options;
    if (!(sampling >= 0 && sampling <= 1)) throw new RangeError(`${op}: sampling must be in [0, 1], got ${shown(sampling)}`);
    if (key !== undefined) expectKey(op, key);
    if (sampling > 0 && !key) throw new RangeError(`${op}: sampling needs a key, got sampling ${sampling} without one`);
    const [forEncoder, ...keys] = key ? split(key, 4) : [];
    const fed = shiftRight(target, this.specials.start);
    const read = this.read(source, withKey(forEncoder));
    if (target.shape[0] !== source.shape[0] || target.shape[1] === 0) {
      throw new RangeError(`${op}: target must be [${source.shape[0]}, T] with T from 1, got ${show(target.shape)}`);
    }
    if (this.whole) {
      const [, forWhole, forSampling] = keys;
      // Guesses have no gradient, and dropout does not disturb them.
      const guessed = () => noGrad(() => scope(() => stack(this.unroll(fed, read, sampling, [undefined, undefined, forSampling]).fed, 1)));
      return { ...this.whole(sampling > 0 ? guessed() : fed, read, { weights: looked, ...withKey(forWhole) }), read };
    }
    const { steps } = this.unroll(fed, read, sampling, keys);
    const seen = looked ? stacked(steps.map(({ vector: _, state: __, ...given }): Looked => given)) : {};
    const { weights } = seen;
    const ofHeads = weights?.rank === 4; // [B, T, H, S]
    const vectors = steps.map(({ vector }) => vector);
    return { vector: stack(vectors, 1), ...seen, ...(ofHeads && { weights: transpose(weights, 1, 2) }), read };
  }

  /** Runs every step of a target fed as `fed` `[B, T]`: the tokens that were really fed, if any were sampled, and the steps. */
  private unroll(
    fed: Tensor,
    read: Source,
    sampling: number,
    [forEmbedding, forSteps, forSampling]: readonly (Key | undefined)[],
  ): { fed: Tensor[]; steps: DecoderStep<S>[] } {
    const inputs = unstack(this.dropout.forward(this.embedded(fed), withKey(forEmbedding)), 1); // T × [B, E]
    const tokens = sampling > 0 ? unstack(fed, 1) : []; // T × [B]
    const steps: DecoderStep<S>[] = [];
    let state = this.initialState(read);
    for (const [t, embedded] of inputs.entries()) {
      const last = steps.at(-1);
      const draw = last && sampling > 0 && forSampling && foldIn(forSampling, t);
      const guessed = draw && this.mixed(tokens[t] as Tensor, () => this.logits(last.vector, last.weights, read), sampling, draw);
      if (guessed) tokens[t] = guessed;
      const input = guessed ? this.embedded(guessed) : embedded;
      const step = this.advance(input, read, state, withKey(forSteps && foldIn(forSteps, t)));
      steps.push(step);
      state = step.state;
    }
    return { fed: tokens, steps };
  }

  /** Replaces each of the true tokens `[B]`, with probability `sampling`, by the best guess of logits `[B, C]`. */
  private mixed(truth: Tensor, logits: () => Tensor, sampling: number, key: Key): Tensor {
    return noGrad(() => {
      const guess = argmax(logits(), { axis: -1 });
      const kept = Array.from({ length: truth.size }, (_, i) => randomInt(key, i, 2 ** 24) >= sampling * 2 ** 24);
      return where(tensor(kept, { dtype: 'bool' }), truth, guess);
    });
  }
}
