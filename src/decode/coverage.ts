import { log } from '../ops/index.ts';
import { maybe, type Rule, ruleOf } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Seen } from './look.ts';

/** How hypotheses are ranked by the source places they attended to. */
export interface CoverageOptions {
  /**
   * β of `β · Σᵢ ln min(Σⱼ pᵢⱼ, 1)`, which is added to the score of finished hypotheses: pᵢⱼ is the weight of place i in the trace of step
   * j, as the mean over heads (Wu et al. 2016, eq. 14 and 15). A place without any weight counts as 2⁻¹²⁶. Default 0: no penalty.
   */
  coveragePenalty?: number | undefined;
  /** The places that count, bool `[B, S]`: those that are not padding. Default all. */
  coverageMask?: Tensor | undefined;
}

/** The rule of `coverageMask`. */
export const isCoverageMask: Rule = /* @__PURE__ */ maybe(
  /* @__PURE__ */ ruleOf('bool [B, S]', (value) => value instanceof Tensor && value.dtype === 'bool' && value.rank === 2),
);

const LEAST = 2 ** -126; // the smallest normal number

/** `Σᵢ ln min(Σⱼ pᵢⱼ, 1)` for a row of the batch and the traces of its steps. */
export function coverageOf(
  op: string,
  { traced }: Pick<Seen, 'traced'>,
  mask: Tensor | undefined,
): (item: number, traces: readonly Float32Array[]) => number {
  const [places = 0, heads = 1] = traced.toReversed();
  if (traced.length < 1 || traced.length > 2 || (mask && mask.shape[1] !== places)) {
    const wanted = mask ? `[N, ${mask.shape[1]}]` : '[N, S]';
    throw new RangeError(
      `${op}: coveragePenalty needs traces ${wanted}, or of heads, got ${traced.length > 0 ? `rows of ${show(traced)}` : 'none'}`,
    );
  }
  const real = mask?.peek();
  return (item, traces) => {
    const sums = new Float32Array(places);
    for (let i = 0; i < places; i++) {
      let sum = 0;
      for (const trace of traces) for (let head = 0; head < heads; head++) sum += (trace[head * places + i] as number) / heads;
      sums[i] = Math.max(Math.min(sum, 1), LEAST);
    }
    const each = scope(() => log(tensor(sums)).toArray());
    let penalty = 0;
    for (let i = 0; i < places; i++) if (!real || real[item * places + i]) penalty += each[i] as number;
    return penalty;
  };
}
