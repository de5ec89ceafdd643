// Numbers besides the learning rate that change over a training run: the temperature of Gumbel-softmax, the ε of ε-greedy choices.

import { expectOptions, expectSizes, isNumber, maybe } from '../tensor/check.ts';
import { isWithin, power } from './optimizers/numbers.ts';
import type { Schedule } from './schedule.ts';

/**
 * Linear from `from` at step 0 to `to` at step `steps`, and constant after that: Mnih et al. 2015 lower ε this way from 1 to 0.1 (Methods).
 */
export function linearAnneal(from: number, to: number, options: { steps: number }): Schedule {
  expectSizes('linearAnneal', { from, to }, isNumber);
  expectOptions('linearAnneal', options, { steps: isWithin(1) });
  const { steps } = options;
  return (step) => (step < steps ? from + (to - from) * (step / steps) : to);
}

/**
 * `max(minimum, from · factorᵏ)` from step `k · every` on. Jang, Gu, Poole 2017 (§4) anneal the temperature to `max(0.5, e^(−rt))`, updated
 * every N steps: factor `e^(−rN)`, e.g. 0.95 for r = 1e-4 and N = 500.
 */
export function exponentialAnneal(
  from: number,
  options: { factor: number; every?: number | undefined; minimum?: number | undefined },
): Schedule {
  expectSizes('exponentialAnneal', { from }, isNumber);
  expectOptions('exponentialAnneal', options, { factor: isWithin(0), every: maybe(isWithin(1)), minimum: maybe(isNumber) });
  const { factor, every = 1, minimum = 0 } = options;
  return (step) => Math.max(minimum, from * power(factor, Math.floor(step / every)));
}
