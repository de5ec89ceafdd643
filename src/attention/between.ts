// Changes of queries and keys between their maps and the score.

import { Module } from '../nn/module.ts';
import { RMSNorm } from '../nn/rms-norm.ts';
import { type RotaryLayout, rotary } from '../ops/rotary.ts';
import { anything, expectOptions, isFlag, isOneOf, isPositive, isSize, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { show } from '../tensor/shape.ts';
import { expectDType, expectTensor, type Tensor } from '../tensor/tensor.ts';

/**
 * Changes queries and keys between their maps and the score: {@link Rotary} positions, norms ({@link QKNorm}). Positions are int32
 * `[B or 1, N]`: keys count from 0, and the last query is at the last key, as with `causal`.
 */
export interface Between {
  /** Queries `[B, H, T, D]`. */
  query(x: Tensor, positions: Tensor): Tensor;
  /** Keys `[B, G, S, D]`. */
  key(x: Tensor, positions: Tensor): Tensor;
}

/** The rule of a {@link Between}. */
export const isBetween = /* @__PURE__ */ ruleOf('an object with query() and key()', (value) =>
  ['query', 'key'].every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function'),
);

/** Options of a {@link Rotary}. */
export interface RotaryOptions {
  /** float32 `[length, width]`, a row for each position (`rotaryTable`): width / 2 cosines, then as many sines. Of wider heads the first `width` turn. */
  table: Tensor;
  /** Which elements turn together. Default `halves`, as in Hugging Face's files. */
  layout?: RotaryLayout | undefined;
}

const rotaryRules: Rules<RotaryOptions> = { table: anything, layout: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('halves', 'pairs')) };

/**
 * Rotary positions: each pair of elements i of a query or key at position t is turned by the angle t θᵢ, so that a score depends on the distance
 * alone (Su et al. 2021, "RoFormer", eq. 34). It has no parameters, and one may serve all layers.
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
    return rotary(x, this.table, positions, { layout: this.layout });
  }

  key(x: Tensor, positions: Tensor): Tensor {
    return rotary(x, this.table, positions, { layout: this.layout });
  }
}

/** Options of a {@link QKNorm}. */
export interface QKNormOptions {
  /** D, the width of a head. */
  size: number;
  /** Beside the mean square. Default 1e-6. */
  eps?: number | undefined;
  /** Whether each element has a factor to learn, the same for all heads: one row for queries, one for keys. Default true. */
  weight?: boolean | undefined;
}

const normRules: Rules<QKNormOptions> = { size: isSize, eps: /* @__PURE__ */ maybe(isPositive), weight: /* @__PURE__ */ maybe(isFlag) };

/**
 * Divides the queries and keys of each head by their root mean square, so that without weights no score exceeds `scale · D`: training is steadier (Henry
 * et al. 2020, "Query-Key Normalization for Transformers"; with the RMS norm and weights: Qwen3, Gemma 3, OLMo 2). The factor of the scores is
 * the `scale` of {@link MultiHead}.
 */
export class QKNorm extends Module implements Between {
  readonly q_norm: RMSNorm;
  readonly k_norm: RMSNorm;

  constructor(options: QKNormOptions) {
    super();
    expectOptions('QKNorm', options, normRules);
    const { size, eps, weight } = options;
    this.q_norm = new RMSNorm({ size, eps, weight });
    this.k_norm = new RMSNorm({ size, eps, weight });
  }

  query(x: Tensor): Tensor {
    return this.q_norm.forward(x);
  }

  key(x: Tensor): Tensor {
    return this.k_norm.forward(x);
  }
}

/** Several changes in turn: `new CombinedBetween(new QKNorm({ size }), rotary)` norms, then turns. */
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
