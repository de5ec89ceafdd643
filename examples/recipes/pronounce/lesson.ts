// One member's lesson, in a worker thread of its own: several members learn side by side, one on each core.
import { existsSync } from 'node:fs';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { init, loadCheckpoint, type Position, type Progress, restoreCheckpoint, saveCheckpoint } from 'saccade';
import { type Dictionary, dictionaryOf } from './dictionary.ts';
import { member, type Shape } from './speaker.ts';
import { optimizerOf, type Recipe, teach } from './teaching.ts';

/** What a lesson is about. */
export interface Lesson {
  /** Folder of g014b2b, where that is learnt. */
  data?: string;
  recipe: Recipe;
  shape: Shape;
  member: number;
  /** Where the member is kept, every few hundred steps and at the end. */
  checkpoint: string;
}

/** What a lesson tells now and then. */
export interface Report {
  step: number;
  loss: number;
  /** Steps a second since the lesson began or went on. */
  speed: number;
  /** Phone error rate on development words, when last measured. */
  rate?: number;
}

/** Starts a lesson in a thread. The promise is kept when it has ended or, told to stop, has saved where it is. */
export function begin(lesson: Lesson, report: (report: Report) => void): { ended: Promise<void>; stop: () => void } {
  const worker = new Worker(new URL(import.meta.url), { workerData: lesson });
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', report);
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  return { ended, stop: () => worker.postMessage('stop') };
}

async function give({ data, recipe, shape, member: index, checkpoint }: Lesson, port: NonNullable<typeof parentPort>): Promise<void> {
  await init();
  const dictionary: Dictionary = await dictionaryOf(data);
  const model = member(shape, index);
  const optimizer = optimizerOf(model, recipe);
  const metadata = { shape: JSON.stringify(shape), recipe: JSON.stringify(recipe) };
  let position: Position | undefined;
  if (existsSync(checkpoint)) {
    const saved = await loadCheckpoint(checkpoint);
    restoreCheckpoint(saved, { model, optimizer });
    position = saved.position;
  }
  const save = (at: Position) => saveCheckpoint(checkpoint, { model, optimizer, position: at, metadata });
  const controller = new AbortController();
  port.once('message', () => controller.abort());

  const first = position?.step ?? 0;
  let loss = Number.NaN;
  let told = 0;
  let rate: number | undefined;
  const tell = ({ step, seconds }: Pick<Progress, 'step' | 'seconds'>) => {
    const report: Report = { step, loss, speed: (step - first) / seconds, ...(rate === undefined ? {} : { rate }) };
    port.postMessage(report);
    told = seconds;
  };
  let last: Progress | undefined;
  const options = { member: index, optimizer, signal: controller.signal, ...(position ? { start: position } : {}) };
  for await (const progress of teach(model, shape, dictionary, recipe, options)) {
    last = progress;
    loss = Number.isNaN(loss) ? progress.loss : 0.98 * loss + 0.02 * progress.loss;
    if (progress.metric !== undefined) {
      rate = progress.metric;
      await save(progress.position);
    }
    if (progress.seconds - told >= 0.5 || progress.metric !== undefined) tell(progress);
  }
  if (last) {
    await save(last.position);
    tell(last);
  }
  port.close();
}

if (parentPort && workerData) await give(workerData as Lesson, parentPort);
