import { grad } from '../../autograd/backward.ts';
import { add, exp, gather, mul, sub, sum } from '../../ops/index.ts';
import { expectOptions, isList, isPositive, isSize, maybe } from '../../tensor/check.ts';
import { detach, tensor } from '../../tensor/create.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { rewardToGo } from './ppo.ts';

/** What a policy did under given choices. */
export interface Enumerated {
  /** The log-probability of each choice, `[N, T]` or `[N, T, choices]`; −∞ where it was forbidden. */
  logProbability: Tensor;
  /** What each step gained, `[N, T]`; it may depend on parameters itself. */
  gains: Tensor;
  /** What a baseline expected from each step on, `[N, T]`: it must not depend on the choices of its own step and after. */
  baseline?: Tensor | undefined;
}

/** Options of {@link reinforceCheck}. */
export interface ReinforceCheckOptions {
  /** How many ways each of the choices of a step can go. */
  choices: readonly number[];
  /** T, the number of steps. */
  steps: number;
  /** Largest difference, relative to the largest element of the exact gradient. Default 1e-6: of float64, so run it on the reference backend. */
  tolerance?: number | undefined;
}

/** Every sequence of choices, as a batch int32 `[N, T, choices]`. */
function sequences(choices: readonly number[], steps: number): Tensor {
  const all = Array.from({ length: steps }, () => choices).flat();
  const count = all.reduce((a, b) => a * b, 1);
  const values = new Int32Array(count * all.length);
  for (let n = 0; n < count; n++) {
    let rest = n;
    all.forEach((ways, i) => {
      values[n * all.length + i] = rest % ways;
      rest = Math.floor(rest / ways);
    });
  }
  return tensor(values, { shape: [count, steps, choices.length] });
}

/** Sums over all axes but the first. */
function sumsOf(x: Tensor): Tensor {
  return x.rank > 1 ? sum(x, { axis: x.shape.slice(1).map((_, i) => i + 1) }) : x;
}

/**
 * Checks a policy's use of REINFORCE (Zaremba and Sutskever 2015, §5, "gradient checking"): runs `f` on every sequence of choices as one batch. With p(s) the probability of a
 * sequence and R(s) what it gains, the gradient of `Σₛ p(s) R(s)`, by backpropagation through the probabilities, must be what REINFORCE gives on average, `Σₛ p(s) (∇R(s) + Σₜ (Rₜ −
 * bₜ) ∇ln p(aₜ))` with the reward to go Rₜ. Throws if they differ, or if probabilities do not add up to 1. Returns the expected gain and the largest difference.
 */
export function reinforceCheck(
  f: (choices: Tensor) => Enumerated,
  parameters: readonly Tensor[],
  options: ReinforceCheckOptions,
): { expected: number; difference: number } {
  expectOptions('reinforceCheck', options, { choices: isList, steps: isSize, tolerance: maybe(isPositive) });
  const { choices, steps, tolerance = 1e-6 } = options;
  return scope(() => {
    const whole = f(sequences(choices, steps));
    const possible = Array.from(sumsOf(detach(whole.logProbability)).toArray()).flatMap((log, n) => (log > -Infinity ? [n] : []));
    const rows = tensor(Int32Array.from(possible));
    const [logs, gains] = [gather(whole.logProbability, rows), gather(whole.gains, rows)];
    const chance = exp(sumsOf(logs)); // [N]
    const total = sum(chance).item();
    if (!(Math.abs(total - 1) <= tolerance)) {
      throw new RangeError(`reinforceCheck: probabilities of all sequences must add up to 1, got ${total}`);
    }
    const exact = sum(mul(chance, sumsOf(gains)));
    const toGo = rewardToGo(gains, { discount: 1 });
    const steady = whole.baseline ? sub(toGo, gather(detach(whole.baseline), rows)) : toGo;
    const all = logs.rank === 3 ? sum(logs, { axis: 2 }) : logs;
    const estimated = sum(mul(detach(chance), add(sumsOf(gains), sumsOf(mul(all, steady)))));
    const [right, found] = [exact, estimated].map((y) => grad(y, [...parameters]).map((g) => (g ? Array.from(g.toArray()) : []))) as [
      number[][],
      number[][],
    ];
    const largest = Math.max(1e-30, ...right.flat().map(Math.abs));
    const difference =
      Math.max(0, ...right.flatMap((list, k) => list.map((value, i) => Math.abs(value - (found[k]?.[i] as number))))) / largest;
    if (!(difference <= tolerance)) {
      throw new Error(`reinforceCheck: gradients must agree within ${tolerance}, got a difference of ${difference} of the largest`);
    }
    return { expected: exact.item(), difference };
  });
}
