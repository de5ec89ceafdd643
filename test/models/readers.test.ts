import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { padBatch } from '../../src/data/batch.ts';
import { beamSearch } from '../../src/decode/index.ts';
import {
  AttentiveReader,
  BilinearReader,
  DeepLSTMReader,
  GrammarParser,
  ImpatientReader,
  type Reader,
  UniformReader,
} from '../../src/models/index.ts';
import { parameters } from '../../src/nn/module.ts';
import { crossEntropy } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { Adam } from '../../src/train/index.ts';
import { bits } from '../nn/row.ts';
import { readerSizes } from './readers.ts';

const readers: [string, Reader, looks: (question: number) => number][] = [
  ['AttentiveReader', new AttentiveReader(readerSizes, key(1)), () => 1],
  ['BilinearReader', new BilinearReader(readerSizes, key(2)), () => 1],
  ['UniformReader', new UniformReader(readerSizes, key(3)), () => 1],
  ['ImpatientReader', new ImpatientReader(readerSizes, key(4)), (question) => question],
  ['DeepLSTMReader', new DeepLSTMReader(readerSizes, key(5)), () => 0],
];

const documents = [
  [3, 6, 4, 1],
  [5, 6],
];
const questions = [
  [6, 3, 1],
  [1, 6],
];
const batch = (longer = 0) => ({
  document: padBatch(documents, { minLength: 4 + longer }).tokens,
  question: padBatch(questions, { minLength: 3 + longer }).tokens,
});

describe.each(readers)('%s', (_, reader, looks) => {
  it('answers alone with the bits of a batch, and of a batch with more padding', () => {
    scope(() => {
      const { document, question } = batch();
      const { logits } = reader.forward(document, question);
      const longer = batch(3);
      expect(bits(reader.forward(longer.document, longer.question).logits)).toEqual(bits(logits));
      documents.forEach((own, i) => {
        const alone = reader.forward(tensor([own], { dtype: 'int32' }), tensor([questions[i] as number[]], { dtype: 'int32' }));
        expect(bits(alone.logits)).toEqual(bits(logits).slice(4 * i, 4 * i + 4));
      });
    });
  });

  it('chooses among the candidates that the document names, and gives the others no share', () => {
    scope(() => {
      const { document, question } = batch();
      const { logits } = reader.forward(document, question);
      expect(Array.from(logits.toArray(), Number.isFinite)).toEqual([false, true, true, false, false, false, false, true]);
      const { answers, probabilities } = reader.answer(document, question);
      expect([3, 4]).toContain(answers[0]);
      expect(answers[1]).toBe(5);
      expect(probabilities[1]).toBe(1);
      expect(probabilities[0]).toBeGreaterThanOrEqual(0.5);
      const loss = crossEntropy(logits, tensor([2, 3], { dtype: 'int32' }));
      const rows = grad(loss, [reader.output.weight])[0]?.toNested() as number[][];
      expect(rows[0]?.every((g) => g === 0)).toBe(true); // symbol 2 stands in no document
      expect(rows[1]?.some((g) => g !== 0)).toBe(true);
    });
  });

  it('says how much it took of each token at each look: nothing of padding, 1 in all', () => {
    scope(() => {
      const { document, question } = batch(2);
      const { weights } = reader.answer(document, question);
      if (looks(3) === 0) {
        expect(weights).toBeNull();
        return;
      }
      expect(weights?.shape).toEqual([2, looks(5), 6]);
      const nested = weights?.toNested() as number[][][];
      nested.forEach((rows, b) => {
        rows.forEach((row, i) => {
          const own = (documents[b] as number[]).length;
          expect(row.slice(own).every((weight) => Object.is(weight, 0))).toBe(true);
          const sum = row.reduce((all, weight) => all + weight, 0);
          expect(sum).toBeCloseTo(i < looks((questions[b] as number[]).length) ? 1 : 0, 6);
        });
      });
    });
  });

  it('refuses what it cannot read', () => {
    const { document, question } = batch();
    const only = tensor([[3, 6]], { dtype: 'int32' });
    expect(() => reader.forward(document, only)).toThrow('Reader: document and question must be as many, got 2 and 1');
    expect(() => reader.forward(tensor([[6, 1]], { dtype: 'int32' }), only)).toThrow(
      'Reader: document must name a candidate, got none in row 0',
    );
    expect(() => reader.forward(tensor([[1.5]]), only)).toThrow('Reader: document must be int32 [B, T], got ');
    expect(() => reader.forward(document, question, { mask: 1 } as never)).toThrow('Reader: options must be among key, got mask');
  });
});

it('a reader has as many symbols as candidates', () => {
  expect(() => new AttentiveReader({ ...readerSizes, symbols: 5 }, key(1))).toThrow(
    'AttentiveReader: symbols must be at least first and candidates together, got 5 for 2 and 4',
  );
});

describe('GrammarParser', () => {
  const tree = { label: 'S', children: [{ label: 'NP', children: [0, 1] }, 2] };
  const sizes = { words: 9, labels: ['S', 'NP'], hidden: 12, embedding: 8 };
  const sentences = [
    [3, 4, 5],
    [6, 7],
  ];
  const trees = [tree, { label: 'S', children: [0, 1] }];

  it('is a decoder, which a search of your own writes with as parse does', () => {
    for (const score of ['additive', 'none'] as const) {
      const parser = new GrammarParser({ words: 9, labels: ['S', 'NP'], hidden: 6, score }, key(8));
      const words = tensor(
        [
          [3, 5, 4, 8],
          [6, 7, 0, 0],
        ],
        { dtype: 'int32' },
      );
      const lines = beamSearch(parser, parser.read(words), { batch: 2, start: 1, end: 2, never: [0, 1], maxLength: 9 });
      const written = lines.map(([first]) => (first?.tokens ?? []).map((token) => parser.symbols[token - 3]));
      expect(written).toEqual(parser.parse(words, { maxLength: 9 }).map(({ symbols }) => symbols));
      expect(written.flat().length).toBeGreaterThan(0);
    }
  });

  it('writes trees as tokens', () => {
    const parser = new GrammarParser(sizes, key(1));
    expect(parser.symbols).toEqual(['XX', '(S', ')S', '(NP', ')NP']);
    expect(parser.encode(tree)).toEqual([4, 6, 3, 3, 7, 3, 5, 2]);
    expect(() => parser.encode({ label: 'VP', children: [0] })).toThrow('GrammarParser: labels of tree must be known, got VP');
    expect(() => new GrammarParser({ ...sizes, labels: ['S', 'S'] }, key(1))).toThrow('GrammarParser: labels must be labels, each once');
  });

  it.each(['additive', 'dot', 'none'] as const)('learns two trees by heart with score %s, and says where each bracket looked', (score) => {
    const parser = new GrammarParser({ ...sizes, score }, key(2));
    const optimizer = new Adam(parameters(parser), { lr: 0.03 });
    const words = padBatch(sentences).tokens;
    const target = padBatch(trees.map((one) => parser.encode(one))).tokens;
    for (let i = 0; i < 40; i++) {
      scope(() => {
        backward(crossEntropy(parser.forward(words, target), target, { ignoreIndex: 0 }));
        optimizer.step();
      });
    }
    const parses = parser.parse(words);
    expect(parses.map((parse) => parse.tree)).toEqual(trees);
    expect(parses.map(({ malformed }) => malformed)).toEqual([false, false]);
    expect(parses[0]?.symbols.join(' ')).toBe('(S (NP XX XX )NP XX )S');
    expect(parses[0]?.opened).toEqual([0, 1]);
    const alone = parser.parse(tensor([[6, 7]], { dtype: 'int32' }))[0];
    if (score === 'none') {
      expect(parses[0]).toMatchObject({ weights: null, looks: null });
      return;
    }
    parses.forEach(({ weights, looks, opened, symbols }, i) => {
      expect(weights?.map(({ length }) => length)).toEqual(symbols.map(() => (sentences[i] as number[]).length));
      expect(looks).toEqual(opened.map((at) => weights?.[at]));
      for (const row of weights ?? []) expect(row.reduce((all, weight) => all + weight, 0)).toBeLessThanOrEqual(1 + 1e-6);
    });
    expect(alone?.looks).toEqual(parses[1]?.looks); // whatever padding there is
  });

  it('reads the words from the last to the first, whatever padding follows them, then their end', () => {
    const parser = new GrammarParser(sizes, key(3));
    const target = tensor([[4, 3, 5, 2]], { dtype: 'int32' });
    scope(() => {
      const wanted = parser.seq2seq.forward(tensor([[5, 4, 3, 2]], { dtype: 'int32' }), target);
      expect(bits(parser.forward(tensor([[3, 4, 5]], { dtype: 'int32' }), target))).toEqual(bits(wanted));
      expect(bits(parser.forward(tensor([[3, 4, 5, 0, 0]], { dtype: 'int32' }), target))).toEqual(bits(wanted));
    });
  });

  it('puts the words back in order: a look belongs to the word that was looked at', () => {
    const parser = new GrammarParser(sizes, key(4));
    scope(() => {
      const [parse] = parser.parse(tensor([[3, 4, 5]], { dtype: 'int32' }), { maxLength: 3 });
      const written = parse?.symbols.map((symbol) => parser.symbols.indexOf(symbol) + 3) ?? [];
      const { weights } = parser.seq2seq.teach(tensor([[5, 4, 3, 2]], { dtype: 'int32' }), tensor([[...written, 2]], { dtype: 'int32' }));
      const rows = (weights as Tensor).toNested() as number[][][];
      parse?.weights?.forEach((row, t) => {
        row.forEach((weight, word) => {
          expect(weight).toBeCloseTo(rows[0]?.[t]?.[2 - word] as number, 6);
        });
      });
      expect(written.length).toBeGreaterThan(0);
    });
  });

  it('is cut off, and then repaired', () => {
    const parser = new GrammarParser(sizes, key(5));
    const [parse] = parser.parse(tensor([[3, 4, 5]], { dtype: 'int32' }), { maxLength: 1 });
    expect(parse?.malformed).toBe(true);
    expect(parse?.symbols.length).toBeLessThanOrEqual(1);
    expect(() => parser.parse(tensor([[3]], { dtype: 'int32' }), { beam: 0 })).toThrow('parse: beam must be a whole number from 1, got 0');
  });
});
