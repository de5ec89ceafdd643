import { expectFields, expectOptions, isOneOf, isPositive, isSize, isWhole, maybe, ruleOf } from '../tensor/check.ts';
import { expectWithin, fromZero, halfCosine, isWithin, power } from './optimizers/numbers.ts';

/** The learning rate of a step, counted from 0. A pure function: a resumed run needs no state of it. */
export type Schedule = (step: number) => number;

/** Linear from `1 / warmup` at step 0 to 1 at step `warmup − 1`, and constant after that. */
const warming = (step: number, warmup: number) => (step < warmup ? (step + 1) / warmup : 1);

const isShareAboveZero = /* @__PURE__ */ maybe(
  ruleOf('above 0, at most 1', (value) => typeof value === 'number' && value > 0 && value <= 1),
);

/** Constant `lr`, after a linear rise over `warmup` steps (default 0). */
export function constantSchedule(lr: number, options: { warmup?: number | undefined } = {}): Schedule {
  expectWithin('constant', 'lr', lr, 0);
  expectOptions('constant', options, { warmup: maybe(isWhole(0)) });
  const { warmup = 0 } = options;
  return (step) => lr * warming(step, warmup);
}

/** `lr · factorᵏ` from step `k · every` on. Default factor 0.1. */
export function stepDecay(lr: number, options: { every: number; factor?: number | undefined }): Schedule {
  expectWithin('stepDecay', 'lr', lr, 0);
  expectOptions('stepDecay', options, { every: isPositive, factor: fromZero });
  const { every, factor = 0.1 } = options;
  return (step) => lr * power(factor, Math.floor(step / every));
}

/**
 * From `lr` down to `minimum` (default 0) over `steps` along half a cosine (Loshchilov and Hutter 2017, eq. 5), after a linear rise over
 * the first `warmup` of them (default 0); constant `minimum` after that.
 */
export function cosineSchedule(
  lr: number,
  options: { steps: number; warmup?: number | undefined; minimum?: number | undefined },
): Schedule {
  expectWithin('cosine', 'lr', lr, 0);
  expectOptions('cosine', options, { steps: isSize, warmup: maybe(isWhole(0)), minimum: fromZero });
  const { steps, warmup = 0, minimum = 0 } = options;
  if (!(steps > warmup)) throw new RangeError(`cosine: steps must be more than warmup, got ${steps} and ${warmup}`);
  return (step) => {
    if (step < warmup) return lr * warming(step, warmup);
    return minimum + (lr - minimum) * halfCosine(Math.min(1, (step - warmup) / (steps - warmup)));
  };
}

/**
 * Constant `lr` after a linear rise over the first `warmup` steps (default 0), and over the last `fall` of all steps (a share, default 0.5) a linear
 * fall to 0 (Hägele et al. 2024, 2405.18392, §3); 0 after that.
 */
export function trapezoidSchedule(
  lr: number,
  options: { steps: number; warmup?: number | undefined; fall?: number | undefined },
): Schedule {
  expectWithin('trapezoid', 'lr', lr, 0);
  expectOptions('trapezoid', options, { steps: isSize, warmup: maybe(isWhole(0)), fall: isShareAboveZero });
  const { steps, warmup = 0, fall = 0.5 } = options;
  if (!(steps > warmup)) throw new RangeError(`trapezoid: steps must be more than warmup, got ${steps} and ${warmup}`);
  return (step) => lr * Math.min(warming(step, warmup), Math.max(0, (steps - step) / (fall * steps)));
}

/** A linear rise to `lr` at step `warmup`, then `lr · √(warmup / step)`, with steps counted from 1 (Vaswani et al. 2017, eq. 3). */
export function inverseSqrtSchedule(lr: number, options: { warmup: number }): Schedule {
  expectWithin('inverseSqrt', 'lr', lr, 0);
  expectOptions('inverseSqrt', options, { warmup: isWithin(1) });
  const { warmup } = options;
  return (step) => lr * Math.min((step + 1) / warmup, Math.sqrt(warmup / (step + 1)));
}

/** The best metric so far, and the number of evaluations since without a better one. */
export interface Best {
  /** The best metric; absent before the first evaluation. */
  readonly best?: number;
  /** Evaluations since the best one. */
  readonly waited?: number;
}

/** Decides when one metric is better than another. */
export interface BetterOptions {
  /** Whether a small or a large metric is good. Default `min`. */
  goal?: 'min' | 'max' | undefined;
  /** The smallest improvement that counts, relative to the best. Default 0. */
  threshold?: number | undefined;
}

const betterRules = { goal: /* @__PURE__ */ maybe(isOneOf('min', 'max')), threshold: fromZero };

/** The state after another metric. NaN is never better. */
export function better(state: Best, metric: number, options: BetterOptions = {}): Required<Best> {
  expectOptions('better', options, betterRules);
  const { goal = 'min', threshold = 0 } = options;
  expectFields('better', 'state', state);
  const { best, waited = 0 } = state;
  const margin = Number.isFinite(best) ? Math.abs(best as number) * threshold : 0; // ∞ · 0 is NaN, and no metric would be better
  if (goal === 'min' ? metric < (best ?? Infinity) - margin : metric > (best ?? -Infinity) + margin) return { best: metric, waited: 0 };
  return { best: best ?? (goal === 'min' ? Infinity : -Infinity), waited: waited + 1 };
}

/** The state of {@link plateau}; `{ lr }` at first. */
export interface Plateau extends Best {
  /** The current learning rate. */
  readonly lr: number;
}

/** When to lower the learning rate, and by how much. */
export interface PlateauOptions extends BetterOptions {
  /** Default 0.1. */
  factor?: number | undefined;
  /** Evaluations without a better metric to wait for. Default 10. */
  patience?: number | undefined;
  /** Default 0. */
  minimum?: number | undefined;
}

const plateauRules = { ...betterRules, factor: fromZero, patience: fromZero, minimum: fromZero };

/**
 * The state after another metric: if more than `patience` evaluations in a row were not better than the best by `threshold` (relative,
 * default 1e-4), `lr` is multiplied by `factor` and the count starts again. This is PyTorch's ReduceLROnPlateau as a value, with one
 * difference for negative metrics: here `threshold` always asks for an improvement, whereas PyTorch accepts a metric up to `threshold`
 * worse.
 */
export function plateau(state: Plateau, metric: number, options: PlateauOptions = {}): Required<Plateau> {
  expectOptions('plateau', options, plateauRules);
  expectFields('plateau', 'state', state, 'lr');
  expectWithin('plateau', 'lr', state.lr, 0);
  const { factor = 0.1, patience = 10, minimum = 0, threshold = 1e-4, goal = 'min' } = options;
  const next = better(state, metric, { goal, threshold });
  if (next.waited <= patience) return { lr: state.lr, ...next };
  return { lr: Math.max(minimum, state.lr * factor), best: next.best, waited: 0 };
}
