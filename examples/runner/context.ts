// One job in its thread: its data, and training that resumes where it stopped.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checkpoint, loadCheckpoint, type Position, type Progress, restoreCheckpoint, saveCheckpoint, train } from 'saccade';
import { Snapshot } from 'saccade/train';
import { type Context, type DataNeed, Interrupted, type Point, type Training } from './recipe.ts';

/** Milliseconds between saves: a crash loses at most this much work. */
const SAVE_EVERY = 30_000;
const TELL_EVERY = 0.5;
/** Approximate number of points in a curve. */
const POINTS = 100;

/** Progress of a job in training. */
export interface Report {
  step: number;
  /** Total steps, if known. */
  steps?: number;
  loss: number;
  metric?: number;
  /** Steps per second in this session. */
  speed: number;
  /** The latest text of {@link Training.show}. */
  shown?: string;
}

/** Options of a context. */
export interface ContextOptions {
  quick: boolean;
  data?: string;
  test?: string;
  need?: DataNeed;
  /** Beginning of the checkpoints' paths. */
  checkpoint: string;
  /** A word that identifies the job: a checkpoint of another job is an error. */
  mark: string;
  signal: AbortSignal;
  report: (report: Report) => void;
}

/** Path of a required file below `--data`. */
export function dataPath(file: string, data: string | undefined, need: DataNeed | undefined): string {
  const where = need ? ` (${need.source})` : '';
  if (data === undefined) throw new Error(`recipe: --data must name the folder of ${file}${where}, got no --data`);
  return below('--data', data, file, need);
}

/** Path of a file in the folder of an option, or in the recipe's folder below it. */
function below(option: '--data' | '--test', folder: string, file: string, need: DataNeed | undefined): string {
  const found = [join(folder, file), join(folder, need?.folder ?? '', file)].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(`recipe: ${option} must hold ${file}${need ? ` (${need.source})` : ''}, got ${folder}`);
}

/** A context, with the seconds spent in it over all sessions, including those of finished and resumed training. */
export function contextOf(options: ContextOptions): { context: Context; seconds: () => number } {
  const began = performance.now();
  let before = 0;
  const seconds = () => before + (performance.now() - began) / 1000;
  const context: Context = {
    quick: options.quick,
    hasData: options.data !== undefined,
    signal: options.signal,
    path: (file) => dataPath(file, options.data, options.need),
    testPath: (file) => (options.test === undefined ? undefined : below('--test', options.test, file, options.need)),
    fileOf: (job) => join(dirname(options.checkpoint), `${job}.safetensors`),
    train: (training) =>
      resume(training, options, seconds, (spent) => {
        before = Math.max(before, spent);
      }),
  };
  return { context, seconds };
}

const over = (start: string, numbers: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [start + name, value]));

const under = (start: string, numbers: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(numbers).flatMap(([name, value]) => (name.startsWith(start) ? [[name.slice(start.length), value]] : [])),
  );

/** The curve of a training run so far, and the losses since its last point. */
class Curve {
  readonly points: Point[];
  private readonly every: number;
  private sum: number;
  private count: number;

  constructor(every: number, saved?: Pick<Checkpoint, 'numbers' | 'metadata'>) {
    this.every = every;
    this.points = JSON.parse(saved?.metadata.points ?? '[]') as Point[];
    this.sum = saved?.numbers['curve.sum'] ?? 0;
    this.count = saved?.numbers['curve.count'] ?? 0;
  }

  get numbers(): Record<string, number> {
    return { 'curve.sum': this.sum, 'curve.count': this.count };
  }

  get loss(): number {
    return this.count > 0 ? this.sum / this.count : (this.points.at(-1)?.loss ?? Number.NaN);
  }

  get metric(): number | undefined {
    return this.points.findLast((point) => point.metric !== undefined)?.metric;
  }

  add({ step, loss, metric }: Pick<Progress, 'step' | 'loss' | 'metric'>): void {
    this.sum += loss;
    this.count++;
    if (step % this.every !== 0 && metric === undefined) return;
    this.points.push({ step, loss: this.sum / this.count, ...(metric === undefined ? {} : { metric }) });
    this.sum = 0;
    this.count = 0;
  }
}

/** Restores the state of an earlier session, if it belongs to this job. */
async function restored(path: string, mark: string, { model, optimizer, numbers, keepBest }: Resumable): Promise<Checkpoint | undefined> {
  if (!existsSync(path)) return undefined;
  const saved = await loadCheckpoint(path);
  if (saved.metadata.mark !== mark) throw new Error(`recipe: checkpoint must be of this job, got another in ${path} (--fresh forgets it)`);
  restoreCheckpoint(saved, { model, optimizer, ...bestOf(keepBest) });
  numbers?.load(under('own.', saved.numbers));
  return saved;
}

type Resumable = Pick<Training<unknown>, 'model' | 'optimizer' | 'numbers' | 'keepBest'>;

/** The best weights so far, which a resumed run would forget. */
const bestOf = (best: Training<unknown>['keepBest']) => (best instanceof Snapshot ? { best } : {});

/** Reports progress: a line now and then, and the results of an evaluation at once. */
function teller({ steps, show }: Pick<Training<unknown>, 'steps' | 'show'>, from: number, curve: Curve, report: (report: Report) => void) {
  let [told, shown] = [0, undefined as string | undefined];
  const tell = ({ step, seconds }: Pick<Progress, 'step' | 'seconds'>) => {
    const { loss, metric } = curve;
    const known = { ...(steps && { steps }), ...(metric !== undefined && { metric }), ...(shown !== undefined && { shown }) };
    report({ step, loss, speed: (step - from) / seconds, ...known });
    told = seconds;
  };
  return {
    tell,
    hear(progress: Progress): void {
      if (progress.metric !== undefined) shown = show?.();
      if (progress.metric !== undefined || progress.seconds - told >= TELL_EVERY) tell(progress);
    },
  };
}

async function resume<Batch>(
  { model, optimizer, name, numbers, metadata, show, ...rest }: Training<Batch>,
  { checkpoint, mark, signal, report }: ContextOptions,
  seconds: () => number,
  resumed: (seconds: number) => void,
): Promise<Point[]> {
  const path = `${checkpoint}${name ? `.${name}` : ''}.safetensors`;
  const saved = await restored(path, mark, { model, optimizer, ...(numbers && { numbers }), ...bestOf(rest.keepBest) });
  const start = saved?.position;
  if (saved) resumed(saved.numbers.seconds ?? 0);
  const curve = new Curve(Math.max(1, Math.floor((rest.steps ?? 100 * POINTS) / POINTS)), saved);
  const save = (position: Position) =>
    saveCheckpoint(path, {
      model,
      optimizer,
      ...bestOf(rest.keepBest),
      position,
      numbers: { ...over('own.', numbers?.save() ?? {}), ...curve.numbers, seconds: seconds() },
      metadata: { ...metadata, mark, points: JSON.stringify(curve.points) },
    });
  const { tell, hear } = teller({ ...(rest.steps && { steps: rest.steps }), ...(show && { show }) }, start?.step ?? 0, curve, report);

  let last: Progress | undefined;
  let savedAt = performance.now();
  for await (const progress of train({ ...rest, optimizer, signal, ...(start ? { start } : {}) })) {
    last = progress;
    curve.add(progress);
    hear(progress);
    if (performance.now() - savedAt < SAVE_EVERY) continue;
    await save(progress.position);
    savedAt = performance.now();
  }
  if (last) {
    await save(last.position);
    tell(last);
  }
  if (signal.aborted) throw new Interrupted();
  return curve.points;
}
