import { infer } from '../autograd/infer.ts';
import type { Module } from '../nn/module.ts';
import { parameters } from '../nn/module.ts';
import { memoryReport } from '../runtime/storage.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { AdamW } from '../train/optimizers/adam.ts';
import { type Best, better, type Plateau, plateau } from '../train/schedule.ts';
import { Snapshot } from '../train/snapshot.ts';
import { type Progress, train } from '../train/train.ts';
import { batchesOf } from './batches.ts';
import { BUSY, inTurns } from './turns.ts';

/** What `onProgress` is told after each step. */
export interface FrontProgress {
  /** Steps so far. */
  readonly step: number;
  /** Steps at most; it mostly stops earlier. */
  readonly steps: number;
  /** The pass over the rows, from 0. */
  readonly epoch: number;
  /** The loss of the step. */
  readonly loss: number;
  /** The last loss on the held-out rows; absent before the first, and where none are held out. */
  readonly heldOutLoss?: number;
  /** The best of these so far: its weights are kept. */
  readonly best?: number;
  /** Since learning began. */
  readonly seconds: number;
  /** Until the last step, if it does not stop earlier. */
  readonly secondsLeft: number;
  /** Bytes of tensors in use, and at most so far. */
  readonly memory: { readonly bytes: number; readonly peak: number };
}

/** What every `fit` and `update` takes. */
export interface TeachingOptions {
  /** Called after each step. If it returns false, learning stops there, and the best weights so far stay. */
  onProgress?: ((progress: FrontProgress) => unknown) | undefined;
  /** Aborts: the promise is rejected with the signal's reason, and `update` leaves the front as it was. */
  signal?: AbortSignal | undefined;
  /** Draws what is held out, the first weights, batches and dropout. Default `key(0)`. */
  key?: Key | undefined;
}

/** Something that learns from examples. */
export interface Pupil<Example> {
  readonly model: Module;
  /** The length of an example, by which batches are put together. */
  length(example: Example): number;
  /** Multiplications and additions of an example of a length, forward. */
  cost(length: number): number;
  /** The mean loss of examples. With a key it is a step of learning. */
  loss(examples: readonly Example[], key?: Key): Tensor;
}

/** How a pupil is taught. */
export interface Lesson<Example> {
  readonly learn: readonly Example[];
  readonly heldOut: readonly Example[];
  /** The first rate of AdamW. */
  readonly lr: number;
  /** Whether the weights from before may be the best. */
  readonly goesOn: boolean;
  /** Whether it can do more than before, so that the weights from before are not the best of it. */
  readonly grown?: boolean;
}

/** How learning went. */
export interface Teaching {
  /** Steps that were taken. */
  readonly steps: number;
  /** The best loss on the held-out rows; `null` where none are held out. */
  readonly heldOutLoss: number | null;
}

/** Evaluations without a better loss before the rate is halved, and before it stops. */
const WAIT = { halve: 2, stop: 6 };

/** A loss is better if it is by a hundredth; below this it is good enough. */
const [HUNDREDTH, ENOUGH] = [0.01, 0.002];

/** Steps between evaluations: an epoch, but not fewer than 25 nor more than 200. */
const between = (perEpoch: number) => Math.max(25, Math.min(200, perEpoch));

/**
 * Passes over the rows at most: 4 to 60, about 4,000 steps, and at least 1,000 steps. Where nothing is held out, about 300 steps; to go on from there, 10
 * passes or 40 steps.
 */
function passes(perEpoch: number, { heldOut, goesOn }: Pick<Lesson<unknown>, 'heldOut' | 'goesOn'>): number {
  if (heldOut.length > 0) return Math.max(4, Math.ceil(1000 / perEpoch), Math.min(60, Math.ceil(4000 / perEpoch)));
  return goesOn ? Math.max(10, Math.ceil(40 / perEpoch)) : Math.ceil(300 / perEpoch);
}

/** Examples in a batch: 8, from 100 examples on 16, from 1,000 on 32, from 10,000 on 64. */
const batchOf = (examples: number) => (examples < 100 ? 8 : examples < 1000 ? 16 : examples < 10_000 ? 32 : 64);

/** Examples cut into pieces of work, and what is done with each for the mean loss. */
function asked<Example>(pupil: Pupil<Example>, examples: readonly Example[]) {
  const lengths = examples.map((example) => pupil.length(example));
  return {
    pieces: batchesOf(lengths, { batchSize: 64, cost: (length) => pupil.cost(length) }),
    lossOfPiece: (piece: readonly number[]) => pupil.loss(piece.map((i) => examples[i] as Example)).item() * piece.length,
  };
}

const meanOver = (sums: readonly number[], examples: readonly unknown[]) => sums.reduce((sum, loss) => sum + loss, 0) / examples.length;

/** The mean loss of examples, in turns. */
export async function lossOf<Example>(pupil: Pupil<Example>, examples: readonly Example[], signal?: AbortSignal): Promise<number> {
  const { pieces, lossOfPiece } = asked(pupil, examples);
  return meanOver(await inTurns(pieces, lossOfPiece, signal), examples);
}

/** {@link lossOf} at once. */
export function lossNow<Example>(pupil: Pupil<Example>, examples: readonly Example[]): number {
  const { pieces, lossOfPiece } = asked(pupil, examples);
  return meanOver(pieces.map((piece) => infer(() => lossOfPiece(piece))), examples); // biome-ignore format: one call
}

/** The loss of held-out examples as learning goes on, and what follows from it: the rate, and when to stop. */
class Watch<Example> {
  last: number | undefined;
  private rate: Plateau;
  private wait: Best = {};
  private readonly of: () => Promise<number>;

  constructor(pupil: Pupil<Example>, { heldOut, lr }: Lesson<Example>, signal: AbortSignal | undefined) {
    this.rate = { lr };
    this.of = () => lossOf(pupil, heldOut, signal);
  }

  /** Warms up, and is halved where the loss does not fall. */
  readonly schedule = (step: number) => this.rate.lr * Math.min(1, (step + 1) / 20);

  readonly evaluate = async () => {
    const loss = await this.of();
    const seen = Math.max(loss, ENOUGH);
    this.rate = plateau(this.rate, seen, { factor: 0.5, patience: WAIT.halve, threshold: HUNDREDTH });
    this.wait = better(this.wait, seen, { threshold: HUNDREDTH });
    this.last = loss;
    return loss;
  };

  get isOver(): boolean {
    return (this.wait.waited ?? 0) >= WAIT.stop;
  }
}

/**
 * Teaches by AdamW with clipped gradients. The loss of the held-out examples is measured after every pass; if it does not fall, the rate is halved, then it
 * stops; the model has its best weights. After an abort it has those from before.
 */
export async function taught<Example>(
  pupil: Pupil<Example>,
  lesson: Lesson<Example>,
  options: TeachingOptions & { key: Key },
): Promise<Teaching> {
  options.signal?.throwIfAborted();
  const before = lesson.goesOn ? new Snapshot(pupil.model) : null;
  try {
    return await learned(pupil, lesson, options);
  } catch (error) {
    before?.restore();
    throw error;
  }
}

async function learned<Example>(
  pupil: Pupil<Example>,
  lesson: Lesson<Example>,
  { key, onProgress, signal }: TeachingOptions & { key: Key },
): Promise<Teaching> {
  const [forBatches, forSteps] = split(key);
  const { learn, lr } = lesson;
  const lengths = learn.map((example) => pupil.length(example));
  const batches = (from: Key) => batchesOf(lengths, { batchSize: batchOf(learn.length), cost: (length) => pupil.cost(length), key: from });
  const perEpoch = batches(forBatches).length;
  const epochs = passes(perEpoch, lesson);
  const watches = lesson.heldOut.length > 0;
  const watch = new Watch(pupil, lesson, signal);
  const best = new Snapshot(pupil.model);
  const start =
    lesson.goesOn && !lesson.grown && watches ? { epoch: 0, batch: 0, step: 0, waited: 0, best: await watch.evaluate() } : undefined;
  const run = train<readonly Example[]>({
    key: forSteps,
    batches: (_, from) => batches(from).map((batch) => batch.map((i) => learn[i] as Example)),
    loss: (examples, at) => pupil.loss(examples, at.key),
    optimizer: new AdamW(parameters(pupil.model), { lr, weightDecay: 0.01 }),
    schedule: watch.schedule,
    clip: 1,
    epochs,
    ...(watches ? { evaluate: watch.evaluate, every: between(perEpoch), keepBest: best } : {}),
    start,
    signal,
    yieldEvery: BUSY,
  });
  let at: Progress | undefined;
  for await (const progress of run) {
    at = progress;
    signal?.throwIfAborted();
    if (onProgress?.(told(progress, perEpoch * epochs, watch.last)) === false || watch.isOver) break;
  }
  signal?.throwIfAborted();
  const found = at?.position.best;
  if (watches && (found !== undefined || lesson.goesOn)) best.restore();
  return { steps: at?.step ?? 0, heldOutLoss: found ?? null };
}

function told({ step, epoch, loss, seconds, position }: Progress, steps: number, last: number | undefined): FrontProgress {
  const { bytes, peak } = memoryReport();
  return {
    step,
    steps: Math.max(steps, step),
    epoch,
    loss,
    ...(last === undefined ? {} : { heldOutLoss: last }),
    ...(position.best === undefined ? {} : { best: position.best }),
    seconds,
    secondsLeft: (Math.max(0, steps - step) * seconds) / step,
    memory: { bytes, peak },
  };
}
