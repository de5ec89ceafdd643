// The model, in a Web Worker: it pronounces, and learns, while the page stays free.
import { type Adam, init, type Position } from 'saccade';
import { readCheckpoint } from 'saccade/io';
import { cmudict, type Dictionary } from '../recipes/pronounce/cmudict.ts';
import { type Model, type Shape, type Speaker, speakerOf, untaught } from '../recipes/pronounce/speaker.ts';
import { optimizerOf, quick, stepsOf, teach } from '../recipes/pronounce/teaching.ts';
import type { Report, Request } from './messages.ts';

const tell = (report: Report) => postMessage(report);
const recipe = { ...quick, dropout: 0, batch: 32, warmup: 100 };
const letters = [..."'abcdefghijklmnopqrstuvwxyz"];
const phones = [
  ...['AA', 'AE', 'AH', 'AO', 'AW', 'AY', 'B', 'CH', 'D', 'DH', 'EH', 'ER', 'EY', 'F', 'G', 'HH', 'IH', 'IY', 'JH', 'K'],
  ...['L', 'M', 'N', 'NG', 'OW', 'OY', 'P', 'R', 'S', 'SH', 'T', 'TH', 'UH', 'UW', 'V', 'W', 'Y', 'Z', 'ZH'],
];
const shape: Shape = { ...recipe, letters, phones };

interface Lesson {
  model: Model;
  optimizer: Adam;
  dictionary: Dictionary;
  position?: Position;
}

let speaker: Speaker;
let lesson: Lesson | undefined;
let running: AbortController | undefined;
let word = '';

/** The model that `npm start` saved, where the page was built with it. */
async function saved(): Promise<Speaker | undefined> {
  const response = await fetch(new URL('pronounce.safetensors', location.href.replace(/(assets\/)?[^/]*$/, '')));
  if (!response.ok || response.headers.get('content-type')?.startsWith('text/')) return undefined;
  return speakerOf(readCheckpoint(await response.arrayBuffer()));
}

function say(): void {
  const strange = [...word].find((letter) => !speaker.alphabets.letters.has(letter));
  if (strange !== undefined) {
    tell({ kind: 'strange', letter: strange });
    return;
  }
  const [spoken] = word === '' ? [] : speaker.say([word], { beam: running ? 1 : 4, minLength: 1 });
  tell({ kind: 'spoken', word, phones: spoken?.phones ?? [], weights: spoken?.weights ?? null });
}

/** Words whose every phone the alphabet has: the dictionary names a few languages among its phones. */
async function words(): Promise<Dictionary> {
  const all = await cmudict();
  const known = new Set(phones);
  const clean = (entries: Dictionary['train']) =>
    entries.filter(({ pronunciations }) => pronunciations.every((phones) => phones.every((phone) => known.has(phone))));
  return { name: all.name, train: clean(all.train), dev: clean(all.dev), test: clean(all.test) };
}

/** A fresh model and its optimiser; the page's speaker from now on. */
async function begun(): Promise<Lesson> {
  const dictionary = await words();
  speaker = untaught(shape);
  const [model] = speaker.members as [Model];
  return { model, optimizer: optimizerOf(model, recipe), dictionary };
}

async function train(): Promise<void> {
  if (running) return;
  running = new AbortController();
  const { signal } = running;
  lesson ??= await begun();
  const { model, optimizer, dictionary, position } = lesson;
  const steps = stepsOf(dictionary, recipe);
  const options = { member: 0, optimizer, signal, ...(position ? { start: position } : {}) };
  const first = position?.step ?? 0;
  let loss = Number.NaN;
  let rate: number | null = null;
  let told = 0;
  let said = 0;
  for await (const progress of teach(model, shape, dictionary, recipe, options)) {
    const { step, seconds } = progress;
    lesson.position = progress.position;
    loss = Number.isNaN(loss) ? progress.loss : 0.9 * loss + 0.1 * progress.loss;
    rate = progress.metric ?? rate;
    if (seconds - told > 0.25 || step === first + 1 || step === steps) {
      told = seconds;
      tell({ kind: 'progress', step, steps, loss, speed: ((step - first) * recipe.batch) / seconds, rate });
    }
    if (seconds - said > 1 || step === steps) {
      said = seconds;
      say();
    }
  }
  running = undefined;
  say();
  tell({ kind: 'paused', ended: (lesson.position?.step ?? 0) >= steps });
}

function failed(error: unknown): void {
  running = undefined;
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

async function answer(request: Request): Promise<void> {
  await started;
  if (request.kind === 'pause') running?.abort();
  else if (request.kind === 'train') await train();
  else {
    word = request.word;
    say();
  }
}

async function start(): Promise<void> {
  await init();
  const taught = await saved();
  speaker = taught ?? untaught(shape);
  tell({ kind: 'ready', taught: taught !== undefined });
}

const started = start();
started.catch(failed);
addEventListener('message', ({ data }: MessageEvent<Request>) => void answer(data).catch(failed));
