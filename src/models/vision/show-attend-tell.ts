import { Attention } from '../../attention/attention.ts';

import { hard } from '../../attention/hard.ts';
import type { Prepared } from '../../attention/parts.ts';
import { AdditiveScore } from '../../attention/score.ts';
import { noGrad } from '../../autograd/record.ts';
import { beamSearchAs, type Ranking, ranking } from '../../decode/beam.ts';
import type { Decoded, Decoder, Hypothesis } from '../../decode/decoder.ts';
import { type WritingOptions, writing } from '../../decode/options.ts';
import { LSTMCell, type LSTMState } from '../../nn/cells.ts';
import { Dropout } from '../../nn/dropout.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Linear } from '../../nn/linear.ts';
import { Module, param } from '../../nn/module.ts';
import type { State } from '../../nn/state.ts';
import { stacked } from '../../nn/unroll.ts';
import { add, concat, mean, mul, normal, sigmoid, sum, tanh, unstack } from '../../ops/index.ts';
import { expectFields, expectKey, expectOptions, isFlag, isOneOf, isShare, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { foldIn, type Key, split } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import { show } from '../../tensor/shape.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';
import type { Looked } from '../seq2seq/encoder-decoder.ts';
import { alignment } from '../seq2seq/translate.ts';
import { expectTokens, isModel, type Specials, shiftRight, specials } from '../tokens.ts';

/** Options of {@link ShowAttendTell}. */
export interface ShowAttendTellOptions extends Specials {
  /** Symbols of the vocabulary of captions. */
  symbols: number;
  /** D, the width of an annotation. */
  features: number;
  /** L, the number of annotations of an image, each with a place of its own. */
  cells: number;
  /** Width of the LSTM. */
  hidden: number;
  /** Width of a word's vector. Default `hidden`. */
  embedding?: number | undefined;
  /** Width of the score's inner layer. Default `hidden`. */
  score?: number | undefined;
  /** `soft`: the expected annotation; `hard`: one, drawn. Default `soft`. */
  selection?: 'soft' | 'hard' | undefined;
  /** Probability of dropping an element of the LSTM's output and before the logits, if a key is given. Default 0. */
  dropout?: number | undefined;
}

const rules: Rules<ShowAttendTellOptions> = {
  symbols: isSize,
  features: isSize,
  cells: isSize,
  hidden: isSize,
  embedding: /* @__PURE__ */ maybe(isSize),
  score: /* @__PURE__ */ maybe(isSize),
  selection: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('soft', 'hard')),
  dropout: /* @__PURE__ */ maybe(isShare),
  pad: isModel.pad,
  start: isModel.start,
  end: isModel.end,
};

/** An image as the decoder reads it: its annotations, prepared for attention, and the LSTM's first state. */
export type CaptionSource = { readonly prepared: Prepared; readonly first: LSTMState };

/** The decoder's state: that of the LSTM, and that of attention. */
export type CaptionState = { readonly cell: LSTMState; readonly attention: State };

/** What a step saw, and how far the gate was open. */
interface Glance extends Looked {
  /** β of each word `[B]`, from 0 to 1. */
  gate: Tensor;
}

/** What {@link ShowAttendTell.teach} gives, for each word: attention `[B, T, L]`, and what hard attention drew, `[B, T]`. */
export interface Captioned extends Looked {
  /** `[B, T, C]`. */
  readonly logits: Tensor;
  /** How much of what was read came through, β `[B, T]`. */
  readonly gate: Tensor;
}

/** Options of teaching. */
export interface TeachCaptionOptions {
  /** The random key of training: dropout and hard attention draw from it. */
  key?: Key | undefined;
  /** Whether hard attention reads the expected annotation and draws nothing, as in every second batch of the paper's. Default false. */
  expected?: boolean | undefined;
}

const teaching: Rules<TeachCaptionOptions> = {
  key: (op, _, key) => key !== undefined && expectKey(op, key as Key),
  expected: /* @__PURE__ */ maybe(isFlag),
};

/** Options of writing captions: those of beam search. */
export interface DescribeOptions extends Partial<WritingOptions>, Omit<Ranking, 'coverageMask' | 'coveragePenalty'> {}

const { coverageMask: _mask, coveragePenalty: _penalty, ...ranks } = ranking;
const describing: Rules<DescribeOptions> = { ...ranks, ...writing, maxLength: /* @__PURE__ */ maybe(isSize) };

/** Captions of images. */
export interface Captions {
  /** The best caption of each image, without start and end. */
  readonly tokens: number[][];
  /** The log-probability of each, penalties included. */
  readonly scores: number[];
  /** Where each word looked, `[B, T, L]`, 0 after a caption's end. */
  readonly weights: Tensor | null;
  /** The `nBest` best of each image, best first. */
  readonly hypotheses: Hypothesis[][];
}

const withKey = (key: Key | undefined) => (key ? { key } : {});

/**
 * Captions of images by attention (Xu et al. 2015, "Show, attend and tell"). An image is L annotations a of width D, to each of which the vector of its place is
 * added. h₀ = tanh(W_h ⟨a⟩), c₀ = tanh(W_c ⟨a⟩) (§3.1.2). At each word, with the state h′ before it: α = softmax of `v·tanh(W_a a + W_h h′)`; ẑ = Σ α a (*soft*), or one a
 * drawn by α (*hard*, §4.1); the gate β = sigmoid(w·h′ + b) scales ẑ (§4.2.1); `h = LSTM([E y′; β ẑ], h′)`; the logits are `L_o tanh(E y′ + L_h h + L_z β ẑ)`
 * (eq. 7). Hard attention learns by `reinforceLoss` from the log-probabilities of its choices; without a key it reads the most probable annotation.
 */
export class ShowAttendTell extends Module implements Decoder<CaptionSource, CaptionState> {
  readonly places: Tensor; // [L, D]
  readonly firstH: Linear;
  readonly firstC: Linear;
  readonly embedding: Embedding;
  readonly attention: Attention;
  readonly gate: Linear;
  readonly cell: LSTMCell;
  readonly fromHidden: Linear; // L_h
  readonly fromContext: Linear; // L_z
  readonly output: Linear; // L_o
  readonly selection: 'soft' | 'hard';
  private readonly expectation: Attention;
  private readonly dropout: Dropout;
  private readonly specials: Required<Specials>;

  constructor(options: ShowAttendTellOptions, key: Key) {
    super();
    expectOptions('ShowAttendTell', options, rules);
    expectKey('ShowAttendTell', key);
    const { symbols, features, cells, hidden, embedding = hidden, score = hidden, selection = 'soft', dropout = 0 } = options;
    const [forPlaces, forFirst, forWords, forLook, forCell, forDeep, forOutput] = split(key, 7);
    const [[forH, forC], [forScore, forGate], [forHidden, forContext]] = [split(forFirst), split(forLook), split(forDeep)];
    this.places = param(() => normal(forPlaces, [cells, features]));
    this.firstH = new Linear({ input: features, output: hidden }, forH);
    this.firstC = new Linear({ input: features, output: hidden }, forC);
    this.embedding = new Embedding({ symbols, size: embedding }, forWords);
    const scored = new AdditiveScore({ query: hidden, key: features, hidden: score }, forScore);
    this.attention = new Attention({ score: scored, ...(selection === 'hard' && { selection: hard }) });
    this.expectation = new Attention({ score: scored });
    this.gate = new Linear({ input: hidden, output: 1 }, forGate);
    this.cell = new LSTMCell({ input: embedding + features, hidden }, forCell);
    this.fromHidden = new Linear({ input: hidden, output: embedding }, forHidden);
    this.fromContext = new Linear({ input: features, output: embedding, bias: false }, forContext);
    this.output = new Linear({ input: embedding, output: symbols }, forOutput);
    this.selection = selection;
    this.dropout = new Dropout({ p: dropout });
    this.specials = specials(options);
  }

  /** Reads annotations `[B, L, D]`. */
  read(annotations: Tensor): CaptionSource {
    const [cells, features] = this.places.shape as [number, number];
    const fits = annotations instanceof Tensor && annotations.dtype === 'float32' && annotations.rank === 3;
    if (!fits || annotations.shape[1] !== cells || annotations.shape[2] !== features) {
      throw new RangeError(`ShowAttendTell: annotations must be float32 [B, ${cells}, ${features}], got ${kindOf(annotations)}`);
    }
    const placed = add(annotations, this.places); // [B, L, D]
    const level = mean(placed, { axis: 1 }); // [B, D]
    const first = { h: tanh(this.firstH.forward(level)), c: tanh(this.firstC.forward(level)) };
    return { prepared: this.attention.prepare(placed), first };
  }

  /** The state before the first word. */
  initialState(source: CaptionSource): CaptionState {
    expectFields('ShowAttendTell', 'source', source, 'prepared', 'first');
    const { prepared, first } = source;
    return { cell: first, attention: this.attention.initialState(prepared) };
  }

  /** One step, in the form that searches take: from the last words (int32 `[B]`) to the next one's logits `[B, C]`. */
  step(tokens: Tensor, source: CaptionSource, state: CaptionState): Decoded<CaptionState> {
    const { vector, state: after, weights } = this.advance(this.embedding.forward(tokens), source, state, {});
    return { logits: this.output.forward(vector), state: after, ...(weights ? { trace: weights } : {}) };
  }

  /** Teacher forcing: the logits `[B, T, C]` of each word of `target` (int32 `[B, T]`, its end included), given those before it. */
  forward(annotations: Tensor, target: Tensor, options: TeachCaptionOptions = {}): Tensor {
    return this.teach(annotations, target, options).logits;
  }

  /** {@link forward}'s logits, with where each word looked and what hard attention drew. */
  teach(annotations: Tensor, target: Tensor, options: TeachCaptionOptions = {}): Captioned {
    expectOptions('ShowAttendTell', options, teaching);
    expectTokens('ShowAttendTell', 'target', target);
    const source = this.read(annotations);
    if (target.shape[0] !== annotations.shape[0] || target.shape[1] === 0)
      throw new RangeError(`ShowAttendTell: target must be [${annotations.shape[0]}, T] with T from 1, got ${show(target.shape)}`);
    const fed = unstack(this.embedding.forward(shiftRight(target, this.specials.start)), 1); // T × [B, E]
    const glances: (Glance & { vector: Tensor })[] = [];
    let state = this.initialState(source);
    for (const [t, embedded] of fed.entries()) {
      const { key, expected = false } = options;
      const { state: after, ...glance } = this.advance(embedded, source, state, { expected, ...withKey(key && foldIn(key, t)) });
      glances.push(glance);
      state = after;
    }
    const { vector, ...seen } = stacked(glances) as Glance & { vector: Tensor };
    return { logits: this.output.forward(vector), ...seen };
  }

  /** Writes a caption for each image, given as annotations `[B, L, D]`: greedily or with a beam, at most 20 words by default. */
  describe(annotations: Tensor, options: DescribeOptions = {}): Captions {
    expectOptions('describe', options, describing);
    const { pad, start, end } = this.specials;
    const never = [pad, start].filter((token) => token !== end && token >= 0);
    return scope(() =>
      noGrad(() => {
        const source = this.read(annotations);
        const batch = annotations.shape[0] as number;
        const hypotheses = beamSearchAs('describe', this, source, { maxLength: 20, never, ...options, batch, start, end });
        const best = hypotheses.map(([first]) => first as Hypothesis);
        const weights = alignment(best, [this.places.shape[0] as number]);
        return { tokens: best.map(({ tokens }) => tokens), scores: best.map(({ score }) => score), weights, hypotheses };
      }),
    );
  }

  private advance(
    embedded: Tensor,
    { prepared }: CaptionSource,
    state: CaptionState,
    { key, expected = false }: TeachCaptionOptions,
  ): Glance & { vector: Tensor; state: CaptionState } {
    const [forLook, forHidden, forOutput] = key ? split(key, 3) : [];
    const look = expected ? this.expectation : this.attention;
    const { h: before } = state.cell;
    const { context, state: attention, ...seen } = look.step(before, prepared, state.attention, withKey(forLook));
    const gate = sigmoid(this.gate.forward(before)); // [B, 1]
    const read = mul(context, gate); // [B, D]
    const { output, state: cell } = this.cell.step(concat([embedded, read], 1), state.cell);
    const h = this.dropout.forward(output, withKey(forHidden));
    const deep = tanh(add(add(embedded, this.fromHidden.forward(h)), this.fromContext.forward(read)));
    const vector = this.dropout.forward(deep, withKey(forOutput)); // [B, E]
    return { ...seen, gate: sum(gate, { axis: 1 }), vector, state: { cell, attention } };
  }
}
