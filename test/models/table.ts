import { locationAware, luong, monotonic, multiHead } from '../../src/attention/named.ts';
import { PointerNetwork } from '../../src/models/pointer/pointer-network.ts';
import { AttentionSeq2Seq, type AttentionSeq2SeqOptions } from '../../src/models/seq2seq/attention-seq2seq.ts';
import { Bridge, Encoder } from '../../src/models/seq2seq/encoder.ts';
import { ItemsSeq2Seq } from '../../src/models/seq2seq/items-seq2seq.ts';
import { Seq2Seq } from '../../src/models/seq2seq/seq2seq.ts';
import type { ModelOptions } from '../../src/models/tokens.ts';
import { LanguageModel } from '../../src/models/transformer/language-model.ts';
import type { LanguageModelOptions } from '../../src/models/transformer/language-options.ts';
import { Seq2SeqTransformer, type Seq2SeqTransformerOptions } from '../../src/models/transformer/seq2seq-transformer.ts';
import { T5, type T5Options } from '../../src/models/transformer/t5.ts';
import { TextEncoder } from '../../src/models/transformer/text-encoder.ts';
import { UniversalSentenceEncoder } from '../../src/models/transformer/universal-sentence-encoder.ts';
import { equal, reshape, softmax, where } from '../../src/ops/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { beside, lengthOf, type ModuleRow, padding, real, row, sentences } from '../nn/row.ts';
import { frontRows } from './fronts.ts';
import { imageRows } from './images.ts';
import { drawnAlike, layerRows } from './layers.ts';
import { lookRows } from './looks.ts';
import { machineRows } from './machines.ts';
import { memoryRows } from './memory.ts';
import { metaRows } from './meta.ts';
import { readerRows } from './readers.ts';

/** Symbols of both languages of the tests: 0 pads, 1 starts, 2 ends. */
export const SYMBOLS = 7;

const base = { source: SYMBOLS, target: SYMBOLS, hidden: 4, embedding: 3 };

/** Language models beside GPT-2's arrangement. */
const languages: Record<string, Partial<LanguageModelOptions>> = {
  'as LLaMA': {
    ...{
      layers: 2,
      keyHeads: 1,
      headSize: 4,
      hidden: 5,
      positions: 'rotary',
      norm: 'rms',
      eps: 1e-4,
      gated: true,
      activation: 'silu',
      bias: false,
    },
    ...{ tied: true, window: 2, embeddingScale: 1.5, softcap: 3 },
  },
  ALiBi: { heads: 3, positions: 'alibi', bias: false, attentionBias: 'inputs', normFirst: false, activation: 'relu2' },
  sinusoidal: { positions: 'sinusoidal', activation: 'gelu-tanh', scale: 0.3 },
  buckets: { positions: 'distance', activation: 'relu' },
  relative: { positions: 'relative', window: 3, scale: 0.4 },
};

export interface TranslatorRow {
  name: string;
  build(key: Key, options?: Partial<ModelOptions>): AttentionSeq2Seq | Seq2Seq | Seq2SeqTransformer | T5;
}

/** Other mechanisms, decoders and memories, for a decoder's width; none of them draws. */
const variants: Record<string, (hidden: number) => Pick<AttentionSeq2SeqOptions, 'attention' | 'decoder' | 'project'>> = {
  'bahdanau decoder': () => ({ decoder: 'bahdanau' }),
  'luong local-p dot': (hidden) => ({
    project: hidden,
    attention: (sizes, key) => luong(sizes, key, { score: 'dot', window: 'local-p', size: 2 }),
  }),
  'local-m, bahdanau decoder': () => ({
    project: 3,
    decoder: 'bahdanau',
    attention: (sizes, key) => luong(sizes, key, { window: 'local-m', size: 1 }),
  }),
  locationAware: () => ({ attention: (sizes, key) => locationAware(sizes, key, { width: 3, of: 'sum' }) }),
  multiHead: () => ({ attention: (sizes, key) => multiHead(sizes, key, { heads: 2 }) }),
  monotonic: () => ({ attention: (sizes, key) => monotonic(sizes, key, { noise: 0 }) }),
};

/** Transformers, 4 wide with two heads where a row of the suite asks for no other width. */
const transformers: Record<string, Partial<Seq2SeqTransformerOptions>> = {
  sinusoidal: { activation: 'relu' },
  learned: {
    positions: 'learned',
    length: 400,
    activation: 'silu',
    gated: true,
    normFirst: true,
    shared: true,
    tied: true,
    scaleEmbeddings: false,
  },
  rotary: { positions: 'rotary', activation: 'relu2', normFirst: true, norm: 'rms', eps: 1e-2, keyHeads: 1, bias: false, layers: 2 },
  alibi: { positions: 'alibi', activation: 'relu' },
  distance: { positions: 'distance', activation: 'relu', normFirst: true, scale: 1 },
  relative: { positions: 'relative', activation: 'relu' },
  opennmt: { positions: 'opennmt', activation: 'gelu-tanh' },
};

/** T5 of both versions, 4 wide with two heads, likewise. */
const t5s: Record<string, Partial<T5Options>> = {
  'version 1.0': {},
  'version 1.1': { activation: 'gelu-tanh', gated: true, tied: false, headSize: 3, decoderLayers: 2, buckets: 6, distance: 5 },
};

/** Every encoder-decoder model in each of its variants. */
export const translators: TranslatorRow[] = [
  ...(['additive', 'general'] as const).map((score) => ({
    name: `AttentionSeq2Seq, ${score}`,
    build: (key: Key, options: Partial<ModelOptions> = {}) => new AttentionSeq2Seq({ ...base, score, ...options }, key),
  })),
  ...Object.entries(variants).map(([name, variant]) => ({
    name: `AttentionSeq2Seq, ${name}`,
    build: (key: Key, options: Partial<ModelOptions> = {}) =>
      new AttentionSeq2Seq({ ...base, ...variant(options.hidden ?? base.hidden), ...options }, key),
  })),
  ...(['each', 'first', 'state'] as const).map((feed) => ({
    name: `Seq2Seq, ${feed}`,
    build: (key: Key, options: Partial<ModelOptions> = {}) => new Seq2Seq({ ...base, feed, ...options }, key),
  })),
  ...Object.entries(transformers).map(([name, own]) => ({
    name: `Seq2SeqTransformer, ${name}`,
    build: (key: Key, { hidden: size = 4, embedding: _, layers = 1, ...options }: Partial<ModelOptions> = {}) =>
      new Seq2SeqTransformer({ source: SYMBOLS, target: SYMBOLS, size, heads: 2, layers, hidden: 5, ...own, ...options }, key),
  })),
  ...Object.entries(t5s).map(([name, own]) => ({
    name: `T5, ${name}`,
    build: (key: Key, { hidden: size = 4, source: _, target: __, embedding: ___, layers = 1, ...options }: Partial<ModelOptions> = {}) =>
      new T5({ symbols: SYMBOLS, size, heads: 2, layers, hidden: 5, start: 1, end: 2, ...own, ...options }, key),
  })),
];

const [S, T] = [5, 4];
const keyed = (key: Key | undefined) => (key ? { key } : {});

/** The real part of `[B, T, D]`, with 0 behind it. */
const rowsOf = (x: Tensor, mask: Tensor) => where(reshape(mask, [...mask.shape, 1]), x, 0);

/** Choices among the real ones of S items [examples, T]: no two examples alike, −1 where a shorter answer is over. */
const pointing = (examples: readonly number[]) =>
  tensor(
    Int32Array.from(
      examples.flatMap((e) => Array.from({ length: T }, (_, t) => (t > T - 1 - (e % 3) ? -1 : (3 * t + e) % (lengthOf(e, S) + 1)))),
    ),
    { shape: [examples.length, T] },
  );

/** Rows of the module table. */
export const models: ModuleRow[] = [
  row({
    module: 'Encoder',
    build: (key) => new Encoder({ source: SYMBOLS, embedding: 3, hidden: 4, layers: 2, dropout: 0.3 }, key),
    call: (encoder, examples, key) => {
      const { outputs, h, c } = encoder.forward(sentences(examples, S, SYMBOLS, 1), 0, keyed(key));
      return beside(outputs, h, c as Tensor);
    },
    dropout: true,
  }),
  row({
    module: 'Encoder',
    name: 'gru',
    build: (key) => new Encoder({ source: SYMBOLS, embedding: 3, hidden: 4, layers: 2, dropout: 0.3, cell: 'gru' }, key),
    call: (encoder, examples, key) => {
      const { outputs, h, c } = encoder.forward(sentences(examples, S, SYMBOLS, 1), 0, keyed(key));
      if (c) throw new Error('a GRU has no cell');
      return beside(outputs, h);
    },
    dropout: true,
  }),
  row({
    module: 'Bridge',
    build: (key) => new Bridge({ hidden: 4 }, key),
    call: (bridge, examples) => {
      const encoded = {
        outputs: real(examples, [S, 8], 1),
        mask: padding(examples, S),
        h: real(examples, [8], 2),
        c: real(examples, [8], 3),
      };
      const { h, c } = bridge.forward(encoded);
      return beside(h, c);
    },
  }),
  row({
    module: 'Bridge',
    name: 'without cell',
    build: (key) => new Bridge({ hidden: 4, cell: false }, key),
    call: (bridge, examples) => {
      const encoded = {
        outputs: real(examples, [S, 8], 1),
        mask: padding(examples, S),
        h: real(examples, [8], 2),
        c: real(examples, [8], 3),
      };
      const { h, c } = bridge.forward(encoded);
      return beside(h, c);
    },
  }),
  ...[false, true].map((bidirectional) =>
    row({
      module: 'PointerNetwork',
      ...(bidirectional ? { name: 'both directions' } : {}),
      build: (key) => new PointerNetwork({ input: 2, hidden: 4, bidirectional }, key),
      call: (model, examples) => softmax(model.forward(real(examples, [S, 2], 1), pointing(examples), { mask: padding(examples, S) })),
    }),
  ),
  ...layerRows,
  ...memoryRows,
  ...metaRows,
  ...imageRows,
  ...readerRows,
  ...lookRows,
  ...frontRows,
  ...machineRows,
  row({
    module: 'ItemsSeq2Seq',
    build: (key) => new ItemsSeq2Seq({ source: SYMBOLS, target: SYMBOLS, hidden: 4, dropout: 0.2 }, key),
    call: (model, examples, key) => model.forward(sentences(examples, S, SYMBOLS, 1), sentences(examples, T, SYMBOLS, 2), keyed(key)),
    dropout: true,
  }),
  row({
    module: 'LanguageModel',
    build: (key) => new LanguageModel({ symbols: SYMBOLS, size: 4, layers: 2, heads: 2, length: 6, dropout: 0.2 }, key),
    constant: drawnAlike,
    call: (model, examples, key) => model.forward(sentences(examples, S, SYMBOLS, 1), keyed(key)).logits,
    dropout: true,
  }),
  ...Object.entries(languages).map(([name, options]) =>
    row({
      module: 'LanguageModel',
      name,
      build: (key) => new LanguageModel({ symbols: SYMBOLS, size: 6, layers: 1, heads: 2, length: 6, ...options }, key),
      constant: drawnAlike,
      call: (model, examples) => model.forward(sentences(examples, S, SYMBOLS, 1)).logits,
    }),
  ),
  row({
    module: 'TextEncoder',
    build: (key) => new TextEncoder({ symbols: SYMBOLS, size: 4, layers: 2, heads: 2, length: 6, hidden: 6, dropout: 0.2 }, key),
    constant: drawnAlike,
    call: (model, examples, key) => {
      const mask = padding(examples, S);
      const tokens = sentences(examples, S, SYMBOLS, 1);
      const types = where(equal(tokens, 4), 1, zeros([examples.length, S], 'int32'));
      return beside(
        rowsOf(model.forward(tokens, { mask, types, ...keyed(key) }), mask),
        model.embed(tokens, { mask, types, ...keyed(key) }),
      );
    },
    dropout: true,
  }),
  row({
    module: 'TextEncoder',
    name: 'pooler, no types',
    build: (key) =>
      new TextEncoder(
        { symbols: SYMBOLS, size: 4, layers: 1, heads: 2, length: 6, first: 1, types: 0, eps: 1e-3, activation: 'relu', pooler: true },
        key,
      ),
    constant: drawnAlike,
    call: (model, examples) => model.pooled(model.forward(sentences(examples, S, SYMBOLS, 1), { mask: padding(examples, S) })),
  }),
  row({
    module: 'UniversalSentenceEncoder',
    build: (key) =>
      new UniversalSentenceEncoder({ symbols: SYMBOLS, embedding: 4, size: 6, layers: 2, heads: 2, hidden: 5, length: 6 }, key),
    constant: drawnAlike,
    call: (model, examples) => model.embed(sentences(examples, S, SYMBOLS, 1), { mask: padding(examples, S) }),
  }),
  ...translators.map(({ name, build }) =>
    row({
      module: name.split(',')[0] as string,
      name: name.split(', ')[1] as string,
      build: (key) => build(key, { dropout: 0.2 }),
      constant: ['gain', 'offset', ...drawnAlike],
      call: (model, examples, key) => model.forward(sentences(examples, S, SYMBOLS, 1), sentences(examples, T, SYMBOLS, 2), keyed(key)),
      dropout: true,
    }),
  ),
];
