// The page: a word in, its sounds and where each of them looks out; and a model taught live in a Web Worker.
import { alignment, curve, sound } from './draw.ts';
import type { Report, Request } from './messages.ts';

function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`page: must hold #${id}, got none`);
  return found as unknown as T;
}

const input = byId<HTMLInputElement>('word');
const button = byId<HTMLButtonElement>('train');
const hint = byId('hint');
const ideas = ['knowledge', 'attention', 'through', 'rhythm', 'saccade', 'croissant'];

const teacher = new Worker(new URL('./teacher.ts', import.meta.url), { type: 'module' });
const ask = (request: Request) => teacher.postMessage(request);

let spoken: Extract<Report, { kind: 'spoken' }> | undefined;
let points: { step: number; loss: number }[] = [];
let training: 'never' | 'starting' | 'running' | 'pausing' | 'paused' | 'ended' = 'never';
let taught = false;

function say(word: string): void {
  for (const idea of byId('ideas').querySelectorAll('button')) idea.setAttribute('aria-pressed', String(idea.textContent === word));
  ask({ kind: 'say', word: word.trim().toLowerCase().replaceAll('’', "'") });
}

function drawReading(): void {
  if (!spoken) return;
  const { word, phones, weights } = spoken;
  const place = byId('alignment');
  const held = place.contains(document.activeElement)
    ? [...place.querySelectorAll('.sound')].indexOf(document.activeElement as Element)
    : -1;
  place.replaceChildren(alignment(word, phones, weights, Math.max(280, place.clientWidth)));
  place.querySelectorAll<SVGElement>('.sound')[held]?.focus();
  const ignorant = 'This model knows nothing yet. Teach it below and watch the lines find their letters.';
  const text = phones.length === 0 ? 'It says nothing yet.' : `/ ${phones.map(sound).join(' ')} /`;
  byId('said').textContent = word === '' ? '' : taught || training !== 'never' ? text : ignorant;
}

const drawCurve = () => byId('curve').replaceChildren(curve(points, Math.max(260, byId('curve').clientWidth)));

/** What the button says and does next. */
function show(state: typeof training): void {
  training = state;
  const labels = { never: 'Start', starting: 'Starting…', running: 'Pause', pausing: 'Pausing…', paused: 'Resume', ended: 'Done' };
  button.textContent = labels[state];
  button.disabled = state === 'starting' || state === 'pausing' || state === 'ended';
}

/** Every second point, once there are many: the curve keeps its shape and the page its memory. */
function addPoint(step: number, loss: number): void {
  points.push({ step, loss });
  if (points.length > 600) points = points.filter((_, i) => i % 2 === 1);
}

function onProgress({ step, steps, loss, speed, rate }: Extract<Report, { kind: 'progress' }>): void {
  if (training === 'starting') show('running');
  addPoint(step, loss);
  byId('step').textContent = `${step.toLocaleString('en')}`;
  byId('step').title = `of ${steps.toLocaleString('en')}`;
  byId('loss').textContent = loss.toFixed(2);
  byId('speed').textContent = Math.round(speed).toLocaleString('en');
  byId('rate').textContent = rate === null ? '–' : `${(100 * rate).toFixed(0)} %`;
  drawCurve();
}

teacher.addEventListener('message', ({ data }: MessageEvent<Report>) => {
  switch (data.kind) {
    case 'ready':
      taught = data.taught;
      show('never');
      return say(input.value);
    case 'spoken':
      spoken = data;
      hint.textContent = '';
      return drawReading();
    case 'strange':
      hint.textContent = `It reads the letters a to z and the apostrophe; “${data.letter}” is none of them.`;
      return;
    case 'progress':
      return onProgress(data);
    case 'paused':
      return show(data.ended ? 'ended' : 'paused');
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
byId('ideas').append(
  ...ideas.map((idea) => {
    const item = document.createElement('li');
    const choice = document.createElement('button');
    choice.type = 'button';
    choice.textContent = idea;
    choice.addEventListener('click', () => {
      input.value = idea;
      say(idea);
    });
    item.append(choice);
    return item;
  }),
);
new ResizeObserver(() => {
  drawReading();
  drawCurve();
}).observe(document.body);
