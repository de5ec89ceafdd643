import { describe, expect, it } from 'vitest';
import { dotScore, generalScore, type ScoreName, scaledDotScore, scoreNamed } from '../../src/attention/score.ts';
import * as saccade from '../../src/index.ts';
import type { Module } from '../../src/nn/module.ts';
import { select } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list } from '../nn/row.ts';
import { B, inputs, named, S, type ScoreRow, T, type Weights, widths } from './table.ts';

describe('scores', () => {
  const weightsOf =
    (module: Module): Weights =>
    (path) => {
      const x = module.stateDict().get(path) as Tensor;
      const elements = list(x);
      const width = x.shape[1] ?? 1;
      return { rows: x.shape[0] as number, at: (i, j = 0) => elements[i * width + j] as number };
    };

  const compare = (row: ScoreRow, tolerance: number) =>
    scope(() => {
      const score = row.build(widths(row), key(1));
      const [query, keys] = inputs(row);
      const all = score.score(query, score.prepare(keys));
      expect(all.shape).toEqual([B, T, S]);
      const at = (x: Tensor, b: number, i: number) => list(select(select(x, 0, b), 0, i));
      const got = list(all);
      for (let b = 0; b < B; b++) {
        for (let t = 0; t < T; t++) {
          for (let s = 0; s < S; s++) {
            const wanted = row.formula(at(query, b, t), at(keys, b, s), weightsOf(score));
            expect(Math.abs((got[(b * T + t) * S + s] as number) - wanted)).toBeLessThanOrEqual(tolerance);
          }
        }
      }
    });

  it.each(named)('%s is its formula', (_, row) => {
    withBackend(referenceBackend(), () => compare(row, 1e-14)); // float64, sums of at most 9 products below 1
    compare(row, 1e-6); // float32
  });

  it.each(named)('%s is what its name makes', (name, row) => {
    const made = scoreNamed(name, widths(row), key(1));
    const built = row.build(widths(row), key(1));
    expect(made).toBeInstanceOf(built.constructor);
    const [query, keys] = inputs(row);
    expect(bits(made.score(query, made.prepare(keys)))).toEqual(bits(built.score(query, built.prepare(keys))));
  });

  it('refuse what does not fit', () => {
    const [q, k] = [zeros([2, 3, 4]), zeros([2, 5, 6])];
    expect(() => dotScore(q, k)).toThrow('dotScore: query and keys must be [B, T, D] and [B, S, D], got [2, 3, 4] and [2, 5, 6]');
    expect(() => scaledDotScore(q, k)).toThrow('scaledDotScore: query and keys must be');
    expect(() => dotScore(q, zeros([3, 5, 4]))).toThrow('got [2, 3, 4] and [3, 5, 4]');
    expect(() => generalScore(q, k, zeros([4, 5]))).toThrow(/\[2, 5, 6\].*\[4, 5\]/);
    const sizes = { query: 4, key: 6, hidden: 3 };
    for (const name of ['dot', 'scaledDot'] as const)
      expect(() => scoreNamed(name, sizes, key(1))).toThrow(`${name}: query and key must be of one width, got 4 and 6`);
    expect(() => scoreNamed('cosine' as ScoreName, sizes, key(1))).toThrow(
      'score: must be dot, scaledDot, general or additive, got cosine',
    );
  });

  it('have a row for every score exported', () => {
    const made = new Set(named.map(([, row]) => row.build(widths(row), key(1)).constructor));
    const exported = Object.entries(saccade).filter(([, value]) => typeof value === 'function' && value.prototype instanceof saccade.Score);
    const known = new Set([...made].map(({ name }) => name));
    expect(exported.map(([name]) => name)).toContain('AdditiveScore');
    expect(exported.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });
});
