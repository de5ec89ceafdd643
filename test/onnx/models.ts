// Models and parts as graphs: what they are given, and at which lengths they are tried.
import { lengthsToMask } from '../../src/attention/mask.ts';
import { multiHead } from '../../src/attention/named.ts';
import { causal } from '../../src/attention/window.ts';
import {
  AttentionClassifier,
  AttentionForecaster,
  AttentiveReader,
  BilinearReader,
  DeepLSTMReader,
  Encoder,
  EntityNetwork,
  ImpatientReader,
  LanguageModel,
  type LanguageModelOptions,
  MemoryNetwork,
  PointerNetwork,
  type Reader,
  Seq2SeqTransformer,
  Snail,
  T5,
  TextEncoder,
  Transformer,
  TransformerDecoder,
  TransformerEncoder,
  TransformerEncoderLayer,
  UniformReader,
  UniversalSentenceEncoder,
} from '../../src/models/index.ts';
import { GRU, LSTM } from '../../src/nn/index.ts';
import { where } from '../../src/ops/index.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { machines } from './machines.ts';
import { given, lengths, type ModelRow, mask, real, row, tokens } from './model-row.ts';

const layer = { size: 8, heads: 2, hidden: 12 };
const text = { symbols: 30, size: 8, heads: 2, layers: 2, length: 24 };

const reading = { symbols: 9, candidates: 4, hidden: 5, embedding: 3 };

/** Readers of documents that end before their batch does; every one names a candidate, since its symbols are below 5. */
const readers: readonly (readonly [name: string, reader: Reader, looks: boolean])[] = [
  ['AttentiveReader', new AttentiveReader(reading, key(9)), true],
  ['BilinearReader', new BilinearReader(reading, key(9)), true],
  ['UniformReader', new UniformReader(reading, key(9)), true],
  ['DeepLSTMReader', new DeepLSTMReader(reading, key(9)), false],
  ['ImpatientReader, questions of three tokens', new ImpatientReader(reading, key(9)), true],
];

/** From GPT-2 to LLaMA and what lies between. */
export const languageModels: readonly (readonly [name: string, options: Partial<LanguageModelOptions>])[] = [
  ['as GPT-2', { activation: 'gelu-tanh', tied: true }],
  ['as LLaMA', { positions: 'rotary', norm: 'rms', activation: 'silu', gated: true, keyHeads: 1, bias: false }],
  ['rotary in pairs of a part, QK-norm', { positions: 'rotary', rotary: { layout: 'pairs', width: 2 }, qkNorm: true, activation: 'relu2' }],
  ['sinusoidal, softcap', { positions: 'sinusoidal', softcap: 5, embeddingScale: 2 }],
  ['ALiBi', { positions: 'alibi' }],
  ['windows', { positions: 'none', window: [3, null] }],
  ['distances', { positions: 'distance', keyHeads: 1 }],
  ['relative, a window', { positions: 'relative', window: 3 }],
];

/** Whole models, and the parts that have whole-sequence operators. */
export const models: ModelRow[] = [
  ...([1, 2] as const).flatMap((layers) =>
    [false, true].map((bidirectional) =>
      row(`LSTM of ${layers}${bidirectional ? ', both ways' : ''}`, {
        module: new LSTM({ input: 4, hidden: 6, layers, bidirectional }, key(1)),
        inputs: { x: real('batch', 'time', 4), lengths: lengths('time') },
        call: (module, inputs) => {
          const x = given(inputs, 'x');
          return module.forward(x, { mask: lengthsToMask(given(inputs, 'lengths'), { size: x.shape[1] }) });
        },
      }),
    ),
  ),
  row('GRU with a state and a mask with holes', {
    module: new GRU({ input: 4, hidden: 6, bidirectional: true }, key(1)),
    inputs: { x: real('batch', 'time', 4), mask: mask('batch', 'time'), h: real(2, 'batch', 6) },
    call: (module, inputs) => module.forward(given(inputs, 'x'), { mask: given(inputs, 'mask'), state: { h: given(inputs, 'h') } }),
  }),
  row('Encoder', {
    module: new Encoder({ source: 11, embedding: 4, hidden: 6, layers: 1, dropout: 0 }, key(2)),
    inputs: { source: tokens(11) },
    call: (module, inputs) => ({ ...module.forward(given(inputs, 'source'), 0) }),
  }),
  row('multiHead, causal', {
    module: multiHead({ query: 8, key: 8, hidden: 8 }, key(3), { heads: 2, window: causal }),
    inputs: { x: real('batch', 'time', 8), y: real('batch', 'past', 8) },
    call: (module, inputs) => module.forward(given(inputs, 'x'), given(inputs, 'y')),
  }),
  ...Object.entries({
    'post norm': {},
    'pre norm, gelu': { normFirst: true, activation: 'gelu' },
    'gated silu, grouped': { gated: true, activation: 'silu', keyHeads: 1, bias: false },
    'tanh gelu': { activation: 'gelu-tanh' },
    relu2: { activation: 'relu2' },
  } as const).map(([name, options]) =>
    row(`TransformerEncoderLayer, ${name}`, {
      module: new TransformerEncoderLayer({ ...layer, ...options }, key(4)),
      inputs: { x: real('batch', 'time', 8), mask: mask('batch', 'time') },
      call: (module, inputs) => module.forward(given(inputs, 'x'), { mask: given(inputs, 'mask') }),
    }),
  ),
  row('TransformerEncoder with weights', {
    module: new TransformerEncoder({ ...layer, layers: 2 }, key(4)),
    inputs: { x: real('batch', 'time', 8) },
    call: (module, inputs) => module.forward(given(inputs, 'x'), { weights: true }),
  }),
  row('TransformerDecoder', {
    module: new TransformerDecoder({ ...layer, layers: 2 }, key(4)),
    inputs: { x: real('batch', 'time', 8), source: real('batch', 'past', 8), mask: mask('batch', 'past') },
    call: (module, inputs) => module.forward(given(inputs, 'x'), given(inputs, 'source'), { crossMask: given(inputs, 'mask') }),
  }),
  row('Transformer', {
    module: new Transformer({ ...layer, layers: 2 }, key(4)),
    inputs: { source: real('batch', 'past', 8), target: real('batch', 'time', 8), mask: mask('batch', 'past') },
    call: (module, inputs) => module.forward(given(inputs, 'source'), given(inputs, 'target'), { sourceMask: given(inputs, 'mask') }),
  }),
  ...languageModels.map(([name, options]) =>
    row(`LanguageModel, ${name}`, {
      module: new LanguageModel({ ...text, ...options }, key(5)),
      inputs: { tokens: tokens(30) },
      call: (module, inputs) => module.forward(given(inputs, 'tokens')),
    }),
  ),
  row('Seq2SeqTransformer', {
    module: new Seq2SeqTransformer({ source: 11, target: 9, ...layer, layers: 2, length: 24 }, key(5)),
    inputs: { source: tokens(11, 'past'), target: tokens(9) },
    call: (module, inputs) => module.forward(given(inputs, 'source'), given(inputs, 'target')),
  }),
  row('T5', {
    module: new T5({ symbols: 11, size: 8, heads: 2, headSize: 3, layers: 2, hidden: 12, gated: true, activation: 'gelu-tanh' }, key(5)),
    inputs: { source: tokens(11, 'past'), target: tokens(11) },
    call: (module, inputs) => module.forward(given(inputs, 'source'), given(inputs, 'target')),
  }),
  row('UniversalSentenceEncoder, embedded', {
    module: new UniversalSentenceEncoder(text, key(5)),
    inputs: { tokens: tokens(30), mask: mask('batch', 'time') },
    call: (module, inputs) => module.embed(given(inputs, 'tokens'), { mask: given(inputs, 'mask') }),
  }),
  row('TextEncoder, embedded', {
    module: new TextEncoder(text, key(5)),
    inputs: { tokens: tokens(30), mask: mask('batch', 'time') },
    call: (module, inputs) => module.embed(given(inputs, 'tokens'), { mask: given(inputs, 'mask') }),
  }),
  row('AttentionClassifier', {
    module: new AttentionClassifier({ input: 2, hidden: 6, labels: 3 }, key(8)),
    inputs: { x: real('batch', 'time', 2), mask: mask('batch', 'time') },
    call: (module, inputs) => module.forward(given(inputs, 'x'), { mask: given(inputs, 'mask') }),
  }),
  row('Snail', {
    module: new Snail(
      {
        input: 3,
        output: 2,
        layers: [
          { length: 9, filters: 4 },
          { key: 4, value: 5 },
        ],
        value: true,
      },
      key(6),
    ),
    inputs: { x: real('batch', 'time', 3) },
    call: (module, inputs) => {
      const { output, value } = module.forward(given(inputs, 'x'));
      return { output, value: value as Tensor };
    },
  }),
  ...machines,
  row('AttentionForecaster', {
    module: new AttentionForecaster({ channels: 2, seasons: 12, hidden: 6 }, key(6)),
    inputs: { past: real('batch', 'time', 2), before: tokens(12), after: tokens(12, 'future') },
    call: (module, inputs) => module.forward(given(inputs, 'past'), { past: given(inputs, 'before'), future: given(inputs, 'after') }),
  }),
  row('MemoryNetwork', {
    module: new MemoryNetwork({ symbols: 9, size: 6, words: 4, memory: 40, hops: 2 }, key(8)),
    inputs: {
      stories: { shape: ['batch', 'time', 4], dtype: 'int32', below: 9 },
      questions: { shape: ['batch', 4], dtype: 'int32', below: 9 },
      ages: tokens(5),
    },
    call: (module, inputs) => ({
      ...module.forward(given(inputs, 'stories'), given(inputs, 'questions'), { ages: given(inputs, 'ages') }),
    }),
  }),
  row('EntityNetwork', {
    module: new EntityNetwork({ symbols: 9, size: 6, words: 4, slots: 3 }, key(8)),
    inputs: {
      stories: { shape: ['batch', 'time', 4], dtype: 'int32', below: 9 },
      questions: { shape: ['batch', 2, 4], dtype: 'int32', below: 9 },
      after: { shape: ['batch', 2], dtype: 'int32', below: 'time' },
    },
    call: (module, inputs) => ({ ...module.forward(given(inputs, 'stories'), given(inputs, 'questions'), given(inputs, 'after')) }),
  }),
  ...readers.map(([name, module, looks]) =>
    row(name, {
      module,
      inputs: {
        document: { ...tokens(5), from: 1 },
        lengths: lengths('time'),
        question: { ...tokens(9), shape: ['batch', 3], from: 1 },
      },
      call: (reader, inputs) => {
        const document = given(inputs, 'document');
        const real = lengthsToMask(given(inputs, 'lengths'), { size: document.shape[1] });
        const { logits, weights } = reader.forward(where(real, document, 0), given(inputs, 'question'));
        return { logits, ...(looks && weights && { weights }) };
      },
    }),
  ),
  row('PointerNetwork', {
    module: new PointerNetwork({ input: 2, hidden: 6, bidirectional: true }, key(7)),
    inputs: {
      items: real('batch', 'items', 2),
      target: { shape: ['batch', 'time'], dtype: 'int32', below: 'items' },
      mask: mask('batch', 'items'),
    },
    call: (module, inputs) => module.forward(given(inputs, 'items'), given(inputs, 'target'), { mask: given(inputs, 'mask') }),
  }),
];
