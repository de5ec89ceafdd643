// What the names stand for.
import { describe, expect, it } from 'vitest';
import { type Attention, bahdanau, softAttention } from '../../src/attention/attention.ts';
import { highest } from '../../src/attention/hard.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import { luong, multiHead, nearestKey, pointer } from '../../src/attention/named.ts';
import { AdditiveScore } from '../../src/attention/score.ts';
import { causal } from '../../src/attention/window.ts';
import { linear, permute, reshape, scaledDotProductAttention, slice } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, real } from '../nn/row.ts';
import { B, inputs, padded, S, T, V } from './table.ts';

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
      'score: must be dot, scaledDot, general or additive, got cosine',
    );
  });

  it('nearestKey chooses alike however it learns', () => {
    const run = (attention: Attention) => list(attention.forward(...inputs({})).choice as Tensor);
    expect(run(nearestKey(sizes, key(1), { selection: highest }))).toEqual(run(nearestKey(sizes, key(1))));
  });
});

describe('several heads', () => {
  /** The same of ops: each head's slice of the projections through the fused attention. */
  const byOps = (mechanism: MultiHead, [query, keys, values]: [Tensor, Tensor, Tensor], options: object) => {
    const size = mechanism.q_proj_weight.shape[0] as number;
    const project = (x: Tensor, weight: Tensor, i: number) => {
      const y = linear(x, weight, slice(mechanism.in_proj_bias, 0, i * size, (i + 1) * size));
      return permute(reshape(y, [x.shape[0] as number, x.shape[1] as number, mechanism.heads, -1]), [0, 2, 1, 3]);
    };
    const q = project(query, mechanism.q_proj_weight, 0);
    const k = project(keys, mechanism.k_proj_weight, 1);
    const v = project(values, mechanism.v_proj_weight, 2);
    const { output, weights } = scaledDotProductAttention(q, k, v, { ...options, weights: true });
    return { output: mechanism.out_proj.forward(reshape(permute(output, [0, 2, 1, 3]), [B, T, size])), weights };
  };

  it.each([
    ['everywhere', {}, {}],
    ['padded', { mask: true }, {}],
    ['causal', {}, { window: causal }],
  ] as const)('are scaled dot-product attention between linear maps: %s', (name, options, parts) => {
    withBackend(referenceBackend(), () => {
      const mechanism = multiHead({ ...sizes, hidden: 6 }, key(3), { heads: 3, value: V, output: 4, ...parts });
      mechanism.in_proj_bias.view().set(list(real([0], [18], 7)));
      const mask = 'mask' in options ? padded() : undefined;
      const got = mechanism.forward(...inputs({}), mask ? { mask } : {});
      const wanted = byOps(mechanism, inputs({}), { ...(mask && { mask: reshape(mask, [B, 1, 1, S]) }), causal: name === 'causal' });
      for (const field of ['output', 'weights'] as const) {
        expect(got[field].shape).toEqual(wanted[field].shape);
        list(got[field]).forEach((x, i) => expect(Math.abs(x - (list(wanted[field])[i] as number))).toBeLessThanOrEqual(1e-14));
      }
    });
  });

  it('have PyTorch’s parameters, drawn as there', () => {
    const mechanism = new MultiHead({ query: 8, key: 5, value: 3, heads: 2, output: 7 }, key(1));
    const shapes = Object.fromEntries([...mechanism.stateDict()].map(([path, { shape }]) => [path, shape]));
    expect(shapes).toEqual({
      q_proj_weight: [8, 8],
      k_proj_weight: [8, 5],
      v_proj_weight: [8, 3],
      in_proj_bias: [24],
      'out_proj.weight': [7, 8],
      'out_proj.bias': [7],
    });
    const largest = Math.max(...list(mechanism.k_proj_weight).map(Math.abs));
    expect(largest).toBeLessThanOrEqual(Math.sqrt(6 / 13));
    expect(largest).toBeGreaterThan(0.8 * Math.sqrt(6 / 13));
    expect(list(mechanism.in_proj_bias).every((x) => x === 0)).toBe(true);
    expect(() => new MultiHead({ query: 8, key: 8, heads: 3 }, key(1))).toThrow('MultiHead: size must be a multiple of heads, got 8 and 3');
    expect(() => new MultiHead({ query: 8, key: 8, heads: 0 }, key(1))).toThrow('got 8 and 0');
  });
});
