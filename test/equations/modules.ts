// The formula of every row of the module table that is neither a mechanism nor a score: the result of the row's call for example `e`.
import { real } from '../nn/row.ts';
import { attend, attention, localPredictive, multiHead, score } from './attention.ts';
import { betweenEquations, rmsNorm } from './betweens.ts';
import { frontEquations } from './fronts.ts';
import { headEquations } from './heads.ts';
import { convolve, flatten, imageOf, spread } from './images.ts';
import { languageEquations } from './language-models.ts';
import { lookEquations } from './looks.ts';
import { machineEquations } from './machines.ts';
import { memoryEquations } from './memory.ts';
import { metaEquations } from './meta.ts';
import { attentive, bridge, encode, intra, items, looks, pointers, realOf, seq2seq, tokensOf } from './models.ts';
import { affine, apply, at, type Matrix, range, tanh, type Vector, zeros } from './plain.ts';
import { attentiveReader, bilinearReader, deepReader, grammarParser, impatientReader, uniformReader } from './readers.ts';
import { type Core, gru, linear, lstm, rnn, run } from './recurrent.ts';
import { translating, translator } from './seq2seq-transformer.ts';
import { t5, t5s } from './t5.ts';
import {
  decoder,
  decoderLayer,
  encoder,
  gelu,
  geluTanh,
  layer,
  layerNorm,
  relu,
  reluSquared,
  sentenceVector,
  silu,
  textEncoder,
  universalSentence,
} from './transformer.ts';
import { imageEquations } from './vision.ts';
import { rows, type Weights } from './weights.ts';

export type Equation = (w: Weights, e: number) => Vector;

const [I, H, T] = [5, 3, 4]; // of the parts
const [S, SYMBOLS, HIDDEN] = [5, 7, 4]; // of the models

const input = (e: number, shape: readonly number[], seed: number): Matrix => rows(real([e], shape, seed));
const row = (e: number, width: number, seed: number): Vector => at(input(e, [width], seed), 0);

const cell =
  (core: Core, both: boolean): Equation =>
  (w, e) => {
    const { h, c } = core(w, '', row(e, I, 1), { h: row(e, H, 2), c: row(e, H, 3) });
    return both ? [...h, ...c] : h;
  };

/** Two steps from the initial state, the output of the second. */
const twice =
  (core: Core): Equation =>
  (w, e) =>
    core(w, '', row(e, I, 2), core(w, '', row(e, I, 1), { h: zeros(H), c: zeros(H) })).h;

const plain =
  (core: Core): Equation =>
  (w, e) =>
    run(core, w, input(e, [T, I], 1), { hidden: H }).outputs.flat();

const deep =
  (core: Core, both: boolean): Equation =>
  (w, e) => {
    const { outputs, last } = run(core, w, input(e, [T, I], 1), { hidden: H, length: realOf(e, T), layers: 2, ways: 2 });
    return [...outputs.flat(), ...last.flatMap(({ h }) => h), ...(both ? last.flatMap(({ c }) => c) : [])];
  };

const intraAttention: Equation = (w, e) => {
  const length = realOf(e, T);
  const { outputs, weights, states } = intra(w, input(e, [T, I], 1).slice(0, length), H, T);
  const padded = (lines: Matrix, width: number) =>
    range(T).flatMap((t) => [...(lines[t] ?? []), ...zeros(width - (lines[t]?.length ?? 0))]);
  return [
    ...padded(outputs, H),
    ...padded(weights, T),
    ...at(states, -1).c,
    ...padded(
      states.map(({ h }) => h),
      H,
    ),
  ];
};

/** The last two states are kept, state i in place i mod 2. */
const shortWindow: Equation = (w, e) => {
  const length = realOf(e, T);
  const { outputs, states } = intra(w, input(e, [T, I], 1).slice(0, length), H, 2);
  const kept = range(2).map((place) => states.findLast((_, i) => i % 2 === place)?.h ?? zeros(H));
  return [...outputs.flat(), ...zeros((T - length) * H), ...at(states, -1).h, ...kept.flat()];
};

/** The Gaussian of *local-p* for each query. */
const factors =
  (path?: string): Equation =>
  (w, e) =>
    input(e, [3, 6], 1).flatMap((query, t) => {
      const may = range(7).map(() => true);
      const sight = { query, keys: [], values: [], may, t, place: t, past: [] };
      return localPredictive(path ? w.within(path) : w, 2)(zeros(7), sight).factor ?? [];
    });

const selfAttention: Equation = (w, e) => {
  const x = input(e, [T, 6], 1);
  const look = multiHead(w, 2, attention({ score: score('scaledDot', w) }));
  const taken = attend(look, x, x, x, (_, s) => s < realOf(e, T));
  const heads = range(2).flatMap((head) => taken.flatMap((one) => at(one.heads ?? [], head).weights));
  return [...taken.flatMap(({ output }) => output), ...heads];
};

/** The choices that the rows of pointer networks are trained on. */
const pointing = (e: number) => range(4).map((t) => (t > 3 - (e % 3) ? -1 : (3 * t + e) % (realOf(e, S) + 1)));

const pointerNetwork =
  (ways: number): Equation =>
  (w, e) =>
    pointers(w, input(e, [S, 2], 1), realOf(e, S), pointing(e), HIDDEN, ways).flat();

const sentencePair = (e: number): [source: number[], target: number[]] => [tokensOf(e, S, SYMBOLS, 1), tokensOf(e, 4, SYMBOLS, 2)];

const bridging: Equation = (w, e) => {
  const { h, c } = bridge(w, { h: row(e, 8, 2), c: row(e, 8, 3) });
  return [...h, ...c];
};

/** Where a decoder may look: back, and at real tokens. */
const decoding = (e: number) => ({
  may: (t: number, s: number) => s <= t && s < realOf(e, 4),
  sees: (_: number, s: number) => s < realOf(e, S),
});

/** An attentive model of the table by its variant's name: the logits, and the attention of each step. */
export const attentiveModel = (name: string, w: Weights, e: number) => {
  const decoder = /bahdanau|local-m/.test(name) ? 'bahdanau' : 'luong';
  const look = looks[name];
  if (!look) throw new Error(`attentiveModel: name must be a variant's, got ${name}`);
  return attentive(w, decoder, look(w.within('attention')), ...sentencePair(e), HIDDEN);
};

/** An image of the parts: 4 × 5 pixels of 3 channels. */
const picture = (e: number) => imageOf(input(e, [4, 5, 3], 1).flat(), 5, 3);

const batchNorm: Equation = (w, e) =>
  input(e, [T, I], 1).flatMap((x) =>
    x.map((v, i) => {
      const unit = (v - at(w.vector('running_mean'), i)) / Math.sqrt(at(w.vector('running_var'), i) + 1e-5);
      return unit * at(w.vector('weight'), i) + at(w.vector('bias'), i);
    }),
  );

/** Equations by the rows' titles. */
export const moduleEquations: Record<string, Equation> = {
  Linear: (w, e) => input(e, [T, I], 1).flatMap((x) => affine(w.matrix('weight'), x, w.vector('bias'))),
  'Linear: without bias': (w, e) => apply(w.matrix('weight'), row(e, I, 1)),
  Embedding: (w, e) => tokensOf(e, T, 7, 1).flatMap((token) => at(w.matrix('weight'), token)),
  'LayerNorm: without bias': (w, e) => input(e, [T, I], 1).flatMap((x) => layerNorm(w, x)),
  LayerNorm: (w, e) => input(e, [T, I], 1).flatMap((x) => layerNorm(w, x)),
  RMSNorm: (w, e) => input(e, [T, I], 1).flatMap((x) => rmsNorm(x, 1e-6, w.vector('weight'))),
  'RMSNorm: without weight': (_, e) => input(e, [T, I], 1).flatMap((x) => rmsNorm(x, 0.1)),
  BatchNorm: batchNorm,
  Conv2d: (w, e) => flatten(convolve(picture(e), w.matrix('weight'), w.vector('bias'), [3, 2], [2, 1], [1, 0])),
  'Conv2d: without bias, same size': (w, e) => flatten(convolve(picture(e), w.matrix('weight'), zeros(2), [3, 3], [1, 1], [1, 1])),
  ConvTranspose2d: (w, e) => flatten(spread(picture(e), w.matrix('weight'), w.vector('bias'), [4, 3], 2, 1)),
  Dropout: (_, e) => input(e, [T, I], 1).flat(), // without a key
  LearnedBaseline: (w, e) => input(e, [T, I], 1).flatMap((x) => linear(w, 'linear', x)),
  RNNCell: cell(rnn, false),
  'RNNCell: without bias': twice(rnn),
  GRUCell: cell(gru, false),
  'GRUCell: without bias': twice(gru),
  LSTMCell: cell(lstm, true),
  'LSTMCell: without bias': twice(lstm),
  RNN: plain(rnn),
  'RNN: without bias': plain(rnn),
  'RNN: two layers, both directions, padded': deep(rnn, false),
  GRU: plain(gru),
  'GRU: without bias': plain(gru),
  'GRU: two layers, both directions, padded': deep(gru, false),
  LSTM: plain(lstm),
  'LSTM: without bias': plain(lstm),
  'LSTM: two layers, both directions, padded': deep(lstm, true),
  IntraAttention: intraAttention,
  'IntraAttention: a window shorter than the sequence': shortWindow,
  LocalPredictive: factors(),
  CombinedWindow: factors('windows.0'),
  'MultiHead: self-attention': selfAttention,
  ...headEquations,
  ...betweenEquations,
  Encoder: (w, e) => {
    const { outputs, h, c } = encode(w, tokensOf(e, S, SYMBOLS, 1), HIDDEN, 2);
    return [...outputs.flat(), ...h, ...c];
  },
  'Encoder: gru': (w, e) => {
    const { outputs, h } = encode(w, tokensOf(e, S, SYMBOLS, 1), HIDDEN, 2, gru);
    return [...outputs.flat(), ...h];
  },
  Bridge: bridging,
  'Bridge: without cell': bridging,
  'TransformerEncoderLayer: post norm': (w, e) =>
    layer(w, input(e, [S, 6], 1), { heads: 2, may: (_, s) => s < realOf(e, S), bend: relu }).flat(),
  'TransformerEncoderLayer: pre norm, causal': (w, e) =>
    layer(w, input(e, [S, 6], 1), { heads: 2, first: true, may: (t, s) => s <= t && s < realOf(e, S), bend: gelu }).flat(),
  'TransformerEncoderLayer: without bias': (w, e) =>
    layer(w, input(e, [S, 6], 1), { heads: 2, first: true, may: (_, s) => s < realOf(e, S), bend: relu }).flat(),
  'TransformerEncoderLayer: gated': (w, e) =>
    layer(w, input(e, [S, 6], 1), { heads: 2, may: (_, s) => s < realOf(e, S), bend: silu }).flat(),
  'TransformerEncoderLayer: grouped, wide heads': (w, e) =>
    layer(w, input(e, [S, 6], 1), {
      ...{ heads: 2, keyHeads: 1, scale: 0.7, first: true, eps: 1e-2, bend: reluSquared },
      may: (_, s) => s < realOf(e, S),
    }).flat(),
  'TransformerEncoderLayer: as GPT-2': (w, e) =>
    layer(w, input(e, [S, 6], 1), { heads: 2, first: true, may: (t, s) => s <= t && s < realOf(e, S), bend: geluTanh }).flat(),
  'TransformerDecoderLayer: post norm': (w, e) =>
    decoderLayer(w, input(e, [4, 6], 1), input(e, [S, 6], 2), { ...decoding(e), heads: 2, bend: relu }).flat(),
  'TransformerDecoderLayer: pre norm, gated, another source': (w, e) =>
    decoderLayer(w, input(e, [4, 6], 1), input(e, [S, 5], 2), { ...decoding(e), heads: 2, first: true, bend: silu }).flat(),
  'TransformerDecoderLayer: everywhere': (w, e) =>
    decoderLayer(w, input(e, [4, 6], 1), input(e, [S, 6], 2), {
      ...{ ...decoding(e), heads: 2, keyHeads: 1, scale: 1, bend: relu },
      may: (_, s) => s < realOf(e, 4),
    }).flat(),
  TransformerEncoder: (w, e) =>
    encoder(w, input(e, [S, 6], 1), 2, { heads: 2, first: true, may: (_, s) => s < realOf(e, S), bend: gelu }).flat(),
  TransformerDecoder: (w, e) =>
    decoder(w, input(e, [4, 6], 1), input(e, [S, 6], 2), 2, { ...decoding(e), heads: 2, first: true, bend: gelu }).flat(),
  Transformer: (w, e) => {
    const may = (_: number, s: number) => s < realOf(e, S);
    const source = encoder(w.within('encoder'), input(e, [S, 6], 1), 1, { heads: 2, may, bend: gelu });
    return decoder(w.within('decoder'), input(e, [4, 6], 2), source, 2, { ...decoding(e), heads: 2, bend: gelu }).flat();
  },
  ...metaEquations,
  ...memoryEquations,
  ...imageEquations,
  ...lookEquations,
  ...frontEquations,
  ...machineEquations,
  ItemsSeq2Seq: (w, e) => items(w, ...sentencePair(e), HIDDEN).flat(),
  ...languageEquations,
  TextEncoder: (w, e) => {
    const tokens = tokensOf(e, S, SYMBOLS, 1);
    const rows = textEncoder(w, tokens, { layers: 2, types: tokens.map((token) => (token === 4 ? 1 : 0)), real: realOf(e, S), bend: gelu });
    return [...rows.flatMap((row, t) => (t < realOf(e, S) ? row : row.map(() => 0))), ...sentenceVector(rows.slice(0, realOf(e, S)))];
  },
  'TextEncoder: pooler, no types': (w, e) => {
    const [first] = textEncoder(w, tokensOf(e, S, SYMBOLS, 1), { layers: 1, first: 1, real: realOf(e, S), bend: relu, eps: 1e-3 });
    return tanh(linear(w, 'pooler', first ?? []));
  },
  UniversalSentenceEncoder: (w, e) => universalSentence(w, tokensOf(e, S, SYMBOLS, 1).slice(0, realOf(e, S))),
  ...Object.fromEntries(
    Object.entries(translating).map(([name, kind]): [string, Equation] => [
      `Seq2SeqTransformer: ${name}`,
      (w, e) => translator(w, ...sentencePair(e), kind).flat(),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(t5s).map(([name, kind]): [string, Equation] => [`T5: ${name}`, (w, e) => t5(w, ...sentencePair(e), kind).flat()]),
  ),
  AttentiveReader: attentiveReader(),
  'AttentiveReader: gru': attentiveReader(gru),
  BilinearReader: bilinearReader,
  UniformReader: uniformReader,
  ImpatientReader: impatientReader,
  DeepLSTMReader: deepReader(2, false),
  'DeepLSTMReader: document first': deepReader(3, true),
  'GrammarParser: additive': (w, e) => grammarParser(w, e, true),
  'GrammarParser: none': (w, e) => grammarParser(w, e, false),
  PointerNetwork: pointerNetwork(1),
  'PointerNetwork: both directions': pointerNetwork(2),
  ...Object.fromEntries(
    Object.keys(looks).map((name): [string, Equation] => [`AttentionSeq2Seq: ${name}`, (w, e) => attentiveModel(name, w, e).logits.flat()]),
  ),
  ...Object.fromEntries(
    ['each', 'first', 'state'].map((feed): [string, Equation] => [
      `Seq2Seq: ${feed}`,
      (w, e) => seq2seq(w, feed, ...sentencePair(e), HIDDEN).flat(),
    ]),
  ),
};
