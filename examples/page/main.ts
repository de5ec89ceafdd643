// The page: it pronounces a word and shows the attention of each sound, and it trains a model live in a Web Worker.
import { spelled } from '../shared/pronunciation/spelling.ts';
import { alignment, curve, sound } from './draw.ts';
import { type Point, type Progress, type Report, type Request, withPoint } from './messages.ts';
import { rove } from './rove.ts';

function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`page: must hold #${id}, got none`);
  return found as unknown as T;
}

const input = byId<HTMLInputElement>('word');
const button = byId<HTMLButtonElement>('train');
const file = byId<HTMLInputElement>('file');
const [hint, said] = [byId('hint'), byId('said')];
const ideas = ['knowledge', 'attention', 'through', 'rhythm', 'saccade', 'croissant'];
const letters = new Set("'abcdefghijklmnopqrstuvwxyz");

const teacher = new Worker(new URL('./teacher.ts', import.meta.url), { type: 'module' });
const ask = (request: Request, transfer: Transferable[] = []) => teacher.postMessage(request, transfer);

let spoken: Extract<Report, { kind: 'spoken' }> | undefined;
let points: Point[] = [];
let training: 'never' | 'starting' | 'running' | 'pausing' | 'paused' | 'ended' = 'never';
let taught = false;

/** A note on how a word is read, if one is needed. */
function hintOf(typed: string, word: string, strange: readonly string[]): string {
  const read = word === '' ? '' : ` Read as “${word}”.`;
  if (strange.length > 0) {
    const none = strange.length > 1 ? 'are none of them' : 'is none of them';
    return `It reads the letters a to z and the apostrophe; “${strange.join('”, “')}” ${none}.${read}`;
  }
  if (typed.length >= input.maxLength) return `Words end after ${input.maxLength} letters.`;
  return word === typed.trim().toLowerCase() ? '' : read.trim();
}

function say(typed: string): void {
  for (const idea of byId('ideas').querySelectorAll('button')) idea.setAttribute('aria-pressed', String(idea.textContent === typed));
  const { word, strange } = spelled(typed, letters);
  hint.textContent = hintOf(typed, word, strange);
  ask({ kind: 'say', word });
}

function drawReading(): void {
  if (!spoken) return;
  const { word, phones, weights } = spoken;
  const place = byId('alignment');
  const held = place.contains(document.activeElement)
    ? [...place.querySelectorAll('.sound')].indexOf(document.activeElement as Element)
    : -1;
  place.replaceChildren(...(word === '' ? [] : [alignment(word, phones, weights, Math.max(280, place.clientWidth))]));
  place.querySelectorAll<SVGElement>('.sound')[held]?.focus();
  const ignorant = 'This model knows nothing yet. Teach it below and watch the lines find their letters.';
  said.textContent = word === '' ? '' : taught || training !== 'never' ? `/ ${phones.map(sound).join(' ')} /` : ignorant;
}

const drawCurve = () => byId('curve').replaceChildren(curve(points, Math.max(260, byId('curve').clientWidth)));

/** The text and action of the button. */
function show(state: typeof training): void {
  training = state;
  const labels = { never: 'Start', starting: 'Starting…', running: 'Pause', pausing: 'Pausing…', paused: 'Resume', ended: 'Done' };
  button.textContent = labels[state];
  button.disabled = state === 'starting' || state === 'pausing' || state === 'ended';
  const busy = state === 'starting' || state === 'running' || state === 'pausing';
  said.setAttribute('aria-live', busy ? 'off' : 'polite'); // while training, screen readers would never stop reading
  byId<HTMLButtonElement>('save').disabled = busy || !(taught || points.length > 0);
  byId<HTMLButtonElement>('open').disabled = busy;
  byId('forget').hidden = busy || points.length === 0;
}

function showProgress({ step, steps, loss, rate }: Progress, speed: number | null): void {
  const left = speed ? Math.ceil(((steps - step) * 32) / speed / 60) : null;
  byId('step').textContent = step.toLocaleString('en');
  byId('steps').textContent = steps > 0 ? `of ${steps.toLocaleString('en')}` : '';
  byId('loss').textContent = Number.isFinite(loss) ? loss.toFixed(2) : '–';
  byId('speed').textContent = speed === null ? '–' : Math.round(speed).toLocaleString('en');
  byId('left').textContent = left === null ? '–' : `${left}`;
  byId('rate').textContent = rate === null ? '–' : `${(100 * rate).toFixed(0)} %`;
  drawCurve();
}

function onReady({ kept, taught: knows }: Extract<Report, { kind: 'ready' }>): void {
  taught = knows;
  points = kept?.points ?? [];
  showProgress(kept ?? { step: 0, steps: 0, loss: Number.NaN, rate: null }, null);
  show(kept ? (kept.step >= kept.steps ? 'ended' : 'paused') : 'never');
  say(input.value);
}

function onFile({ bytes }: Extract<Report, { kind: 'file' }>): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = 'pronounce.safetensors';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

teacher.addEventListener('message', ({ data }: MessageEvent<Report>) => {
  switch (data.kind) {
    case 'ready':
      return onReady(data);
    case 'spoken':
      spoken = data;
      return drawReading();
    case 'progress':
      points = withPoint(points, data);
      if (training === 'starting') show('running');
      return showProgress(data, data.speed);
    case 'paused':
      return show(data.ended ? 'ended' : 'paused');
    case 'file':
      return onFile(data);
    case 'failed':
      hint.textContent = data.message;
      return show(points.length > 0 ? 'paused' : 'never');
  }
});
teacher.addEventListener('error', ({ message }) => {
  hint.textContent = message || 'The model could not be loaded.';
});

input.addEventListener('input', () => say(input.value));
byId('form').addEventListener('submit', (event) => event.preventDefault());
button.addEventListener('click', () => {
  if (training === 'running') {
    show('pausing');
    ask({ kind: 'pause' });
  } else {
    show('starting');
    ask({ kind: 'train' });
  }
});
byId('save').addEventListener('click', () => ask({ kind: 'file' }));
byId('forget').addEventListener('click', () => ask({ kind: 'forget' }));
byId('open').addEventListener('click', () => file.click());
file.addEventListener('change', async () => {
  const bytes = await file.files?.[0]?.arrayBuffer();
  file.value = '';
  if (bytes) ask({ kind: 'load', bytes }, [bytes]);
});
byId('ideas').append(
  ...ideas.map((idea, i) => {
    const item = document.createElement('li');
    const choice = document.createElement('button');
    choice.type = 'button';
    choice.textContent = idea;
    choice.tabIndex = i === 0 ? 0 : -1;
    choice.addEventListener('click', () => {
      input.value = idea;
      say(idea);
    });
    item.append(choice);
    return item;
  }),
);
rove(byId('ideas'), 'button');
rove(byId('alignment'), '.sound');
new ResizeObserver(() => {
  drawReading();
  drawCurve();
}).observe(document.body);
