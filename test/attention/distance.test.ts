// What parts that know of positions refuse, and how they say it.
import { describe, expect, it } from 'vitest';
import { type Between, CombinedBetween, Rotary } from '../../src/attention/between.ts';
import { alibi, DistanceBias, RelativePositions } from '../../src/attention/distance.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import { CombinedWindow } from '../../src/attention/window.ts';
import { zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { real } from '../nn/row.ts';

const [E, H, D] = [16, 4, 4];

describe('parts of positions say what is wrong', () => {
  const x = real([0, 1], [4, E], 1);
  it('by name', () => {
    expect(() => new MultiHead({ query: E, key: E, heads: H, window: alibi([1, 2]) }, key(1)).forward(x, x)).toThrow(
      'alibi: slopes must be one for each of 4 heads, got 2',
    );
    const bias = new DistanceBias({ heads: 2 }, key(1));
    expect(() => new MultiHead({ query: E, key: E, heads: H, window: bias }, key(1)).forward(x, x)).toThrow(
      'DistanceBias: heads must be the 2 it is made for, got 4',
    );
    expect(() => alibi(zeros([2, 2]))).toThrow('alibi: slopes must be [H], got [2, 2]');
    const two = [1, 2].map((seed) => new RelativePositions({ size: D, reach: seed }, key(seed)));
    expect(() => new CombinedWindow(...two)).toThrow('CombinedWindow: windows must read at most one table besides the values, got 2');
    expect(() => new CombinedBetween({} as Between)).toThrow(
      'CombinedBetween: part 0 must be an object with query() and key(), got an object',
    );
    expect(() => new Rotary({ table: zeros([4, 3]) })).toThrow('Rotary: table must be [length, width] with an even width, got [4, 3]');
    const score = () => ({}) as never;
    expect(() => new MultiHead({ query: E, key: E, heads: H, scale: 1, score }, key(1))).toThrow(
      'MultiHead: scale must be left out where a score is given, got 1',
    );
    expect(() => new MultiHead({ query: E, key: E, heads: H, size: 8, headSize: 4 }, key(1))).toThrow(
      'MultiHead: size must be heads · headSize where both are given, got 8, 4 and 4',
    );
  });
});
