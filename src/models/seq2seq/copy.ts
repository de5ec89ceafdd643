import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import {
  add,
  concat,
  expand,
  less,
  log,
  maximum,
  mean,
  mul,
  reshape,
  scatterAddAlongAxis,
  sigmoid,
  softmax,
  sub,
  where,
} from '../../ops/index.ts';
import { expectKey, expectOptions, isSize, isWhole, type Rules } from '../../tensor/check.ts';
import { zeros } from '../../tensor/create.ts';
import type { Key } from '../../tensor/random.ts';
import { expectDType, type Tensor } from '../../tensor/tensor.ts';

/** Options of a {@link Copy}. */
export interface CopySizes {
  /** Width of the vector from which the next token is predicted. */
  hidden: number;
  /** C, the number of symbols of the vocabulary. */
  symbols: number;
  /** How many symbols beyond the vocabulary a source may have: they are C, C + 1, … by their first place in it. */
  unseen: number;
  /** The symbol that stands for all of them where they are read. */
  unknown: number;
}

const rules: Rules<CopySizes> = { hidden: isSize, symbols: isSize, unseen: isSize, unknown: /* @__PURE__ */ isWhole(0) };

/** The least probability, whose `ln` is finite. */
const LEAST = 1e-30;

/**
 * Pointer and generator (See, Liu, Manning 2017, §2.2, eq. 8 and 9): the next token is written with probability p, else copied from where attention looks,
 * `P(w) = p P_vocabulary(w) + (1 − p) Σ_{i: w_i = w} α_i`. So tokens can be written that the vocabulary lacks. `p = σ(w · h + b)`, where h is the vector
 * that the logits come from, which is made of the context, the state and the token before it.
 */
export class Copy extends Module {
  readonly gate: Linear; // [1, D]
  private readonly symbols: number;
  private readonly unseen: number;
  private readonly unknown: number;

  constructor(sizes: CopySizes, key: Key) {
    super();
    expectOptions('Copy', sizes, rules);
    expectKey('Copy', key);
    this.gate = new Linear({ input: sizes.hidden, output: 1 }, key);
    this.symbols = sizes.symbols;
    this.unseen = sizes.unseen;
    this.unknown = sizes.unknown;
  }

  /** Tokens as the vocabulary has them: the unknown in place of those beyond it. */
  known(tokens: Tensor): Tensor {
    expectDType('Copy', 'tokens', tokens, 'int32');
    return where(less(tokens, this.symbols), tokens, this.unknown);
  }

  /**
   * `ln P`, `[B, T, C + unseen]`: of logits `[B, T, C]`, the vector that they come from `[B, T, D]`, the weights `[B, T, S]` or `[B, H, T, S]`, whose mean over
   * heads it takes, and the source int32 `[B, S]`.
   */
  forward(logits: Tensor, vector: Tensor, weights: Tensor, source: Tensor): Tensor {
    expectDType('Copy', 'weights', weights, 'float32');
    expectDType('Copy', 'source', source, 'int32');
    const looked = weights.rank === 4 ? mean(weights, { axis: 1 }) : weights; // [B, T, S]
    const [batch, steps, length] = looked.shape as [number, number, number];
    const written = sigmoid(this.gate.forward(vector)); // [B, T, 1]
    const places = expand(reshape(source, [batch, 1, length]), [batch, steps, length]);
    const copied = scatterAddAlongAxis(looked, places, this.symbols + this.unseen); // [B, T, C + unseen]
    const generated = concat([softmax(logits), zeros([batch, steps, this.unseen])], 2);
    return log(maximum(add(mul(generated, written), mul(copied, sub(1, written))), LEAST));
  }
}
