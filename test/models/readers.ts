// Rows of the module table: readers, and the parser of grammar.

import { DeepLSTMReader } from '../../src/models/reading/deep-lstm-reader.ts';
import { GrammarParser, type GrammarParserOptions } from '../../src/models/reading/grammar-parser.ts';
import { ImpatientReader } from '../../src/models/reading/impatient-reader.ts';
import { AttentiveReader, BilinearReader, UniformReader } from '../../src/models/reading/one-look-readers.ts';
import type { Reader } from '../../src/models/reading/reader.ts';
import { softmax } from '../../src/ops/index.ts';
import type { Key } from '../../src/tensor/random.ts';
import { beside, type ModuleRow, row, sentences } from '../nn/row.ts';

const [S, T, SYMBOLS] = [5, 4, 7];

/** Candidates are the symbols 2 to 5: every document has at least its end, 2. */
export const readerSizes = { symbols: SYMBOLS, candidates: 4, first: 2, hidden: 3, embedding: 4, dropout: 0.2 };

export const documentsOf = (examples: readonly number[]) => sentences(examples, S, SYMBOLS, 1);
export const questionsOf = (examples: readonly number[]) => sentences(examples, T, SYMBOLS, 2);

const reader = (module: string, build: (key: Key) => Reader, name?: string): ModuleRow =>
  row({
    module,
    ...(name && { name }),
    build,
    call: (model, examples, key) => {
      const { logits, weights } = model.forward(documentsOf(examples), questionsOf(examples), { key });
      return beside(softmax(logits), ...(weights ? [weights] : []));
    },
    dropout: true,
  });

const parser = (name: string, options: Partial<GrammarParserOptions>): ModuleRow =>
  row({
    module: 'GrammarParser',
    name,
    build: (key) => new GrammarParser({ words: SYMBOLS, labels: ['S', 'NP'], hidden: 4, embedding: 3, dropout: 0.2, ...options }, key),
    call: (model, examples, key) => model.forward(sentences(examples, S, SYMBOLS, 1), sentences(examples, T, SYMBOLS, 2), { key }),
    dropout: true,
  });

export const readerRows: ModuleRow[] = [
  reader('AttentiveReader', (key) => new AttentiveReader(readerSizes, key)),
  reader('AttentiveReader', (key) => new AttentiveReader({ ...readerSizes, cell: 'gru' }, key), 'gru'),
  reader('BilinearReader', (key) => new BilinearReader(readerSizes, key)),
  reader('UniformReader', (key) => new UniformReader(readerSizes, key)),
  reader('ImpatientReader', (key) => new ImpatientReader(readerSizes, key)),
  reader('DeepLSTMReader', (key) => new DeepLSTMReader(readerSizes, key)),
  reader('DeepLSTMReader', (key) => new DeepLSTMReader({ ...readerSizes, layers: 3, documentFirst: true }, key), 'document first'),
  parser('additive', {}),
  parser('none', { score: 'none', feed: 'state' }),
];
