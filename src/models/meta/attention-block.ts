import { KeyValueCache } from '../../attention/cache.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import type { Core } from '../../nn/unroll.ts';
import { concat, reshape, scaledDotProductAttention } from '../../ops/index.ts';
import { expectKey, expectOptions, isFlag, isSize, maybe, type Rules, shown } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectSequence, expectStep } from './expect.ts';

/** Options of an {@link AttentionBlock}. */
export interface AttentionBlockOptions {
  /** I, the width of an input. */
  input: number;
  /** K, the width of queries and keys. */
  key: number;
  /** V, the width of what is read, which is added to the input. */
  value: number;
}

/** The keys and values of the steps so far. */
export type AttentionBlockState = { readonly cache: KeyValueCache };

/** Whether a call also returns its weights. The output has the same bits either way. */
export interface WeightsCall {
  /** Default false. */
  weights?: boolean | undefined;
}

const rules: Rules<AttentionBlockOptions> = { input: isSize, key: isSize, value: isSize };

/** The options of a call. */
export const weightsCall: Rules<WeightsCall> = { weights: /* @__PURE__ */ maybe(isFlag) };

/** `[B, D]` or `[B, T, D]` as one head `[B, 1, T, D]`. */
const headOf = (x: Tensor) => reshape(x, [x.shape[0] as number, 1, x.rank === 2 ? 1 : (x.shape[1] as number), x.shape.at(-1) as number]);

/**
 * Causal attention to all steps so far, the present one among them, appended to the input: `[x, softmax(q kᵀ / √K) v]` (Mishra et al. 2018, §3;
 * Vaswani et al. 2017, §3.2.1). The map of keys has no bias: it would add the same to all scores of a query, which softmax does not see.
 */
export class AttentionBlock extends Module implements Core<AttentionBlockState> {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  /** The width of an output: I + V. */
  readonly width: number;

  constructor(options: AttentionBlockOptions, key: Key) {
    super();
    expectOptions('AttentionBlock', options, rules);
    expectKey('AttentionBlock', key);
    const { input, key: size, value } = options;
    const [forQuery, forKey, forValue] = split(key, 3);
    this.query = new Linear({ input, output: size }, forQuery);
    this.key = new Linear({ input, output: size, bias: false }, forKey);
    this.value = new Linear({ input, output: value }, forValue);
    this.width = input + value;
  }

  /** Maps a sequence `[B, T, I]` to `output` `[B, T, I + V]`; with `weights` also `[B, T, T]`, of each step over the steps up to it. */
  forward(x: Tensor, options: WeightsCall = {}): { output: Tensor; weights?: Tensor } {
    expectSequence('AttentionBlock', x, this.query.weight.shape[1] as number);
    expectOptions('AttentionBlock', options, weightsCall);
    const [q, k, v] = [headOf(this.query.forward(x)), headOf(this.key.forward(x)), headOf(this.value.forward(x))];
    return this.joined(x, scaledDotProductAttention(q, k, v, { causal: true, weights: options.weights ?? false }));
  }

  /** The state before the first step. */
  initialState(batch: number): AttentionBlockState {
    return { cache: KeyValueCache.empty(batch) };
  }

  /** Maps one input `[B, I]` to `[B, I + V]`: the bits of {@link forward}; with `weights` also `[B, S]`, over the S steps so far. */
  step(x: Tensor, state: AttentionBlockState, options: WeightsCall = {}): { output: Tensor; weights?: Tensor; state: AttentionBlockState } {
    expectStep('AttentionBlock', x, this.query.weight.shape[1] as number);
    expectOptions('AttentionBlock', options, weightsCall);
    const kept: unknown = Object(state).cache;
    if (!(kept instanceof KeyValueCache)) {
      throw new TypeError(`AttentionBlock: state must be { cache }, a KeyValueCache, got ${shown(state)}`);
    }
    const cache = kept.append(headOf(this.key.forward(x)), headOf(this.value.forward(x)));
    const read = scaledDotProductAttention(headOf(this.query.forward(x)), cache.keys as Tensor, cache.values as Tensor, {
      length: cache.length,
      weights: options.weights ?? false,
    });
    return { ...this.joined(x, read), state: { cache } };
  }

  /** What was read, beside the input. */
  private joined(x: Tensor, { output, weights }: { output: Tensor; weights?: Tensor }): { output: Tensor; weights?: Tensor } {
    const lead = x.shape.slice(0, -1);
    const read = reshape(output, [...lead, output.shape.at(-1) as number]);
    return { output: concat([x, read], -1), ...(weights && { weights: reshape(weights, [...lead, weights.shape.at(-1) as number]) }) };
  }
}
