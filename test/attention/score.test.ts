import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { cosineScore } from '../../src/attention/content.ts';
import { LocationAwareScore, locationScore } from '../../src/attention/location.ts';
import { dotScore, generalScore, type ScoreName, scaledDotScore, scoreNamed } from '../../src/attention/score.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import type { Module } from '../../src/nn/module.ts';
import { select, slice } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list } from '../nn/row.ts';
import { B, inputs, named, S, type ScoreRow, scores, seenBy, type Weights, widths } from './table.ts';

describe('scores', () => {
  const weightsOf =
    (module: Module): Weights =>
    (path) => {
      const x = module.stateDict().get(path) as Tensor;
      const elements = list(x);
      const columns = x.shape.slice(1).reduce((product, n) => product * n, 1);
      return { rows: x.shape[0] as number, columns, at: (i, j = 0) => elements[i * columns + j] as number };
    };

  const compare = (row: ScoreRow, tolerance: number) =>
    scope(() => {
      const score = row.build(widths(row), key(1));
      const [queries, keys] = inputs(row);
      const query = row.reads ? slice(queries, 1, 0, 1) : queries; // with a state, one query at a time
      const state = seenBy(row);
      const all = score.score(query, score.prepare(keys), state);
      const steps = query.shape[1] as number;
      expect(all.shape).toEqual([B, steps, S]);
      const at = (x: Tensor, b: number, i: number) => list(select(select(x, 0, b), 0, i));
      const got = list(all);
      for (let b = 0; b < B; b++) {
        const seen = row.reads ? list(select(state[row.reads] as Tensor, 0, b)) : [];
        for (let t = 0; t < steps; t++) {
          for (let s = 0; s < S; s++) {
            const wanted = row.formula(at(query, b, t), at(keys, b, s), weightsOf(score), { s, seen });
            expect(Math.abs((got[(b * steps + t) * S + s] as number) - wanted)).toBeLessThanOrEqual(tolerance);
          }
        }
      }
    });

  it.each(named)('%s is its formula', (_, row) => {
    withBackend(referenceBackend(), () => compare(row, 1e-13)); // float64, sums of at most some dozen products below 5
    compare(row, 4e-6); // float32, likewise
  });

  it.each(named.map(([, row]) => [row.build(widths(row), key(1)).constructor.name, row] as const))(
    '%s has the gradients that central differences say',
    (_, row) => {
      const [queries, keys] = inputs(row);
      const query = row.reads ? slice(queries, 1, 0, 1) : queries;
      const seen = row.reads ? [seenBy(row)[row.reads] as Tensor] : [];
      gradcheck(
        (q, k, ...rest) => {
          const score = row.build(widths(row), key(1));
          return score.score(q, score.prepare(k), row.reads ? { [row.reads]: rest[0] as Tensor } : {});
        },
        [query, keys, ...seen],
      );
    },
  );

  it.each(['dot', 'scaledDot', 'general', 'additive'] as const)('%s is what its name makes', (name) => {
    const row = scores[name] as ScoreRow;
    const made = scoreNamed(name, widths(row), key(1));
    const built = row.build(widths(row), key(1));
    expect(made).toBeInstanceOf(built.constructor);
    const [query, keys] = inputs(row);
    expect(bits(made.score(query, made.prepare(keys), {}))).toEqual(bits(built.score(query, built.prepare(keys), {})));
  });

  it('cosineScore is the cosine, times the sharpness given, and 0 of nothing', () => {
    const [query, keys] = [tensor([[[3, 4], [0, 0]]]), tensor([[[3, 4], [-4, 3], [-6, -8]]])]; // biome-ignore format: matrices
    list(cosineScore(query, keys)).forEach((got, i) =>
      expect(Math.abs(got - ([1, 0, -1, 0, 0, 0][i] as number))).toBeLessThanOrEqual(1e-7),
    );
    const sharp = list(cosineScore(query, keys, tensor([[[5], [2]]])));
    sharp.forEach((got, i) => expect(Math.abs(got - ([5, 0, -5, 0, 0, 0][i] as number))).toBeLessThanOrEqual(1e-6));
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
    expect(() => locationScore(q, zeros([4, 4]), 5)).toThrow("locationScore: keys must be at most the weight's 4 rows, got 5");
    expect(() => new LocationAwareScore({ ...sizes, width: 4 }, key(1))).toThrow(
      'LocationAwareScore: width must be an odd whole number from 1, got 4',
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
