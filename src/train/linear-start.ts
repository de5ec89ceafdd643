import { expectFields, expectOptions, isFunction, isSize, isWhole, maybe, type Rules, ruleOf, shown } from '../tensor/check.ts';

/** Options of {@link linearStart}. */
export interface LinearStartOptions {
  /** Epochs without softmax. Default 30. */
  linear?: number | undefined;
  /** Epochs after them. Default 60. */
  epochs?: number | undefined;
  /** Epochs after which the rate is halved, once softmax is on. Default 15. */
  every?: number | undefined;
  /** Rate at first. Default 0.005. */
  lr?: number | undefined;
}

/** What an epoch is trained with. */
export interface LinearStart {
  /** All epochs. */
  readonly epochs: number;
  /** Whether the scores stand for their softmax in this epoch. */
  linear(epoch: number): boolean;
  /** The rate of this epoch. */
  lr(epoch: number): number;
}

const rules: Rules<LinearStartOptions> = {
  linear: /* @__PURE__ */ maybe(isWhole(0)),
  epochs: /* @__PURE__ */ maybe(isSize),
  every: /* @__PURE__ */ maybe(isSize),
  lr: /* @__PURE__ */ maybe(ruleOf('a number from 0', (value) => Number.isFinite(value) && (value as number) >= 0)),
};

/**
 * Linear start (Sukhbaatar et al. 2015, §4.2): attention begins without its softmax, at a constant rate; with it the rate is halved every so
 * many epochs. The defaults are the authors' for all tasks at once, with losses that are summed over 32 questions; for one task: 20
 * linear epochs, 100 after them, halved every 25.
 */
export function linearStart(options: LinearStartOptions = {}): LinearStart {
  expectOptions('linearStart', options, rules);
  const { linear = 30, epochs = 60, every = 15, lr = 0.005 } = options;
  return {
    epochs: linear + epochs,
    linear: (epoch) => epoch < linear,
    lr(epoch) {
      const halvings = Math.max(0, Math.floor((epoch - linear) / every));
      let rate = lr;
      for (let i = 0; i < halvings; i++) rate /= 2;
      return rate;
    },
  };
}

/** A finished run. */
export interface Restart<Result> {
  /** By which runs are compared: of training, never of what is reported. */
  readonly error: number;
  /** What is kept of the run: a model, its figures. */
  readonly result: Result;
}

/** The best of several runs. */
export interface BestRestart<Result> extends Restart<Result> {
  /** Which run it was, from 0. */
  readonly restart: number;
  /** The errors of all. */
  readonly errors: readonly number[];
}

/**
 * Runs `run(0)`, `run(1)`, … one after the other, `count` times or until one has an error of at most `enough`, and returns the one of the
 * lowest error, of equals the first. A run whose error is NaN has diverged, and loses against every other; if all have, it throws.
 */
export async function bestOf<Result>(
  count: number,
  run: (restart: number) => Restart<Result> | Promise<Restart<Result>>,
  options: { enough?: number | undefined } = {},
): Promise<BestRestart<Result>> {
  isSize('bestOf', 'count', count);
  isFunction('bestOf', 'run', run);
  expectOptions('bestOf', options, { enough: maybe(ruleOf('a number', (value) => typeof value === 'number' && !Number.isNaN(value))) });
  const { enough = -Infinity } = options;
  const errors: number[] = [];
  let best: (Restart<Result> & { restart: number }) | undefined;
  for (let restart = 0; restart < count && !(best && best.error <= enough); restart++) {
    const finished = await run(restart);
    expectFields('bestOf', 'what a run returns', finished, 'error', 'result');
    const { error, result } = finished;
    if (typeof error !== 'number') throw new TypeError(`bestOf: error of a run must be a number, got ${shown(error)}`);
    errors.push(error);
    if (!Number.isNaN(error) && !(best && best.error <= error)) best = { error, result, restart };
  }
  if (!best) throw new Error(`bestOf: every run has diverged, with an error of NaN in ${count}; try a lower learning rate`);
  return { ...best, errors };
}
