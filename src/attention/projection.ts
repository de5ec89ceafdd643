// The maps of queries, keys and values, separate from the attention that uses them.

import { Linear } from '../nn/linear.ts';
import { Module, param } from '../nn/module.ts';
import { linear, permute, reshape, slice, uniform, unstack } from '../ops/index.ts';
import { sections } from '../ops/shape.ts';
import { viewed } from '../ops/view.ts';
import { expectKey, expectOptions, isFlag, isOneOf, isSize, maybe, type Rule, ruleOf } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A map of the last axis: `Linear`, or any module with `forward`, such as a frozen map plus a low-rank one. */
export type Mapping = Module & {
  /** Maps `[…, I]` to `[…, O]`. */
  forward(x: Tensor): Tensor;
};

/** One of an attention's operands. */
export type Role = 'query' | 'key' | 'value';

/** Maps queries `[B, T, ·]`, keys and values `[B, S, ·]` to those of the heads: `[B, H, T, D]`, `[B, G, S, D]` and `[B, G, S, V]`. */
export interface Projection extends Module {
  /** H and G: heads of queries, and of keys and values; each of the latter serves H / G heads of queries. */
  readonly heads: number;
  /** G, the heads of keys and values. */
  readonly keyHeads: number;
  /** The widths that the maps take, if known. */
  readonly widths?: Readonly<Partial<Record<Role, number>>>;
  /** Maps one operand. */
  one(role: Role, x: Tensor): Tensor;
  /** Maps all three; if they are one tensor it may be one product. */
  all(query: Tensor, keys: Tensor, values: Tensor): [Tensor, Tensor, Tensor];
}

const ROLES = ['query', 'key', 'value'] as const;

const isRole = /* @__PURE__ */ isOneOf(...ROLES);

/** `[B, N, H · D]` as `[B, H, N, D]`. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, count, all] = x.shape as [number, number, number];
  if (all % heads !== 0) throw new RangeError(`heads: width must be a multiple of their number, got ${all} and ${heads}`);
  if (count === 1) return viewed(x, [batch, heads, 1, all / heads]);
  return permute(viewed(x, [batch, count, heads, all / heads]), [0, 2, 1, 3]);
}

/** `[B, H, N, D]` as `[B, N, H · D]`. */
export function joinHeads(x: Tensor): Tensor {
  const [batch, heads, count, width] = x.shape as [number, number, number, number];
  return viewed(count === 1 ? x : permute(x, [0, 2, 1, 3]), [batch, count, heads * width]);
}

/** Options of {@link PackedProjection} and {@link SeparateProjection}; `size` is E. */
export interface ProjectionSizes {
  /** Width of queries. */
  query: number;
  /** Width of keys. */
  key: number;
  /** Width of values. */
  value: number;
  /** H, a divisor of `size`. */
  heads: number;
  /** E, the width of all heads together. */
  size: number;
  /** Whether the maps have a bias. Default true. */
  bias?: boolean | undefined;
}

const rules = { query: isSize, key: isSize, value: isSize, heads: isSize, size: isSize, bias: /* @__PURE__ */ maybe(isFlag) };

/** Xavier's uniform distribution (Glorot and Bengio 2010, eq. 16). */
const xavier = (key: Key, height: number, width: number) => {
  const bound = Math.sqrt(6 / (height + width));
  return param(() => uniform(key, [height, width], { low: -bound, high: bound }));
};

const inThree = (x: Tensor) => unstack(reshape(x, [3, -1, ...x.shape.slice(1)]));

/** The maps of PyTorch's `nn.MultiheadAttention` if queries, keys and values have one width: one matrix for all three. */
export class PackedProjection extends Module implements Projection {
  readonly in_proj_weight: Tensor; // [3E, Q]
  readonly in_proj_bias: Tensor | null; // [3E]
  readonly heads: number;
  readonly widths: Readonly<Record<Role, number>>;
  private readonly size: number;

  constructor(sizes: ProjectionSizes, key: Key) {
    super();
    expectOptions('PackedProjection', sizes, rules);
    expectKey('PackedProjection', key);
    const { heads, size, bias = true, query, ...rest } = sizes;
    this.in_proj_weight = xavier(key, 3 * size, query);
    this.in_proj_bias = bias ? param(() => zeros([3 * size])) : null;
    this.heads = heads;
    this.size = size;
    this.widths = { query, key: rest.key, value: rest.value };
  }

  get keyHeads(): number {
    return this.heads;
  }

  one(role: Role, x: Tensor): Tensor {
    const which = ROLES.indexOf(role);
    const own = (packed: Tensor) => slice(packed, 0, which * this.size, (which + 1) * this.size);
    return splitHeads(linear(x, own(this.in_proj_weight), this.in_proj_bias ? own(this.in_proj_bias) : undefined), this.heads);
  }

  all(query: Tensor, keys: Tensor, values: Tensor): [Tensor, Tensor, Tensor] {
    const { in_proj_weight: weight, in_proj_bias: bias, heads, size } = this;
    if (query === keys && keys === values) {
      const [batch, count] = query.shape as [number, number];
      const all = linear(query, weight, bias ?? undefined); // [B, T, 3E]
      const one = batch === 1 && count === 1; // the elements of one token lie in either order
      const apart = one
        ? viewed(all, [3, 1, heads, 1, size / heads])
        : permute(viewed(all, [batch, count, 3, heads, size / heads]), [2, 0, 3, 1, 4]);
      return sections(apart) as [Tensor, Tensor, Tensor];
    }
    return eachOf(heads, [query, keys, values], inThree(weight), bias);
  }
}

/** The same maps as three matrices, for queries, keys and values of different widths, with one bias. */
export class SeparateProjection extends Module implements Projection {
  readonly q_proj_weight: Tensor; // [E, Q]
  readonly k_proj_weight: Tensor; // [E, K]
  readonly v_proj_weight: Tensor; // [E, V]
  readonly in_proj_bias: Tensor | null; // [3E]
  readonly heads: number;
  readonly widths: Readonly<Record<Role, number>>;

  constructor(sizes: ProjectionSizes, keys: readonly [Key, Key, Key]) {
    super();
    expectOptions('SeparateProjection', sizes, rules);
    for (const key of keys) expectKey('SeparateProjection', key);
    const { heads, size, bias = true, query, key, value } = sizes;
    this.q_proj_weight = xavier(keys[0], size, query);
    this.k_proj_weight = xavier(keys[1], size, key);
    this.v_proj_weight = xavier(keys[2], size, value);
    this.in_proj_bias = bias ? param(() => zeros([3 * size])) : null;
    this.heads = heads;
    this.widths = { query, key, value };
  }

  get keyHeads(): number {
    return this.heads;
  }

  one(role: Role, x: Tensor): Tensor {
    const which = ROLES.indexOf(role);
    const { in_proj_bias: bias } = this;
    const size = this.q_proj_weight.shape[0] as number;
    const own = bias ? slice(bias, 0, which * size, (which + 1) * size) : undefined;
    return splitHeads(linear(x, this.weights[which] as Tensor, own), this.heads);
  }

  all(query: Tensor, keys: Tensor, values: Tensor): [Tensor, Tensor, Tensor] {
    return eachOf(this.heads, [query, keys, values], this.weights, this.in_proj_bias);
  }

  private get weights(): readonly Tensor[] {
    return [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight];
  }
}

/** Three products, each with its part of the bias. */
function eachOf(heads: number, xs: readonly Tensor[], weights: readonly Tensor[], bias: Tensor | null): [Tensor, Tensor, Tensor] {
  const biases = bias ? inThree(bias) : [];
  return xs.map((x, i) => splitHeads(linear(x, weights[i] as Tensor, biases[i]), heads)) as [Tensor, Tensor, Tensor];
}

/** The rule for a map. */
export const isMapping: Rule = /* @__PURE__ */ ruleOf(
  'a Module with forward()',
  (value) => value instanceof Module && typeof (value as Partial<Mapping>).forward === 'function',
);

/**
 * Maps given by the caller: queries to H · D, keys to G · D, values to G · V. They serve grouped queries, where G is less than H (Ainslie
 * et al. 2023, "GQA", §2.2; Shazeer 2019 with G = 1), and maps that are not plain matrices.
 */
export class Maps extends Module implements Projection {
  readonly query: Mapping;
  readonly key: Mapping;
  readonly value: Mapping;
  readonly heads: number;
  readonly keyHeads: number;
  readonly widths: Readonly<Partial<Record<Role, number>>>;

  constructor(parts: { query: Mapping; key: Mapping; value: Mapping; heads: number; keyHeads?: number }) {
    super();
    expectOptions('Maps', parts, { query: isMapping, key: isMapping, value: isMapping, heads: isSize, keyHeads: maybe(isSize) });
    const { query, key, value, heads, keyHeads = heads } = parts;
    expectGroups('Maps', heads, keyHeads);
    this.query = query;
    this.key = key;
    this.value = value;
    this.heads = heads;
    this.keyHeads = keyHeads;
    const entries = ROLES.flatMap((role) => (parts[role] instanceof Linear ? [[role, parts[role].weight.shape[1]]] : []));
    this.widths = Object.fromEntries(entries);
  }

  one(role: Role, x: Tensor): Tensor {
    isRole('Maps', 'role', role);
    return splitHeads(this[role].forward(x), role === 'query' ? this.heads : this.keyHeads);
  }

  all(query: Tensor, keys: Tensor, values: Tensor): [Tensor, Tensor, Tensor] {
    return [this.one('query', query), this.one('key', keys), this.one('value', values)];
  }
}

/** Checks that the number of query heads is a multiple of that of key heads. */
export function expectGroups(op: string, heads: number, keyHeads: number): void {
  if (heads % keyHeads !== 0) throw new RangeError(`${op}: heads must be a multiple of keyHeads, got ${heads} and ${keyHeads}`);
}

/** Linear maps for grouped queries: `size` is H · D. */
export function groupedMaps(sizes: ProjectionSizes & { keyHeads: number }, keys: readonly [Key, Key, Key]): Maps {
  expectOptions('groupedMaps', sizes, { ...rules, keyHeads: isSize });
  const { query, key, value, heads, keyHeads, size, bias = true } = sizes;
  const grouped = (size / heads) * keyHeads;
  const map = (input: number, output: number, from: Key) => new Linear({ input, output, bias }, from);
  return new Maps({
    query: map(query, size, keys[0]),
    key: map(key, grouped, keys[1]),
    value: map(value, grouped, keys[2]),
    heads,
    keyHeads,
  });
}
