import { backward } from '../autograd/backward.ts';
import { foldIn, type Key, split } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { clipGradNorm, gradNorm } from './clip.ts';
import type { Optimizer } from './optimizer.ts';
import { type Best, better, type Schedule } from './schedule.ts';

/**
 * Where a run stands between two steps, as plain numbers. With the parameters and the optimiser's state of that moment, and the same
 * options, a run started from it gives the same bits as one that never stopped.
 */
export interface Position extends Best {
  readonly epoch: number;
  /** Batches of this epoch already used. */
  readonly batch: number;
  /** Steps taken in all. */
  readonly step: number;
}

/** What the loop tells after each step. */
export interface Progress {
  /** Steps taken in all; the first step reports 1. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  /** Before clipping. */
  readonly gradNorm: number;
  /** Since this call began. */
  readonly seconds: number;
  /** Where `evaluate` was called. */
  readonly metric?: number;
  /** Whether that metric is the best so far. */
  readonly improved?: boolean;
  /** Resumes after this step. */
  readonly position: Position;
}

/** What a training run consists of. */
export interface TrainOptions<Batch> {
  /** Everything random is drawn from it. */
  key: Key;
  /** The batches of an epoch, drawn from its key: called again when resuming. Tensors made by `next()` go with the step. */
  batches: (epoch: number, key: Key) => Iterable<Batch>;
  /** One number to make small, finite. The key belongs to the step. */
  loss: (batch: Batch, at: { key: Key; step: number; epoch: number }) => Tensor;
  optimizer: Optimizer;
  /** Stops after so many in all. Without both, the loop goes on until it is stopped. */
  steps?: number;
  epochs?: number;
  /** Sets the learning rate before each step. Without it, `optimizer.lr` is left alone. */
  schedule?: Schedule;
  /** Largest norm of the gradients. */
  clip?: number;
  /** A metric of the model as it is, asked for every `every` steps. */
  evaluate?: () => number | Promise<number>;
  every?: number;
  goal?: 'min' | 'max';
  /** Stops once so many evaluations in a row were not better than the best. */
  patience?: number;
  /** Stops after the step under way. */
  signal?: AbortSignal;
  /** Where to go on from. */
  start?: Position;
  /** Milliseconds of work after which others get a turn. Default 50. */
  yieldEvery?: number;
}

/**
 * Trains: `for await (const { step, loss } of train({ … }))`. One event a step; leaving the loop stops the training. Every step runs in
 * a scope of its own. Returns the position it ended at.
 */
export async function* train<Batch>(options: TrainOptions<Batch>): AsyncGenerator<Progress, Position> {
  const { batches, optimizer, steps = Infinity, epochs = Infinity, patience = Infinity, signal, yieldEvery = 50 } = options;
  const { evaluate, every = 0, goal = 'min' } = options;
  if (evaluate && !(every >= 1)) throw new RangeError(`train: every must be given with evaluate and at least 1, got ${every}`);
  const [forBatches, forSteps] = split(options.key);
  const began = performance.now();
  let rested = began;
  let at: Position = options.start ?? { epoch: 0, batch: 0, step: 0 };
  const goesOn = () => at.step < steps && at.epoch < epochs && (at.waited ?? 0) < patience && !signal?.aborted;

  optimizer.zeroGrad();
  while (goesOn()) {
    const iterator = batches(at.epoch, foldIn(forBatches, at.epoch))[Symbol.iterator]();
    try {
      skip(iterator, at);
      while (goesOn()) {
        const taken = takeStep(iterator, options, at, foldIn(forSteps, at.step));
        if (!taken) break;
        at = { ...at, batch: at.batch + 1, step: at.step + 1 };
        let evaluated = {};
        if (evaluate && at.step % every === 0) {
          const metric = await evaluate();
          at = { ...at, ...better(at, metric, { goal }) };
          evaluated = { metric, improved: at.waited === 0 };
        }
        const now = performance.now();
        yield { step: at.step, epoch: at.epoch, ...taken, seconds: (now - began) / 1000, ...evaluated, position: at };
        if (performance.now() - rested >= yieldEvery) {
          await othersTurn();
          rested = performance.now();
        }
      }
    } finally {
      iterator.return?.();
    }
    if (!goesOn()) break;
    if (at.batch === 0) throw new RangeError(`train: batches must give at least one an epoch, got none in epoch ${at.epoch}`);
    at = { ...at, epoch: at.epoch + 1, batch: 0 };
  }
  return at;
}

/** One step, in a scope; `null` at the end of the epoch. */
function takeStep<Batch>(iterator: Iterator<Batch>, options: TrainOptions<Batch>, at: Position, key: Key) {
  const { optimizer, schedule, clip } = options;
  return scope(() => {
    const next = iterator.next();
    if (next.done) return null;
    if (schedule) optimizer.lr = schedule(at.step);
    const result = options.loss(next.value, { key, step: at.step, epoch: at.epoch });
    const loss = finite('loss', result.item(), at.step);
    backward(result);
    const norm = clip === undefined ? gradNorm(optimizer.parameters) : clipGradNorm(optimizer.parameters, clip);
    finite('gradient norm', norm, at.step);
    optimizer.step();
    return { loss, lr: optimizer.lr, gradNorm: norm };
  });
}

function finite(what: string, value: number, step: number): number {
  if (!Number.isFinite(value)) throw new Error(`train: ${what} must be finite, got ${value} at step ${step}`);
  return value;
}

/** Passes over the batches that were used before the run was stopped. */
function skip(iterator: Iterator<unknown>, { batch, epoch }: Position): void {
  for (let i = 0; i < batch; i++) {
    if (scope(() => iterator.next().done))
      throw new RangeError(`train: start must lie within the epoch, got batch ${batch} of ${i} in epoch ${epoch}`);
  }
}

/** A turn of the event loop: timers of browsers wait for 4 ms, messages do not. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
