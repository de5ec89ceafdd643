// What the names stand for.
import { describe, expect, it } from 'vitest';
import { type Attention, bahdanau, softAttention } from '../../src/attention/attention.ts';
import { highest } from '../../src/attention/hard.ts';
import { luong, nearestKey, pointer } from '../../src/attention/named.ts';
import { AdditiveScore } from '../../src/attention/score.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list } from '../nn/row.ts';
import { inputs, padded } from './table.ts';

const sizes = { query: 6, key: 5, hidden: 9 };

describe('names', () => {
  it('bahdanau and softAttention are the same with the additive score, and pointer reads their weights', () => {
    const run = (attention: Attention) => attention.forward(...inputs({}), { mask: padded() });
    expect(bits(run(bahdanau(sizes, key(1))).output)).toEqual(bits(run(softAttention('additive', sizes, key(1))).output));
    const pointed = run(pointer(sizes, key(1)));
    expect(bits(pointed.output)).toEqual(bits(run(bahdanau(sizes, key(1))).weights));
  });

  it('luong global concat is the additive score', () => {
    const { score } = luong(sizes, key(1), { score: 'concat' });
    expect(score).toBeInstanceOf(AdditiveScore);
    expect(() => luong(sizes, key(1), { score: 'cosine' as 'dot' })).toThrow(
      "luong: score must be one of location, dot, general, concat, got 'cosine'",
    );
  });

  it('nearestKey chooses alike however it learns', () => {
    const run = (attention: Attention) => list(attention.forward(...inputs({})).choice as Tensor);
    expect(run(nearestKey(sizes, key(1), { selection: highest }))).toEqual(run(nearestKey(sizes, key(1))));
  });
});
