// What scores, windows and mechanisms refuse: every way in which shapes fail to go together, by the name of the one that was called.
import { describe, expect, it } from 'vitest';
import { Attention, bahdanau, softAttention } from '../../src/attention/attention.ts';
import { cosineScore } from '../../src/attention/content.ts';
import { exploring, gumbelStraightThrough } from '../../src/attention/hard.ts';
import { IntraAttention } from '../../src/attention/intra.ts';
import { locationScore } from '../../src/attention/location.ts';
import { lengthsToMask } from '../../src/attention/mask.ts';
import { locationAware, luong, monotonic, nearestKey } from '../../src/attention/named.ts';
import { DotScore, dotScore, scaledDotScore } from '../../src/attention/score.ts';
import { biased, CombinedWindow, causal, coverage, masked, sliding } from '../../src/attention/window.ts';
import { ones, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const [B, T, S, D] = [2, 3, 5, 4];
const [query, keys] = [ones([B, T, D]), ones([B, S, D])];
const got = (a: Tensor, b: Tensor) => `got [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`;
const other = [
  [ones([B, D]), keys],
  [query, ones([B, D])],
  [ones([B, T, D, 1]), keys],
  [query, ones([B, S, D, 1])],
  [query, ones([B + 1, S, D])],
] as const;

it.each([
  ['dotScore', dotScore],
  ['scaledDotScore', scaledDotScore],
  ['dotScore', cosineScore],
] as const)('%s refuses other ranks, batches and widths', (name, score) => {
  for (const [q, k] of [...other, [query, ones([B, S, D + 1])] as const])
    expect(() => score(q, k)).toThrow(`${name}: query and keys must be [B, T, D] and [B, S, D], ${got(q, k)}`);
});

describe('attention', () => {
  const attention = softAttention('dot', { query: D, key: D, hidden: 1 }, key(1));

  it('refuses queries and keys of other ranks and batches', () => {
    for (const [q, k] of other)
      expect(() => attention.forward(q, k)).toThrow(`attention: query and keys must be [B, T, Q] and [B, S, K], ${got(q, k)}`);
  });

  it('refuses values of other ranks, batches and lengths, and what are no tensors', () => {
    const wrong = [ones([B, S]), ones([B, S, D, 1]), ones([B + 1, S, D]), ones([B, S + 1, D])];
    for (const values of wrong)
      expect(() => attention.prepare(keys, values)).toThrow(
        `attention: keys and values must be [B, S, K] and [B, S, V], ${got(keys, values)}`,
      );
    expect(() => attention.prepare(ones([B, D]))).toThrow(
      'attention: keys and values must be [B, S, K] and [B, S, V], got [2, 4] and [2, 4]',
    );
    expect(() => attention.prepare(ones([B, D]), keys)).toThrow('attention: keys and values must be [B, S, K] and [B, S, V]');
    expect(() => attention.prepare([[1]] as unknown as Tensor)).toThrow('attention: keys and values must be a tensor');
    expect(() => attention.prepare(keys, 3 as unknown as Tensor)).toThrow('attention: keys and values must be a tensor');
  });

  it('refuses queries of a step of other ranks and batches', () => {
    const prepared = attention.prepare(keys);
    for (const q of [query, ones([D]), ones([B + 1, D])])
      expect(() => attention.step(q, prepared, {})).toThrow(
        `attention: query of a step must be [B, Q] for a source of ${B}, got [${q.shape.join(', ')}]`,
      );
    expect(() => attention.step(ones([B, D]), prepared, {}, { mask: 1 } as object)).toThrow(
      'Attention: options must be among key, got mask',
    );
  });

  it('refuses parts that are none, and options that there are not', () => {
    const made = (parts: object) => () => new Attention({ score: new DotScore(), ...parts });
    expect(made({ score: 3 })).toThrow('Attention: score must be an object with score(), got 3');
    expect(made({ window: {} })).toThrow('Attention: window must be an object with limit(), got ');
    expect(made({ selection: () => 1 })).toThrow('Attention: selection must be an object with select(), got ');
    expect(made({ read: 'sum' })).toThrow("Attention: read must be a function, got 'sum'");
    expect(made({ scores: 1 })).toThrow('Attention: options must be among score, window, selection, read, heads, got scores');
    expect(() => attention.forward(query, keys, keys, { masks: 1 } as object)).toThrow(
      'Attention: options must be among mask, key, got masks',
    );
    expect(() => attention.prepare(keys, keys, { key: 1 } as object)).toThrow('Attention: options must be among mask, got key');
  });

  it('reads the keys where no values are given', () => {
    const made = bahdanau({ query: D, key: D, hidden: 3 }, key(1));
    expect([...made.forward(query, keys).output.toArray()]).toEqual([...made.forward(query, keys, keys).output.toArray()]);
    expect(made.prepare(keys).values).toBe(keys);
  });
});

describe('windows and tables', () => {
  const look = (window: object, q = query, k = keys) =>
    new Attention({ score: new DotScore(), window: window as typeof causal }).forward(q, k);

  it('refuse a table without a row for each query and a column for each key', () => {
    for (const [name, table] of [
      ['masked', (shape: number[]) => masked(ones(shape, 'bool'))],
      ['biased', (shape: number[]) => biased(zeros(shape))],
    ] as const) {
      expect(() => table([S])).toThrow(`${name}: table must be [T, S] or [1, T, S], got [5]`);
      expect(() => table([B, T, S])).toThrow(`${name}: table must be [T, S] or [1, T, S], got [2, 3, 5]`);
      expect(() => table([1, 1, T, S])).toThrow(`${name}: table must be [T, S] or [1, T, S], got [1, 1, 3, 5]`);
      const message = (shape: number[]) =>
        `${name}: table must have a row for each query and a column for each of 5 keys, got [${shape.join(', ')}]`;
      for (const shape of [
        [T, S + 1],
        [T - 1, S],
        [1, T, S - 1],
        [1, T - 1, S],
      ])
        expect(() => look(table(shape))).toThrow(message(shape));
      for (const shape of [
        [T, S],
        [1, T, S],
        [T + 2, S],
      ])
        expect(look(table(shape)).weights.shape).toEqual([B, T, S]);
    }
    expect(() => masked(ones([T, S]))).toThrow('masked: table must be bool, got float32');
    expect(() => biased(ones([T, S], 'bool'))).toThrow('biased: table must be float32, got bool');
  });

  it('refuse what they are not made with', () => {
    expect(() => sliding({ before: 'all' as unknown as number })).toThrow("sliding: before must be a number, got 'all'");
    expect(() => sliding({ after: Number.NaN })).toThrow('sliding: after must be a number, got NaN');
    expect(() => coverage({ strength: Infinity })).toThrow('coverage: strength must be a number or a tensor, got Infinity');
    expect(() => new CombinedWindow(causal, {} as typeof causal)).toThrow('CombinedWindow: window 1 must be an object with limit(), got ');
    expect(new CombinedWindow(causal, causal).windows).toEqual([causal, causal]);
    expect(look(new CombinedWindow()).weights.toArray()).toEqual(look({ limit: (scores: Tensor) => ({ scores }) }).weights.toArray());
  });
});

describe('names and options', () => {
  const sizes = { query: D, key: D, hidden: D };

  it('of mechanisms are checked', () => {
    expect(() => luong(sizes, key(1), { score: 'cosine' as 'dot' })).toThrow(
      "luong: score must be one of location, dot, general, concat, got 'cosine'",
    );
    expect(() => luong(sizes, key(1), { window: 'local' as 'global' })).toThrow(
      "luong: window must be one of global, local-m, local-p, got 'local'",
    );
    expect(() => luong({ query: D, key: D } as typeof sizes, key(1))).toThrow('luong: hidden must be a whole number from 1, got undefined');
    expect(() => luong(sizes, 1 as never)).toThrow('luong: key must be made by key(seed), split or foldIn, got 1');
    expect(() => locationAware(sizes, key(1), { filter: 3 } as object)).toThrow(
      'locationAware: options must be among filters, width, of, got filter',
    );
    expect(() => nearestKey(sizes, key(1), { select: 3 } as object)).toThrow('nearestKey: options must be among selection, got select');
    expect(() => monotonic(sizes, key(1), { hard: 1 as unknown as boolean })).toThrow('monotonic: hard must be true or false, got 1');
    expect(() => locationScore(query, ones([7, D]), -1)).toThrow('locationScore: keys must be a whole number from 0, got -1');
    expect(() => gumbelStraightThrough({ temperature: 0 })).toThrow(
      'gumbelStraightThrough: temperature must be a number above 0 or a function, got 0',
    );
    for (const epsilon of [-0.1, 1.1, Number.NaN, '1' as unknown as number])
      expect(() => exploring({ epsilon })).toThrow('exploring: epsilon must be in [0, 1], or a function, got ');
    for (const epsilon of [0, 1])
      expect(exploring({ epsilon }).select(ones([1, 1, 2]), { query, state: {} }).weights.shape).toEqual([1, 1, 2]);
    expect(() => lengthsToMask([1], { length: 3 } as object)).toThrow('lengthsToMask: options must be among size, got length');
  });

  it('luong looks at the first keys a location has scores for, and no further', () => {
    const at = (most: number) => luong(sizes, key(1), { score: 'location', most }).forward(query, keys);
    expect(at(S).weights.shape).toEqual([B, T, S]);
    expect(() => at(S - 1)).toThrow("locationScore: keys must be at most the weight's 4 rows, got 5");
  });
});

it('intra-attention refuses masks that are none', () => {
  const module = new IntraAttention({ input: D, hidden: 3, window: 9 }, key(1));
  expect(() => module.forward(ones([B, T, D]), { mask: ones([B, T]) })).toThrow('IntraAttention: mask must be bool, got float32');
  expect(() => module.forward(ones([B, T, D, 1]))).toThrow('IntraAttention: x must be [B, T, 4], got [2, 3, 4, 1]');
});
