// The model, in a Web Worker: it pronounces and learns while the page stays responsive; its lessons are kept between visits.
import { type Adam, init, type Position } from 'saccade';
import { type Checkpoint, readCheckpoint, restoreCheckpoint, writeCheckpoint } from 'saccade/io';
import { IndexedDBFiles } from 'saccade/stores';
import { cmudict, type Dictionary } from '../shared/pronunciation/cmudict.ts';
import { type Model, type Shape, type Speaker, speakerOf, untaught } from '../shared/pronunciation/speaker.ts';
import { optimizerOf, quick, stepsOf, teach } from '../shared/pronunciation/teaching.ts';
import { type Point, type Progress, type Report, type Request, withPoint } from './messages.ts';

const files = new IndexedDBFiles('saccade-page');
const LESSON = 'lesson';
/** If the browser refuses, as in some private windows, nothing is kept. */
const keep = (bytes: Uint8Array) => files.write(LESSON, bytes).catch(() => undefined);
const kept = () => files.read(LESSON).catch(() => undefined);
const forget = () => files.delete(LESSON).catch(() => undefined);
const tell = (report: Report) => postMessage(report);
const recipe = { ...quick, dropout: 0, batch: 32, warmup: 100 };
const letters = [..."'abcdefghijklmnopqrstuvwxyz"];
const phones = [
  ...['AA', 'AE', 'AH', 'AO', 'AW', 'AY', 'B', 'CH', 'D', 'DH', 'EH', 'ER', 'EY', 'F', 'G', 'HH', 'IH', 'IY', 'JH', 'K'],
  ...['L', 'M', 'N', 'NG', 'OW', 'OY', 'P', 'R', 'S', 'SH', 'T', 'TH', 'UH', 'UW', 'V', 'W', 'Y', 'Z', 'ZH'],
];
const shape: Shape = { ...recipe, letters, phones };
const metadata = { shape: JSON.stringify(shape), recipe: JSON.stringify(recipe) };
/** Seconds between saves: a closed page loses at most this much training. */
const KEEP_EVERY = 15;

/** A model in training. */
interface Lesson {
  model: Model;
  optimizer: Adam;
  position?: Position;
  progress: Progress;
  points: Point[];
}

let speaker: Speaker;
/** Metadata of the speaker's file. */
let about: Readonly<Record<string, string>> = metadata;
let lesson: Lesson | undefined;
let running: AbortController | undefined;
let dictionary: Dictionary | undefined;
let word = '';

/** The model that `npm start` saved, if the page was built with it. */
async function saved(): Promise<ArrayBuffer | undefined> {
  const response = await fetch(new URL('pronounce.safetensors', location.href.replace(/(assets\/)?[^/]*$/, '')));
  if (!response.ok || response.headers.get('content-type')?.startsWith('text/')) return undefined;
  return response.arrayBuffer();
}

/** Makes a file's model the page's speaker. */
function take(bytes: ArrayBuffer): void {
  const checkpoint = readCheckpoint(bytes);
  speaker = speakerOf(checkpoint);
  about = checkpoint.metadata;
}

function say(): void {
  const [spoken] = word === '' ? [] : speaker.say([word], { beam: running ? 1 : 4, minLength: 1 });
  tell({ kind: 'spoken', word, phones: spoken?.phones ?? [], weights: spoken?.weights ?? null });
}

/** Makes a fresh model, its optimiser and the page's speaker. */
function begun(): Lesson {
  speaker = untaught(shape);
  about = metadata;
  const [model] = speaker.members as [Model];
  const progress = { step: 0, steps: 0, loss: Number.NaN, rate: null };
  return { model, optimizer: optimizerOf(model, recipe), progress, points: [] };
}

/** A whole lesson as a file, from which it can be resumed. */
function bytesOf({ model, optimizer, position, progress, points }: Lesson): Uint8Array<ArrayBuffer> {
  const told = { progress: JSON.stringify(progress), points: JSON.stringify(points) };
  return writeCheckpoint({ model, optimizer, ...(position ? { position } : {}), metadata: { ...metadata, ...told } });
}

/** The lesson of an earlier visit; one of another version is deleted. */
async function resumed(): Promise<Lesson | undefined> {
  const bytes = await kept();
  if (!bytes) return undefined;
  try {
    const checkpoint: Checkpoint = readCheckpoint(bytes);
    if (checkpoint.metadata.recipe !== metadata.recipe) throw new Error('page: lesson must be of this version, got another');
    const fresh = begun();
    const { model, optimizer } = fresh;
    restoreCheckpoint(checkpoint, { model, optimizer });
    const told = { progress: JSON.parse(checkpoint.metadata.progress ?? ''), points: JSON.parse(checkpoint.metadata.points ?? '') };
    return { ...fresh, ...told, ...(checkpoint.position ? { position: checkpoint.position } : {}) };
  } catch {
    await forget();
    return undefined;
  }
}

async function train(): Promise<void> {
  if (running) return;
  running = new AbortController();
  dictionary ??= await cmudict();
  lesson ??= begun();
  const { model, optimizer, position } = lesson;
  const steps = stepsOf(dictionary, recipe);
  const options = { member: 0, optimizer, signal: running.signal, ...(position ? { start: position } : {}) };
  const first = position?.step ?? 0;
  let [told, said, keptAt] = [0, 0, 0];
  const point = (at: Lesson, seconds: number) => {
    at.points = withPoint(at.points, at.progress);
    tell({ kind: 'progress', speed: ((at.progress.step - first) * recipe.batch) / seconds, ...at.progress });
    told = seconds;
  };
  let last = 0;
  for await (const { step, seconds, loss, metric, position: at } of teach(model, shape, dictionary, recipe, options)) {
    const { progress } = lesson;
    const mean: number = Number.isFinite(progress.loss) ? 0.9 * progress.loss + 0.1 * loss : loss;
    Object.assign(lesson, { position: at, progress: { step, steps, loss: mean, rate: metric ?? progress.rate } });
    if (seconds - told > 0.25 || step === first + 1 || step === steps) {
      point(lesson, seconds);
    }
    last = seconds;
    if (seconds - said > 1 || step === steps) {
      said = seconds;
      say();
    }
    if (seconds - keptAt > KEEP_EVERY) {
      keptAt = seconds;
      await keep(bytesOf(lesson));
    }
  }
  running = undefined;
  if (last > told) point(lesson, last);
  await keep(bytesOf(lesson));
  say();
  tell({ kind: 'paused', ended: lesson.progress.step >= steps });
}

/** Resumes a lesson, or returns to the model that the page came with. */
async function ready(): Promise<void> {
  lesson = await resumed();
  const bytes = lesson ? undefined : await saved();
  if (bytes) take(bytes);
  else if (!lesson) begun();
  const kept = lesson ? { ...lesson.progress, points: lesson.points } : null;
  tell({ kind: 'ready', taught: bytes !== undefined || lesson !== undefined, kept });
}

/** Replaces the model by that of a file. */
async function load(bytes: ArrayBuffer): Promise<void> {
  take(bytes);
  await forget();
  lesson = undefined;
  tell({ kind: 'ready', taught: true, kept: null });
}

function failed(error: unknown): void {
  running = undefined;
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

/** Changes a lesson's files one request after another, so that a torn file never overtakes the one before it. */
let last: Promise<unknown> = Promise.resolve();
function inTurn(change: () => Promise<void>): Promise<void> {
  const mine = last.then(change);
  last = mine.catch(() => {});
  return mine;
}

async function answer(request: Request): Promise<void> {
  await started;
  switch (request.kind) {
    case 'pause':
      return running?.abort();
    case 'train':
      return train();
    case 'load':
      return inTurn(() => load(request.bytes));
    case 'file':
      return tell({ kind: 'file', bytes: writeCheckpoint({ model: speaker, metadata: about }) });
    case 'forget':
      return inTurn(async () => {
        await forget();
        await ready();
      });
    case 'say':
      word = request.word;
      return say();
  }
}

async function start(): Promise<void> {
  await init();
  await ready();
}

const started = start();
started.catch(failed);
addEventListener('message', ({ data }: MessageEvent<Request>) => void answer(data).catch(failed));
