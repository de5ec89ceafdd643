// Maps that are given to heads.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { HeadedAttention } from '../../src/attention/headed.ts';
import { Heads } from '../../src/attention/heads.ts';
import type { Window } from '../../src/attention/parts.ts';
import { Maps, SeparateProjection } from '../../src/attention/projection.ts';
import { DotScore } from '../../src/attention/score.ts';
import { backward } from '../../src/autograd/backward.ts';
import { Linear } from '../../src/nn/linear.ts';
import { Module, parameters } from '../../src/nn/module.ts';
import { add, select, slice, sum } from '../../src/ops/index.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, padding, real } from '../nn/row.ts';

const [B, T, S, E, H] = [2, 5, 9, 12, 3];
const examples = [0, 1];
const [query, keys] = [real(examples, [T, E], 1), real(examples, [S, E], 2)];
/** A frozen map and a low-rank one beside it (Hu et al. 2021, "LoRA", eq. 3). */
class LowRank extends Module {
  readonly base: Linear;
  readonly down: Linear;
  readonly up: Linear;

  constructor(base: Linear, rank: number) {
    super();
    const [output, input] = base.weight.shape as [number, number];
    this.base = base;
    this.down = new Linear({ input, output: rank, bias: false }, key(21));
    this.up = new Linear({ input: rank, output, bias: false }, key(22));
  }

  forward(x: Tensor): Tensor {
    return add(this.base.forward(x), this.up.forward(this.down.forward(x)));
  }
}

describe('maps that are given', () => {
  const sizes = { query: E, key: E, value: E, heads: H, size: E };
  const separate = () => {
    const projection = new SeparateProjection(sizes, [key(1), key(2), key(3)]);
    (projection.in_proj_bias as Tensor).view().set(list(real([0], [3 * E], 4)));
    return projection;
  };
  const linears = (from: SeparateProjection) =>
    ([from.q_proj_weight, from.k_proj_weight, from.v_proj_weight] as const).map((weight, i) => {
      const map = new Linear({ input: E, output: E }, key(9));
      map.weight.view().set(weight.peek());
      map.bias?.view().set(slice(from.in_proj_bias as Tensor, 0, i * E, (i + 1) * E).peek());
      return map;
    }) as [Linear, Linear, Linear];
  const heads = (window?: Window) =>
    new Heads({ attention: new Attention({ score: new DotScore({ scaled: true }), heads: H, ...(window && { window }) }) });
  const of = ([q, k, v]: readonly [Module & { forward(x: Tensor): Tensor }, Linear, Linear], output?: Linear) =>
    new HeadedAttention({ projection: new Maps({ query: q, key: k, value: v, heads: H }), heads: heads(), ...(output && { output }) });

  it('have the bits of the packed ones with the same weights, at once and step by step', () => {
    const from = separate();
    const packed = new HeadedAttention({ projection: from, heads: heads() });
    const given = of(linears(from));
    const mask = padding(examples, S);
    const wanted = packed.forward(query, keys, keys, { mask });
    const got = given.forward(query, keys, keys, { mask });
    for (const field of ['output', 'weights'] as const) expect(bits(got[field])).toEqual(bits(wanted[field]));
    expect(got.output.shape).toEqual([B, T, E]);
    const prepared = given.prepare(keys, keys, { mask });
    const step = given.step(select(query, 1, 2), prepared, given.initialState(prepared));
    expect(bits(step.context)).toEqual(bits(select(wanted.output, 1, 2)));
  });

  it('may be low-rank ones beside frozen ones: these give what was there, and the others learn', () => {
    const maps = linears(separate());
    const before = of(maps).forward(query, keys).output;
    const low = new LowRank(maps[0], 2);
    low.up.weight.view().fill(0); // as LoRA starts
    const mechanism = of([low, maps[1], maps[2]], new Linear({ input: E, output: 7 }, key(5)));
    expect(bits(mechanism.heads.forward(...mechanism.projection.all(query, keys, keys)).output)).toEqual(
      bits(of(maps).heads.forward(...of(maps).projection.all(query, keys, keys)).output),
    );
    expect(before.shape).toEqual([B, T, E]);
    expect([...parameters(mechanism).keys()]).toEqual([
      ...['base.weight', 'base.bias', 'down.weight', 'up.weight'].map((path) => `projection.query.${path}`),
      ...['key.weight', 'key.bias', 'value.weight', 'value.bias'].map((path) => `projection.${path}`),
      'output.weight',
      'output.bias',
    ]);
    const { output } = mechanism.forward(query, keys);
    expect(output.shape).toEqual([B, T, 7]);
    backward(sum(output));
    expect(list(low.up.weight.grad as Tensor).some((x) => x !== 0)).toBe(true);
  });

  it('are checked by name', () => {
    const [q, k, v] = linears(separate());
    const wrong = (parts: object, message: string) =>
      expect(() => new Maps({ query: q, key: k, value: v, heads: H, ...parts } as never)).toThrow(message);
    wrong({ query: () => q }, 'Maps: query must be a Module with forward(), got a function');
    wrong({ heads: 4, keyHeads: 3 }, 'Maps: heads must be a multiple of keyHeads, got 4 and 3');
    expect(() => new HeadedAttention({ projection: new Maps({ query: q, key: k, value: v, heads: 4 }), heads: heads() })).toThrow(
      'HeadedAttention: projection must have the heads’ numbers of queries and keys, got 4 and 4 for 3 and 3'.replace('’', "'"),
    );
    expect(() => new HeadedAttention({ projection: q, heads: heads() } as never)).toThrow('projection must be a Projection, got an object');
    const odd = new Maps({ query: new Linear({ input: E, output: 10 }, key(1)), key: k, value: v, heads: H });
    expect(() => odd.one('query', query)).toThrow('heads: width must be a multiple of their number, got 10 and 3');
    expect(() => new Heads({ attention: heads().attention, between: {} as never })).toThrow(
      'Heads: between must be an object with query() and key()',
    );
    expect(() => new Heads({ attention: new DotScore() as never })).toThrow('Heads: attention must be an Attention, got an object');
  });
});
