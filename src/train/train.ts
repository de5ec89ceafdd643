import { backward } from '../autograd/backward.ts';
import { Storage, within } from '../runtime/storage.ts';
import { othersTurn } from '../runtime/turn.ts';
import { expectKey, expectOptions, isOneOf, isSize, isWhole, maybe, type Rule, ruleOf, shown } from '../tensor/check.ts';
import { foldIn, type Key, split } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { clipGradNorm, gradNorm } from './clip.ts';
import type { AnyOptimizer } from './optimizers/optimizer.ts';
import { type Best, better, type Schedule } from './schedule.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The position of a run between two steps, as plain numbers. With the parameters and the optimiser's state of that moment and the same
 * options, a run started from it gives the same bits as one that never stopped.
 */
export interface Position extends Best {
  /** The current epoch, from 0. */
  readonly epoch: number;
  /** Batches of this epoch that are already used. */
  readonly batch: number;
  /** Total number of steps. */
  readonly step: number;
}

/** The event after each step. */
export interface Progress {
  /** Total number of steps; the first event has 1. */
  readonly step: number;
  /** The epoch of the step, from 0. */
  readonly epoch: number;
  /** The loss of the step. */
  readonly loss: number;
  /** The learning rate of the step. */
  readonly lr: number;
  /** The norm of the gradients before clipping. */
  readonly gradNorm: number;
  /** Since this call began. */
  readonly seconds: number;
  /** The result of `evaluate`, at steps that call it. */
  readonly metric?: number;
  /** Whether that metric is the best so far. */
  readonly improved?: boolean;
  /** The position after this step, for `start`. */
  readonly position: Position;
}

/** The parts of a training run. */
export interface TrainOptions<Batch> {
  /** The key from which all randomness of the run is drawn. */
  key: Key;
  /**
   * The batches of an epoch, drawn from its key; called again when a run resumes. Tensors that a synchronous `next()` makes are freed with
   * the step. Those that an asynchronous one makes are left to the collector, so yield plain arrays there and make tensors of them in
   * `loss`.
   */
  batches: (epoch: number, key: Key) => Iterable<Batch> | AsyncIterable<Batch>;
  /** The loss: one finite number to minimise. The key belongs to the step. */
  loss: (batch: Batch, at: { key: Key; step: number; epoch: number }) => Tensor;
  /** The optimiser, or several as one. */
  optimizer: AnyOptimizer;
  /** Total number of steps. Without `steps` and `epochs` the run goes on until it is stopped. */
  steps?: number | undefined;
  /** Number of passes over the batches. */
  epochs?: number | undefined;
  /** Sets the learning rate before each step. Without it `optimizer.lr` stays as it is. */
  schedule?: Schedule | undefined;
  /** Largest norm of the gradients: larger ones are scaled down. Or what is done to them, `(parameters) => norm before`, such as `clipSpectralNorm`. */
  clip?: number | ((parameters: AnyOptimizer['parameters']) => number) | undefined;
  /**
   * A metric of the model, computed every `every` steps. Tensors that a synchronous one makes are freed when it returns. Those that an
   * asynchronous one makes are left to the collector, so open a `scope` around its parts.
   */
  evaluate?: (() => number | Promise<number>) | undefined;
  /** Steps between evaluations. */
  every?: number | undefined;
  /** Whether a small or a large metric is good. Default `min`. */
  goal?: 'min' | 'max' | undefined;
  /** Takes a copy of the weights at every best metric; its `restore()` loads the best ones after the run. */
  keepBest?: Pick<Snapshot, 'take'> | undefined;
  /** Stops after so many evaluations in a row without a better metric. */
  patience?: number | undefined;
  /** How much better a metric must be than the best one to count, as a share of the best. Default 0. */
  threshold?: number | undefined;
  /** Stops after the current step. */
  signal?: AbortSignal | undefined;
  /** The position to start from. */
  start?: Position | undefined;
  /** Milliseconds of work before yielding to other tasks. Default 50. */
  yieldEvery?: number | undefined;
}

/** A training run. It advances only as a loop asks for the next event. */
export interface Training extends AsyncGenerator<Progress, Position> {
  /** It cannot be awaited: `await train(…)` would take no step, so it is a type error and throws. */
  then(instead: 'for await (… of train(…)), or await fit(…)'): never;
}

/**
 * Trains: `for await (const { step, loss } of train({ … }))`. One event per step; leaving the loop stops the training. Every step runs in
 * its own scope. Returns the final position. Without a loop nothing runs: {@link fit} runs to the end.
 */
export function train<Batch>(options: TrainOptions<Batch>): Training {
  expectOptions('train', options, rules);
  const { evaluate, every, keepBest, patience, threshold } = options;
  if (evaluate && !every) throw new RangeError('train: every must be given with evaluate, got none');
  const [idle] = Object.entries({ keepBest, patience, threshold, every }).find(([, value]) => value !== undefined && !evaluate) ?? [];
  if (idle) throw new RangeError(`train: evaluate must be given with ${idle}, got none`);
  return Object.assign(running(options), {
    // biome-ignore lint/suspicious/noThenProperty: await has to find it
    then(): never {
      throw new Error('train: it was awaited, which takes no step; loop over it with for await, or await fit');
    },
  });
}

async function* running<Batch>(options: TrainOptions<Batch>): AsyncGenerator<Progress, Position> {
  const { batches, optimizer, steps = Infinity, epochs = Infinity, patience = Infinity, signal, yieldEvery = 50 } = options;
  const { evaluate, every = 0, goal = 'min', keepBest, threshold = 0 } = options;
  const [forBatches, forSteps] = split(options.key);
  const began = performance.now();
  let rested = began;
  let at: Position = options.start ?? { epoch: 0, batch: 0, step: 0 };
  const goesOn = () => at.step < steps && at.epoch < epochs && (at.waited ?? 0) < patience && !signal?.aborted;

  optimizer.zeroGrad();
  while (goesOn()) {
    const source = sourceOf(batches(at.epoch, foldIn(forBatches, at.epoch)));
    try {
      await skip(source, at);
      while (goesOn()) {
        const taken = await takeStep(source, options, at, foldIn(forSteps, at.step));
        if (!taken) break;
        at = { ...at, batch: at.batch + 1, step: at.step + 1 };
        let evaluated = {};
        if (evaluate && at.step % every === 0) {
          const metric = await metricOf(evaluate);
          at = { ...at, ...better(at, metric, { goal, threshold }) };
          evaluated = { metric, improved: at.waited === 0 };
          if (at.waited === 0) keepBest?.take();
        }
        const now = performance.now();
        yield { step: at.step, epoch: at.epoch, ...taken, seconds: (now - began) / 1000, ...evaluated, position: at };
        if (performance.now() - rested >= yieldEvery) {
          await othersTurn();
          rested = performance.now();
        }
      }
    } finally {
      await source.close();
    }
    if (!goesOn()) break;
    if (at.batch === 0) throw new RangeError(`train: batches must give at least one per epoch, got none in epoch ${at.epoch}`);
    at = { ...at, epoch: at.epoch + 1, batch: 0 };
  }
  return at;
}

/** The batches of an epoch, from either kind of iterable. */
interface Source<Batch> {
  /** Calls `use` with the next batch; both run in one scope if `next()` is synchronous. `null` at the end. */
  next<Result>(use: (batch: Batch) => Result): Result | null | Promise<Result | null>;
  close(): unknown;
}

function sourceOf<Batch>(batches: Iterable<Batch> | AsyncIterable<Batch>): Source<Batch> {
  const inScope = <Result>(take: () => IteratorResult<Batch>, use: (batch: Batch) => Result) =>
    scope(() => {
      const next = take();
      return next.done ? null : use(next.value);
    });
  if (Symbol.iterator in Object(batches)) {
    const iterator = (batches as Iterable<Batch>)[Symbol.iterator]();
    return { next: (use) => inScope(() => iterator.next(), use), close: () => iterator.return?.() };
  }
  if (!(Symbol.asyncIterator in Object(batches))) {
    throw new TypeError(`train: batches must return an iterable, synchronous or asynchronous, got ${typeof batches}`);
  }
  const iterator = (batches as AsyncIterable<Batch>)[Symbol.asyncIterator]();
  return {
    async next(use) {
      const next = await iterator.next();
      return inScope(() => next, use);
    },
    close: () => iterator.return?.(),
  };
}

/** Runs one step in a scope; `null` at the end of the epoch. */
function takeStep<Batch>(source: Source<Batch>, options: TrainOptions<Batch>, at: Position, key: Key) {
  const { optimizer, schedule, clip } = options;
  return source.next((batch) => {
    if (schedule) optimizer.lr = schedule(at.step);
    const result = options.loss(batch, { key, step: at.step, epoch: at.epoch });
    if (!(result instanceof Tensor)) throw new TypeError(`train: loss must return a tensor at once, got ${kindOf(result)}`);
    const loss = finite('loss', result.item(), at.step);
    backward(result);
    const norm = clipped(optimizer.parameters, clip);
    finite('gradient norm', norm, at.step);
    optimizer.step();
    return { loss, lr: optimizer.lr, gradNorm: norm };
  });
}

/** Clips as `clip` says; the norm before. */
function clipped(parameters: AnyOptimizer['parameters'], clip: TrainOptions<unknown>['clip']): number {
  if (typeof clip === 'function') return clip(parameters);
  return clip === undefined ? gradNorm(parameters) : clipGradNorm(parameters, clip);
}

/** The result of `evaluate`. Its synchronous part runs in a scope; tensors made after its first `await` are left to the collector. */
async function metricOf(evaluate: () => number | Promise<number>): Promise<number> {
  const made: Storage[] = [];
  let result: number | Promise<number> | undefined;
  try {
    result = within(made, evaluate);
  } finally {
    if (isThenable(result)) for (const storage of made) storage.moveTo(null);
    else Storage.release(made);
  }
  const metric: unknown = await result;
  if (typeof metric !== 'number') throw new TypeError(`train: evaluate must return a number, got ${kindOf(metric)}`);
  return metric;
}

/** Infinity means no end. */
function isFromZero(op: string, name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return;
  throw new RangeError(`${op}: ${name} must be a number from 0, got ${shown(value)}`);
}

function isPosition(op: string, name: string, value: unknown): void {
  const { epoch, batch, step, waited, best } = Object(value) as Partial<Position>;
  for (const [part, number] of Object.entries({ epoch, batch, step })) isWhole(0)(op, `${name}.${part}`, number);
  maybe(isWhole(0))(op, `${name}.waited`, waited);
  maybe(isMetric)(op, `${name}.best`, best);
}

/** The best metric so far; ∞ or −∞ if every metric was NaN, since JSON turns these into null. */
const isMetric: Rule = /* @__PURE__ */ ruleOf('a number', (value) => value === null || (typeof value === 'number' && !Number.isNaN(value)));

const fn: Rule = /* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function');

const rules = {
  key: (op: string, _name: string, value: unknown) => expectKey(op, value as Key),
  batches: fn,
  loss: fn,
  optimizer: /* @__PURE__ */ ruleOf('an optimiser', (value) => typeof (value as AnyOptimizer | undefined)?.step === 'function'),
  steps: isFromZero,
  epochs: isFromZero,
  schedule: /* @__PURE__ */ maybe(fn),
  clip: (op: string, name: string, value: unknown) => typeof value === 'function' || isFromZero(op, name, value),
  evaluate: /* @__PURE__ */ maybe(fn),
  every: /* @__PURE__ */ maybe(isSize),
  goal: /* @__PURE__ */ maybe(isOneOf('min', 'max')),
  keepBest: /* @__PURE__ */ maybe(ruleOf('a Snapshot', (value) => typeof Object(value).take === 'function')),
  patience: isFromZero,
  threshold: isFromZero,
  signal: /* @__PURE__ */ maybe(ruleOf('an AbortSignal', (value) => typeof (value as AbortSignal | null)?.aborted === 'boolean')),
  start: /* @__PURE__ */ maybe(isPosition),
  yieldEvery: isFromZero,
};

const isThenable = (value: unknown) => typeof value === 'object' && value !== null && 'then' in value;

const kindOf = (value: unknown) => (isThenable(value) ? 'a promise' : value instanceof Tensor ? 'a tensor' : shown(value));

function finite(what: string, value: number, step: number): number {
  if (!Number.isFinite(value)) throw new Error(`train: ${what} must be finite, got ${value} at step ${step}`);
  return value;
}

/** Skips the batches that were used before the run was stopped. */
async function skip(source: Source<unknown>, { batch, epoch }: Position): Promise<void> {
  for (let i = 0; i < batch; i++) {
    if ((await source.next(() => true)) === null)
      throw new RangeError(`train: start must lie within the epoch, got batch ${batch} of ${i} in epoch ${epoch}`);
  }
}
