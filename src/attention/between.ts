// What happens to queries and keys between their maps and the score.

import { Module, param } from '../nn/module.ts';
import { add, concat, div, gather, mean, mul, reshape, slice, sqrt, square, stack, sub } from '../ops/index.ts';
import type { RotaryLayout } from '../ops/rotary.ts';
import { viewed } from '../ops/view.ts';
import { anything, expectOptions, isFlag, isOneOf, isPositive, isSize, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { ones } from '../tensor/create.ts';
import { show } from '../tensor/shape.ts';
import { expectDType, expectTensor, type Tensor } from '../tensor/tensor.ts';

/**
 * What happens to queries and keys between their maps and the score: {@link Rotary} positions, norms ({@link QKNorm}). Positions are int32
 * `[B or 1, N]`: keys count from 0, and the last query stands at the last key, as with `causal`.
 */
export interface Between {
  /** Queries `[B, H, T, D]`. */
  query(x: Tensor, positions: Tensor): Tensor;
  /** Keys `[B, G, S, D]`. */
  key(x: Tensor, positions: Tensor): Tensor;
}

/** The rule of one. */
export const isBetween = /* @__PURE__ */ ruleOf('an object with query() and key()', (value) =>
  ['query', 'key'].every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function'),
);

/** What {@link Rotary} is made with. */
export interface RotaryOptions {
  /** float32 `[length, width]`, a row for each position: width / 2 cosines, then as many sines. Of wider heads the first `width` are turned. */
  table: Tensor;
  /** Default `halves`. */
  layout?: RotaryLayout | undefined;
}

const rotaryRules: Rules<RotaryOptions> = { table: anything, layout: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('halves', 'pairs')) };

/**
 * Rotary positions: each pair of elements i of a query or key at position t is turned by the angle t θᵢ, so that a score depends on the distance
 * alone (Su et al. 2021, "RoFormer", eq. 34). No parameters. One may serve all layers.
 */
export class Rotary extends Module implements Between {
  readonly table: Tensor; // [length, width]
  readonly layout: RotaryLayout;

  constructor(options: RotaryOptions) {
    super();
    expectOptions('Rotary', options, rotaryRules);
    const { table, layout = 'halves' } = options;
    expectTensor('Rotary', 'table', table);
    expectDType('Rotary', 'table', table, 'float32');
    if (table.rank !== 2 || (table.shape[1] as number) % 2 !== 0) {
      throw new RangeError(`Rotary: table must be [length, width] with an even width, got ${show(table.shape)}`);
    }
    this.table = table;
    this.layout = layout;
  }

  query(x: Tensor, positions: Tensor): Tensor {
    return turned(x, this.table, positions, this.layout);
  }

  key(x: Tensor, positions: Tensor): Tensor {
    return turned(x, this.table, positions, this.layout);
  }
}

/** Two that are turned together, `[…, width / 2]` each, and back. */
const pairing = {
  halves: {
    apart: (x: Tensor, width: number) => [slice(x, -1, 0, width / 2), slice(x, -1, width / 2, width)] as const,
    together: (a: Tensor, b: Tensor) => concat([a, b], -1),
  },
  pairs: {
    apart(x: Tensor, width: number) {
      const all = slice(x, -1, 0, width);
      const pairs = reshape(all, [...all.shape.slice(0, -1), width / 2, 2]);
      return [0, 1].map((i) => reshape(slice(pairs, -1, i, i + 1), pairs.shape.slice(0, -1))) as [Tensor, Tensor];
    },
    together: (a: Tensor, b: Tensor) => reshape(stack([a, b], -1), [...a.shape.slice(0, -1), 2 * (a.shape.at(-1) as number)]),
  },
};

/** x `[B, H, T, D]` turned by the rows of `table` `[length, width]` that int32 `positions` `[B or 1, T]` name. */
function turned(x: Tensor, table: Tensor, positions: Tensor, layout: RotaryLayout): Tensor {
  const width = table.shape[1] as number;
  const depth = x.shape.at(-1) as number;
  if (width > depth) throw new RangeError(`Rotary: table must be no wider than heads of ${depth}, got ${show(table.shape)}`);
  const rows = gather(table, positions); // [B or 1, T, width]
  const [cosines, sines] = [0, 1].map((i) => {
    const half = slice(rows, -1, (i * width) / 2, ((i + 1) * width) / 2);
    return viewed(half, half.shape.toSpliced(1, 0, 1)); // [B or 1, 1, T, width / 2]
  }) as [Tensor, Tensor];
  const { apart, together } = pairing[layout];
  const [a, b] = apart(x, width);
  const all = together(sub(mul(a, cosines), mul(b, sines)), add(mul(b, cosines), mul(a, sines)));
  return width === depth ? all : concat([all, slice(x, -1, width, depth)], -1);
}

/** What {@link QKNorm} is made with. */
export interface QKNormOptions {
  /** D, the width of a head. */
  size: number;
  /** Beside the mean square. Default 1e-6. */
  eps?: number | undefined;
  /** Whether each element has a factor to learn, the same for all heads: one row for queries, one for keys. Default true. */
  weight?: boolean | undefined;
}

const normRules: Rules<QKNormOptions> = { size: isSize, eps: /* @__PURE__ */ maybe(isPositive), weight: /* @__PURE__ */ maybe(isFlag) };

/** `x / √(⟨x²⟩ + eps) · weight` over the last axis (Zhang and Sennrich 2019). */
class HeadNorm extends Module {
  readonly weight: Tensor | null;
  readonly eps: number;

  constructor(size: number, eps: number, weight: boolean) {
    super();
    this.weight = weight ? param(() => ones([size])) : null;
    this.eps = eps;
  }

  forward(x: Tensor): Tensor {
    const normed = div(x, sqrt(add(mean(square(x), { axis: -1, keepDims: true }), this.eps)));
    return this.weight ? mul(normed, this.weight) : normed;
  }
}

/**
 * Queries and keys of each head divided by their root mean square, so that no score is larger than `scale · D` without weights: training is steadier
 * (Henry et al. 2020, "Query-Key Normalization for Transformers"; with the RMS norm and weights: Qwen3, Gemma 3, OLMo 2). What scores are multiplied
 * by is the `scale` of {@link MultiHead}.
 */
export class QKNorm extends Module implements Between {
  readonly q_norm: HeadNorm;
  readonly k_norm: HeadNorm;

  constructor(options: QKNormOptions) {
    super();
    expectOptions('QKNorm', options, normRules);
    const { size, eps = 1e-6, weight = true } = options;
    this.q_norm = new HeadNorm(size, eps, weight);
    this.k_norm = new HeadNorm(size, eps, weight);
  }

  query(x: Tensor): Tensor {
    return this.q_norm.forward(x);
  }

  key(x: Tensor): Tensor {
    return this.k_norm.forward(x);
  }
}

/** Several, one after the other: `new CombinedBetween(new QKNorm({ size }), rotary)` norms, then turns. */
export class CombinedBetween extends Module implements Between {
  readonly parts: readonly Between[];

  constructor(...parts: Between[]) {
    super();
    for (const [i, part] of parts.entries()) isBetween('CombinedBetween', `part ${i}`, part);
    this.parts = parts;
  }

  query(x: Tensor, positions: Tensor): Tensor {
    return this.parts.reduce((y, part) => part.query(y, positions), x);
  }

  key(x: Tensor, positions: Tensor): Tensor {
    return this.parts.reduce((y, part) => part.key(y, positions), x);
  }
}
