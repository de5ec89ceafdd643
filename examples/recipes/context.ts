// One job in the thread it was given: where its data is, and training that goes on where it stopped.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint, type Position, type Progress, restoreCheckpoint, saveCheckpoint, train } from 'saccade';
import { type Context, type DataNeed, Interrupted, type Point, type Training } from './recipe.ts';

/** Milliseconds of work that a crash may cost. */
const SAVE_EVERY = 30_000;
const TELL_EVERY = 0.5;
/** Points of a curve, about. */
const POINTS = 100;

/** What a job tells while it trains. */
export interface Report {
  step: number;
  /** Steps in all, where that is known. */
  steps?: number;
  loss: number;
  metric?: number;
  /** Steps a second in this sitting. */
  speed: number;
}

/** What a context is made with. */
export interface ContextOptions {
  quick: boolean;
  data?: string;
  need?: DataNeed;
  /** Start of the checkpoints' paths. */
  checkpoint: string;
  /** What the job is, in a word: a checkpoint of something else is an error. */
  mark: string;
  signal: AbortSignal;
  report: (report: Report) => void;
}

/** Path of a needed file below `--data`. */
export function dataPath(file: string, data: string | undefined, need: DataNeed | undefined): string {
  const where = need ? ` (${need.source})` : '';
  if (data === undefined) throw new Error(`recipe: --data must name the folder of ${file}${where}, got no --data`);
  const found = [join(data, file), join(data, need?.folder ?? '', file)].find((path) => existsSync(path));
  if (found === undefined) throw new Error(`recipe: --data must hold ${file}${where}, got ${data}`);
  return found;
}

/** A context, and the seconds spent in it over all sittings: those of finished and resumed trainings too. */
export function contextOf(options: ContextOptions): { context: Context; seconds: () => number } {
  const began = performance.now();
  let before = 0;
  const seconds = () => before + (performance.now() - began) / 1000;
  const context: Context = {
    quick: options.quick,
    hasData: options.data !== undefined,
    signal: options.signal,
    path: (file) => dataPath(file, options.data, options.need),
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

async function resume<Batch>(
  { model, optimizer, name, numbers, ...rest }: Training<Batch>,
  { checkpoint, mark, signal, report }: ContextOptions,
  seconds: () => number,
  resumed: (seconds: number) => void,
): Promise<Point[]> {
  const path = `${checkpoint}${name ? `.${name}` : ''}.safetensors`;
  let points: Point[] = [];
  let [sum, count] = [0, 0]; // of the losses since the last point
  let position: Position | undefined;
  if (existsSync(path)) {
    const saved = await loadCheckpoint(path);
    if (saved.metadata.mark !== mark)
      throw new Error(`recipe: checkpoint must be of this job, got another in ${path} (--fresh forgets it)`);
    restoreCheckpoint(saved, { model, optimizer });
    [sum = 0, count = 0] = [saved.numbers['curve.sum'], saved.numbers['curve.count']];
    resumed(saved.numbers.seconds ?? 0);
    points = JSON.parse(saved.metadata.points ?? '[]') as Point[];
    position = under('at.', saved.numbers) as unknown as Position;
    numbers?.load(under('own.', saved.numbers));
  }
  const first = position?.step ?? 0;
  const save = (at: Position) =>
    saveCheckpoint(path, {
      model,
      optimizer,
      numbers: {
        ...over('at.', { ...at }),
        ...over('own.', numbers?.save() ?? {}),
        'curve.sum': sum,
        'curve.count': count,
        seconds: seconds(),
      },
      metadata: { mark, points: JSON.stringify(points) },
    });

  const every = Math.max(1, Math.floor((rest.steps ?? 100 * POINTS) / POINTS));
  let last: Progress | undefined;
  let metric = points.findLast((point) => point.metric !== undefined)?.metric;
  let [told, savedAt] = [0, performance.now()];
  for await (const progress of train({ ...rest, optimizer, signal, ...(position ? { start: position } : {}) })) {
    last = progress;
    sum += progress.loss;
    count++;
    metric = progress.metric ?? metric;
    if (progress.step % every === 0 || progress.metric !== undefined) {
      points.push({ step: progress.step, loss: sum / count, ...(progress.metric === undefined ? {} : { metric: progress.metric }) });
      [sum, count] = [0, 0];
    }
    if (progress.seconds - told >= TELL_EVERY) {
      const loss = count > 0 ? sum / count : (points.at(-1)?.loss ?? Number.NaN);
      const speed = (progress.step - first) / progress.seconds;
      report({
        step: progress.step,
        loss,
        speed,
        ...(rest.steps ? { steps: rest.steps } : {}),
        ...(metric === undefined ? {} : { metric }),
      });
      told = progress.seconds;
    }
    if (performance.now() - savedAt >= SAVE_EVERY) {
      await save(progress.position);
      savedAt = performance.now();
    }
  }
  if (last) await save(last.position);
  if (signal.aborted) throw new Interrupted();
  return points;
}
