// The options of parts: for each part every option with a valid value, and how the part is made.

import * as saccade from '../../src/all.ts';
import { softAttention } from '../../src/attention/attention.ts';
import { metaOptions } from '../models/meta-options.ts';
import { called, finite, from, type Made, made, never, positive, share } from './made.ts';
import { ofImages } from './options-images.ts';
import { ofLooks } from './options-looks.ts';
import { ofMachines } from './options-machines.ts';

const cell = { input: 3, hidden: 4, bias: true };
const recurrent = { ...cell, layers: 1, bidirectional: false, dropout: 0.1 };
const score = { query: 4, key: 4, hidden: 4 };
const model = { source: 7, target: 7, hidden: 4, embedding: 4, layers: 1, dropout: 0.1, pad: 0, start: 1, end: 2 };
const text = { symbols: 7, size: 4, layers: 2, heads: 2, hidden: 6 };
const token = [...never, 2.5, -2];
const ofModel = { dropout: share, pad: token, start: [...token, -1], end: [...token, -1] };
const between = { query: (x: unknown) => x, key: (x: unknown) => x };
const maps = { query: 4, key: 4, value: 4, heads: 2, size: 4, bias: true };
const map = new saccade.Linear({ input: 4, output: 4 }, from);
const angles = saccade.ones([5, 4]);
const heads = new saccade.Attention({ score: new saccade.DotScore(), heads: 2 });
const sized = [Number.NaN, 0, 2.5, '3', null];

const layer = {
  ...{ size: 4, heads: 2, hidden: 6, activation: 'relu', gated: true, normFirst: true, eps: 1e-3, bias: true, dropout: 0.1 },
  ...{ window: saccade.causal, keyHeads: 1, headSize: 3, between, scale: 0.5, attentionBias: 'inputs' },
};
const without = (all: object, ...names: string[]) => Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
const ofLayer = { dropout: share, eps: positive, scale: positive };

const reading = { symbols: 9, candidates: 4, first: 2, hidden: 3, embedding: 4, dropout: 0.1, pad: 0 };
const ofReader = { dropout: share, pad: token, first: [...token, -1] };

/** Every exported part that is made with options. */
export const options: Record<string, Made> = {
  Linear: made(saccade.Linear, { input: 3, output: 4, bias: true }),
  Embedding: made(saccade.Embedding, { symbols: 5, size: 3, paddingIndex: 1 }, { numbers: { paddingIndex: [...never, -1, 2.5, 5] } }),
  ...ofImages,
  ...ofLooks,
  LayerNorm: made(saccade.LayerNorm, { size: 3, eps: 1e-3, bias: true }, { numbers: { eps: positive }, keyless: true }),
  RMSNorm: made(saccade.RMSNorm, { size: 3, eps: 1e-3, weight: true }, { numbers: { eps: positive }, keyless: true }),
  Dropout: made(saccade.Dropout, { p: 0.5 }, { numbers: { p: share }, keyless: true }),
  RNNCell: made(saccade.RNNCell, { ...cell, nonlinearity: 'relu' }),
  LSTMCell: made(saccade.LSTMCell, cell),
  GRUCell: made(saccade.GRUCell, cell),
  RNN: made(saccade.RNN, recurrent, { numbers: { dropout: share } }),
  LSTM: made(saccade.LSTM, recurrent, { numbers: { dropout: share } }),
  GRU: made(saccade.GRU, recurrent, { numbers: { dropout: share } }),
  IntraAttention: made(saccade.IntraAttention, { input: 3, hidden: 4, score: 5, window: 6 }),
  ...ofMachines,
  Attention: made(
    saccade.Attention,
    { score: new saccade.DotScore(), window: saccade.causal, selection: saccade.soft, read: saccade.weightedSum, heads: 2 },
    { keyless: true },
  ),
  MultiHead: made(
    saccade.MultiHead,
    {
      ...{ query: 4, key: 4, value: 4, heads: 2, size: 4, headSize: 2, output: 4, bias: true, dropout: 0.1, scale: 0.5, softcap: 20 },
      ...{ score: undefined, window: saccade.causal, selection: saccade.soft, read: saccade.weightedSum },
      between,
      keyHeads: 1,
    },
    { numbers: { dropout: share, scale: finite, softcap: positive } },
  ),
  Rotary: made(saccade.Rotary, { table: angles, layout: 'halves' }, { keyless: true }),
  DistanceBias: made(saccade.DistanceBias, { heads: 2, buckets: 8, distance: 9, bidirectional: true }, { numbers: { buckets: sized } }),
  RelativePositions: made(saccade.RelativePositions, { size: 4, reach: 2, values: true, scale: 0.5 }, { numbers: { scale: finite } }),
  QKNorm: made(saccade.QKNorm, { size: 4, eps: 1e-5, weight: true }, { numbers: { eps: positive }, keyless: true }),
  PackedProjection: made(saccade.PackedProjection, maps, { numbers: { key: sized, value: sized } }),
  SeparateProjection: {
    options: maps,
    make: (given) => new saccade.SeparateProjection(given as never, [from, from, from]),
    keyless: true,
  },
  Maps: made(saccade.Maps, { query: map, key: map, value: map, heads: 2, keyHeads: 1 }, { keyless: true }),
  Heads: made(saccade.Heads, { attention: heads, keyHeads: 1, between }, { keyless: true }),
  HeadedAttention: called((given) => new saccade.HeadedAttention(given), {
    projection: new saccade.PackedProjection(maps, from),
    heads: new saccade.Heads({ attention: heads }),
    output: map,
  }),
  positional: called((given) => saccade.positional(() => ({}), given), { history: saccade.placeOfQuery }),
  DotScore: made(
    saccade.DotScore,
    { scaled: false, scale: 0.5, softcap: 20 },
    { keyless: true, numbers: { scale: finite, softcap: positive } },
  ),
  GeneralScore: made(saccade.GeneralScore, score, { numbers: { hidden: [] } }),
  CosineScore: made(saccade.CosineScore, score, { numbers: { hidden: [] } }),
  DistanceScore: made(saccade.DistanceScore, score, { numbers: { hidden: [] } }),
  AdditiveScore: made(saccade.AdditiveScore, score),
  LocationScore: made(saccade.LocationScore, { query: 4, most: 9, key: 4, hidden: 4 }, { numbers: { key: [], hidden: [] } }),
  LocationAwareScore: made(
    saccade.LocationAwareScore,
    { ...score, filters: 3, width: 3, of: 'sum' },
    { numbers: { width: [...never, 0, 2, -1, 2.5] } },
  ),
  MonotonicScore: made(saccade.MonotonicScore, { ...score, offset: -1 }, { numbers: { offset: finite } }),
  LocalPredictive: made(saccade.LocalPredictive, { query: 4, hidden: 4, size: 2.5, key: 4 }, { numbers: { size: positive, key: [] } }),
  AttentionSeq2Seq: made(
    saccade.AttentionSeq2Seq,
    {
      ...model,
      score: 'additive',
      attention: (sizes: typeof score) => softAttention('general', sizes, from),
      decoder: 'luong',
      ...{ project: 4, copy: 2, unknown: 3 },
    },
    { numbers: { ...ofModel, unknown: [...token, -1, 7] } },
  ),
  ItemsSeq2Seq: made(
    saccade.ItemsSeq2Seq,
    {
      ...{ source: 7, target: 7, hidden: 4, dropout: 0.1, pad: 0, start: 1, end: 2 },
      attention: (sizes: typeof score) => softAttention('general', sizes, from),
    },
    { numbers: ofModel },
  ),
  Seq2Seq: made(saccade.Seq2Seq, { ...model, feed: 'each' }, { numbers: ofModel }),
  AttentiveReader: made(saccade.AttentiveReader, { ...reading, cell: 'gru' }, { numbers: ofReader }),
  BilinearReader: made(saccade.BilinearReader, { ...reading, cell: 'lstm' }, { numbers: ofReader }),
  UniformReader: made(saccade.UniformReader, { ...reading, cell: 'gru' }, { numbers: ofReader }),
  ImpatientReader: made(saccade.ImpatientReader, reading, { numbers: ofReader }),
  DeepLSTMReader: made(saccade.DeepLSTMReader, { ...reading, layers: 2, documentFirst: true }, { numbers: ofReader }),
  GrammarParser: made(
    saccade.GrammarParser,
    { words: 9, labels: ['S'], hidden: 4, embedding: 3, layers: 1, dropout: 0.1, score: 'general', feed: 'state' },
    { numbers: { dropout: share } },
  ),
  PointerNetwork: made(saccade.PointerNetwork, { input: 2, hidden: 4, bidirectional: true }),
  TransformerEncoderLayer: made(
    saccade.TransformerEncoderLayer,
    {
      ...layer,
      norm: (size: number) => new saccade.LayerNorm({ size }),
    },
    { numbers: ofLayer },
  ),
  TransformerDecoderLayer: made(
    saccade.TransformerDecoderLayer,
    { ...layer, source: 5, norm: (size: number) => new saccade.LayerNorm({ size }) },
    { numbers: ofLayer },
  ),
  Seq2SeqTransformer: made(
    saccade.Seq2SeqTransformer,
    {
      ...without(layer, 'window', 'between', 'headSize'),
      ...{
        source: 7,
        target: 7,
        layers: 2,
        lastNorm: true,
        positions: 'learned',
        length: 9,
        scaleEmbeddings: true,
        shared: true,
        tied: true,
        alignment: 1,
      },
      ...{ pad: 0, start: 1, end: 2, encoder: { layers: 1 }, decoder: { window: saccade.causal }, between, headSize: 3 },
      norm: (size: number) => new saccade.LayerNorm({ size }),
    },
    { numbers: { ...ofLayer, ...ofModel, alignment: [...never, -1, 2.5, 2] } },
  ),
  TransformerEncoder: made(
    saccade.TransformerEncoder,
    { ...layer, layers: 2, lastNorm: true, norm: (size: number) => new saccade.LayerNorm({ size }) },
    { numbers: ofLayer },
  ),
  TransformerDecoder: made(
    saccade.TransformerDecoder,
    { ...layer, layers: 2, lastNorm: true, source: 5, norm: (size: number) => new saccade.LayerNorm({ size }) },
    { numbers: ofLayer },
  ),
  Transformer: made(
    saccade.Transformer,
    {
      ...without(layer, 'window'),
      layers: 2,
      lastNorm: true,
      encoder: { layers: 1 },
      decoder: { window: saccade.causal },
      norm: (size: number) => new saccade.LayerNorm({ size }),
    },
    { numbers: ofLayer },
  ),
  AttentionClassifier: made(
    saccade.AttentionClassifier,
    { input: 3, hidden: 4, labels: 5, bidirectional: true, dropout: 0.1 },
    { numbers: { dropout: share } },
  ),
  ...metaOptions,
  Copy: made(saccade.Copy, { hidden: 4, symbols: 7, unseen: 2, unknown: 3 }, { numbers: { unknown: [...token, -1] } }),
  AttentionForecaster: made(
    saccade.AttentionForecaster,
    { channels: 2, seasons: 5, hidden: 4, quantiles: 3, observed: true, embedding: 3, dropout: 0.1 },
    { numbers: { dropout: share } },
  ),
  MemoryNetwork: made(saccade.MemoryNetwork, {
    ...{ symbols: 7, size: 4, words: 5, memory: 6, hops: 2, tying: 'adjacent', encoding: 'position', time: true, nil: true },
  }),
  MemoryLanguageModel: made(saccade.MemoryLanguageModel, { symbols: 7, size: 4, memory: 6, hops: 2 }),
  EntityNetwork: made(saccade.EntityNetwork, { symbols: 7, size: 4, words: 5, slots: 2, tied: [2, 3] }),
  LanguageModel: made(
    saccade.LanguageModel,
    {
      ...{
        symbols: 7,
        size: 4,
        layers: 2,
        heads: 2,
        length: 5,
        hidden: 6,
        activation: 'gelu',
        gated: true,
        normFirst: true,
        norm: 'layer',
      },
      ...{ eps: 1e-5, bias: true, attentionBias: true, keyHeads: 1, headSize: 2, scale: 0.5, positions: 'rotary', rotary: { base: 100 } },
      ...{ qkNorm: true, window: 3, embeddingScale: 2, softcap: 15, tied: true, dropout: 0.1 },
    },
    {
      numbers: { eps: positive, scale: ofLayer.scale, embeddingScale: positive, softcap: positive, dropout: share, window: [0, 1.5, '3'] },
    },
  ),
  T5: made(
    saccade.T5,
    {
      ...{ ...text, decoderLayers: 1, headSize: 3, activation: 'relu', gated: true, tied: true, buckets: 6, distance: 9 },
      ...{ eps: 1e-6, dropout: 0.1, pad: 0, start: 0, end: 1 },
    },
    { numbers: { ...ofModel, eps: positive, buckets: [...never, 0, 2.5], distance: [...never, 0, 2.5] } },
  ),
  TextEncoder: made(
    saccade.TextEncoder,
    { ...text, length: 5, first: 2, types: 2, activation: 'gelu', eps: 1e-12, pooler: true, dropout: 0.1 },
    { numbers: { dropout: share, eps: positive, types: [...never, -1, 2.5], first: [...never, -1, 2.5] } },
  ),
  Encoder: made(
    saccade.Encoder,
    { source: 7, embedding: 3, hidden: 4, layers: 1, dropout: 0.1, cell: 'gru' },
    { numbers: { dropout: share } },
  ),
  UniversalSentenceEncoder: made(saccade.UniversalSentenceEncoder, { ...text, embedding: 4, length: 5 }),
  Bridge: made(saccade.Bridge, { hidden: 4, cell: true }),
  LearnedBaseline: made(saccade.LearnedBaseline, { input: 4 }),
  luong: called(
    (given) => saccade.luong(score, from, given),
    { score: 'dot', window: 'local-m', size: 2.5, most: 9 },
    { numbers: { size: positive } },
  ),
  locationAware: called(
    (given) => saccade.locationAware(score, from, given),
    { filters: 3, width: 3, of: 'sum' },
    {
      numbers: { width: [...never, 2], filters: [] }, // LocationAwareScore says it
    },
  ),
  multiHead: called(
    (given) => saccade.multiHead(score, from, given),
    {
      ...{ value: 4, heads: 2, size: 4, output: 4, bias: true, dropout: 0.1 },
      ...{ score: () => new saccade.DotScore(), window: saccade.causal, selection: saccade.soft, read: saccade.weightedSum },
    },
    { says: 'MultiHead', numbers: { dropout: share } },
  ),
  nearestKey: called((given) => saccade.nearestKey(score, from, given), { selection: saccade.hard }),
  monotonic: called(
    (given) => saccade.monotonic(score, from, given),
    { hard: false, noise: 1, offset: -1 },
    {
      numbers: { noise: finite, offset: finite },
    },
  ),
  contentBased: called((given) => saccade.contentBased(given, from), score, { says: 'CosineScore', numbers: { hidden: [] } }),
  pointer: called((given) => saccade.pointer(given, from), score, { says: 'AdditiveScore' }),
  bahdanau: called((given) => saccade.bahdanau(given, from), score, { says: 'AdditiveScore' }),
  softAttention: called((given) => softAttention('general', given, from), score, { says: 'GeneralScore', numbers: { hidden: [] } }),
  scoreNamed: called((given) => saccade.scoreNamed('dot', given, from), score, {
    says: 'dot',
    numbers: { hidden: [], query: [], key: never },
  }),
  sliding: called(saccade.sliding, { before: 2, after: 1 }, { numbers: { before: never, after: never } }),
  coverage: called(saccade.coverage, { strength: 1.5 }, { numbers: { strength: finite } }),
  localMonotonic: called(saccade.localMonotonic, { size: 2.5 }, { numbers: { size: positive } }),
  tempered: called(saccade.tempered, { temperature: 0.5 }, { numbers: { temperature: positive } }),
  dropping: called(saccade.dropping, { p: 0.5, selection: saccade.soft }, { numbers: { p: share } }),
  exploring: called(saccade.exploring, { epsilon: 1 }, { numbers: { epsilon: [...never, -1, 1.5] } }),
  gumbelSoftmax: called(saccade.gumbelSoftmax, { temperature: 0.5 }, { numbers: { temperature: positive } }),
  gumbelStraightThrough: called(saccade.gumbelStraightThrough, { temperature: 0.5 }, { numbers: { temperature: positive } }),
  monotonicSoft: called(saccade.monotonicSoft, { noise: 0 }, { numbers: { noise: [...finite, -1] } }),
  lengthsToMask: called((given) => saccade.lengthsToMask([1], given), { size: 3 }, { numbers: { size: [...never, -1, 2.5] } }),
};
