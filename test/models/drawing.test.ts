// What the encoder-decoder models draw in training: where they drop elements, and which tokens they feed themselves.
import { describe, expect, it } from 'vitest';
import type { AttentionSeq2Seq } from '../../src/models/seq2seq/attention-seq2seq.ts';
import { Bridge, Encoder } from '../../src/models/seq2seq/encoder.ts';
import type { Seq2Seq } from '../../src/models/seq2seq/seq2seq.ts';
import { TransformerDecoderLayer } from '../../src/models/transformer/decoder-layer.ts';
import { TransformerEncoderLayer } from '../../src/models/transformer/layer.ts';
import { Seq2SeqTransformer } from '../../src/models/transformer/seq2seq-transformer.ts';
import type { Module } from '../../src/nn/module.ts';
import { tensor } from '../../src/tensor/create.ts';
import { type Key, key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list, real, sentences } from '../nn/row.ts';
import { SYMBOLS, translators } from './table.ts';

const BATCH = Array.from({ length: 40 }, (_, i) => i);
const P = 0.25;
const GUESS = 6;
const source = () => sentences(BATCH, 5, SYMBOLS, 1);

/** Each element of `dropped` is 0, with probability P, or that of `plain` / (1 − P). */
function expectDropped(dropped: Tensor, plain: Tensor): void {
  const [x, y] = [list(dropped), list(plain)];
  const gone = x.filter((v) => v === 0).length;
  x.forEach((v, i) => {
    if (v !== 0) expect(Math.abs(v - (y[i] as number) / (1 - P))).toBeLessThanOrEqual(1e-6);
  });
  const spread = Math.sqrt((P * (1 - P)) / x.length);
  expect(Math.abs(gone / x.length - P)).toBeLessThan(5 * spread);
}

/** Models that are taught step by step. */
const stepwise = translators.filter(({ name }) => !/^(Seq2SeqTransformer|T5)/.test(name));

describe.each(stepwise.map((row) => [row.name, row.build] as const))('%s', (_, build) => {
  it('drops elements of the vector that the logits are read from, and feeds what is left', () => {
    const model = build(key(1), { dropout: P }) as AttentionSeq2Seq & Seq2Seq;
    const read = model.read(source());
    const state = model.initialState(read);
    const embedded = real(BATCH, [3], 2);
    const plain = model.advance(embedded, read, state);
    const dropped = model.advance(embedded, read, state, { key: key(2) });
    expectDropped(dropped.vector, plain.vector);
    if ('fed' in plain.state) expect(list(dropped.state.fed as Tensor)).toEqual(list(dropped.vector));
    expect(list(dropped.state.cell.h)).toEqual(list(plain.state.cell.h));
    expect(list(model.advance(embedded, read, state, { key: key(3) }).vector)).not.toEqual(list(dropped.vector));
  });
});

describe('Encoder', () => {
  it('drops elements of the memory, not of the last states, and of what it reads', () => {
    const encoder = new Encoder({ source: SYMBOLS, embedding: 3, hidden: 4, layers: 1, dropout: P }, key(1));
    const plain = encoder.forward(source(), 0);
    const dropped = encoder.forward(source(), 0, { key: key(2) });
    const [x, y] = [list(dropped.outputs), list(plain.outputs)];
    const real = y.filter((v) => v !== 0).length;
    const gone = x.filter((v, i) => v === 0 && y[i] !== 0).length;
    expect(Math.abs(gone / real - P)).toBeLessThan(5 * Math.sqrt((P * (1 - P)) / real));
    expect(list(dropped.h).some((v) => v === 0)).toBe(false);
    expect(list(dropped.h)).not.toEqual(list(plain.h)); // the embeddings were
    const without = new Encoder({ source: SYMBOLS, embedding: 3, hidden: 4, layers: 1, dropout: 0 }, key(1));
    expect(list(without.forward(source(), 0, { key: key(2) }).outputs)).toEqual(y);
  });

  it('of a GRU has no cells, which a bridge to an LSTM misses by name', () => {
    const sizes = { source: SYMBOLS, embedding: 3, hidden: 4, layers: 1, dropout: 0, cell: 'gru' } as const;
    const encoded = new Encoder(sizes, key(1)).forward(source(), 0);
    expect(() => new Bridge({ hidden: 4 }, key(2)).forward(encoded)).toThrow(
      'Bridge: encoded must have c, or the bridge be made with cell: false, got null',
    );
    expect(list(new Bridge({ hidden: 4, cell: false }, key(2)).forward(encoded).c).every((v) => v === 0)).toBe(true);
    expect(() => new Encoder({ ...sizes, cell: 'rnn' as 'gru' }, key(1))).toThrow("Encoder: cell must be one of lstm, gru, got 'rnn'");
  });
});

describe('teacher forcing', () => {
  it('drops elements of what the decoder is fed', () => {
    const { build } = translators[0] as (typeof translators)[number];
    const model = build(key(1), { dropout: P });
    const target = sentences(BATCH, 4, SYMBOLS, 2);
    // With the steps' dropout and the encoder's taken away, what is left is that of the embeddings.
    const [advance, read] = [model.advance.bind(model), model.read.bind(model)] as unknown as [
      AttentionSeq2Seq['advance'],
      AttentionSeq2Seq['read'],
    ];
    const fed: Tensor[] = [];
    Object.assign(model, {
      read: (tokens: Tensor) => read(tokens),
      advance: (embedded: Tensor, from: never, state: never) => {
        fed.push(embedded);
        return advance(embedded, from, state);
      },
    });
    model.forward(source(), target);
    const plain = fed.splice(0);
    model.forward(source(), target, { key: key(2) });
    for (const [t, embedded] of fed.entries()) expectDropped(embedded, plain[t] as Tensor);
  });
});

describe('Transformers', () => {
  /** Gives the last maps of each half nothing but a bias of its own. */
  const only = (biases: Record<string, number>, layer: Module) => {
    for (const [path, x] of layer.stateDict()) {
      const name = Object.keys(biases).find((start) => path.startsWith(start));
      if (name) x.view().fill(path.endsWith('bias') ? (biases[name] as number) : 0);
    }
  };
  /** Each element of y − x is a sum of some of the biases / (1 − P), each there with probability 1 − P. */
  function expectHalves(y: Tensor, x: Tensor, biases: readonly number[]): void {
    const [a, b] = [list(y), list(x)];
    const sums = a.map((v, i) => Math.round((v - (b[i] as number)) * (1 - P)));
    a.forEach((v, i) => {
      expect(Math.abs((v - (b[i] as number)) * (1 - P) - (sums[i] as number))).toBeLessThanOrEqual(1e-5);
    });
    for (const bias of biases) {
      const there = sums.filter((sum) => (sum & bias) !== 0).length / sums.length;
      expect(Math.abs(there - (1 - P)), `${bias}`).toBeLessThan(5 * Math.sqrt((P * (1 - P)) / sums.length));
    }
  }

  it('drop elements of what each half of a layer adds', () => {
    const sizes = { size: 6, heads: 2, normFirst: true, dropout: P };
    const [x, memory] = [real(BATCH, [7, 6], 1), real(BATCH, [5, 6], 2)];
    const encoder = new TransformerEncoderLayer(sizes, key(1));
    only({ 'self_attn.out_proj': 1, linear2: 2 }, encoder);
    expectHalves(encoder.forward(x, { key: key(2) }), x, [1, 2]);
    const decoder = new TransformerDecoderLayer(sizes, key(1));
    only({ 'self_attn.out_proj': 1, 'multihead_attn.out_proj': 2, linear2: 4 }, decoder);
    expectHalves(decoder.forward(x, memory, { key: key(2) }), x, [1, 2, 4]);
  });

  it('drop elements of embeddings with their positions, of source and target', () => {
    const model = new Seq2SeqTransformer({ source: SYMBOLS, target: SYMBOLS, size: 8, heads: 2, layers: 1, dropout: P }, key(1));
    const seen: Tensor[] = [];
    for (const stack of [model.transformer.encoder, model.transformer.decoder]) {
      const forward = stack.forward.bind(stack) as (...given: unknown[]) => unknown;
      Object.assign(stack, {
        forward: (x: Tensor, ...rest: unknown[]) => {
          seen.push(x);
          return forward(x, ...rest);
        },
      });
    }
    const target = sentences(BATCH, 4, SYMBOLS, 2);
    model.forward(source(), target);
    model.forward(source(), target, { key: key(2) });
    const [read, written, dropped, other] = seen as [Tensor, Tensor, Tensor, Tensor];
    expectDropped(dropped, read);
    expectDropped(other, written);
  });
});

describe('keys', () => {
  it.each(stepwise.map((row) => [row.name, row.build] as const))(
    'of %s: each step, the encoder and the embedding have their own',
    (_, build) => {
      const model = build(key(1), { dropout: P });
      const given: Key[] = [];
      const [advance, read] = [model.advance, model.read] as unknown as [AttentionSeq2Seq['advance'], AttentionSeq2Seq['read']];
      Object.assign(model, {
        read: (tokens: Tensor, options: { key?: Key }) => {
          if (options.key) given.push(options.key);
          return read.call(model, tokens, options);
        },
        advance: (embedded: Tensor, from: never, state: never, options: { key?: Key }) => {
          if (options.key) given.push(options.key);
          return advance.call(model, embedded, from, state, options);
        },
      });
      const target = sentences(BATCH, 4, SYMBOLS, 2);
      model.forward(source(), target);
      expect(given).toEqual([]);
      model.forward(source(), target, { key: key(2) });
      expect(new Set(given.map(({ hi, lo }) => `${hi} ${lo}`)).size).toBe(5);
    },
  );
});

describe('scheduled sampling', () => {
  it('feeds the guess in place of the truth with its probability, each step and row on its own', () => {
    const { build } = translators[0] as (typeof translators)[number];
    const model = build(key(1));
    model.output.bias?.view().fill(99, GUESS, GUESS + 1);
    const rows = Array.from({ length: 600 }, (_, i) => i);
    const target = sentences(rows, 4, GUESS, 2); // without the guess
    const of = list(model.embedding.forward(tensor(Int32Array.of(GUESS))));
    const advance = model.advance.bind(model) as AttentionSeq2Seq['advance'];
    const guessed: boolean[][] = [];
    Object.assign(model, {
      advance: (embedded: Tensor, from: never, state: never) => {
        const x = list(embedded);
        guessed.push(rows.map((row) => of.every((v, i) => x[row * of.length + i] === v)));
        return advance(embedded, from, state);
      },
    });
    model.forward(sentences(rows, 5, SYMBOLS, 1), target, { sampling: 0.3, key: key(4) });
    const [first, ...later] = guessed as [boolean[], ...boolean[][]];
    expect(first.some(Boolean)).toBe(false); // the start
    for (const step of later) expect(Math.abs(step.filter(Boolean).length / 600 - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / 600));
    const both = later[0]?.filter((is, i) => is && later[1]?.[i]).length ?? 0;
    expect(Math.abs(both / 600 - 0.09)).toBeLessThan(5 * Math.sqrt((0.09 * 0.91) / 600));
  });
});
