// `npm run example -- gestures`: a page that learns gestures of the mouse, a finger or a pen.
import { init } from 'saccade';
import { SequenceClassifier, type SequenceRow, type SequenceState } from 'saccade/fronts';
import { drawable, drawing } from './draw.ts';

const at = <T extends Element>(id: string) => document.getElementById(id) as unknown as T;
const [learn, stop, draw, undo, pad] = [
  at<HTMLButtonElement>('learn'),
  at<HTMLButtonElement>('stop'),
  at<HTMLButtonElement>('draw'),
  at<HTMLButtonElement>('undo'),
  at<SVGSVGElement>('pad'),
];
let rows: SequenceRow[] = [];
let front: SequenceClassifier | undefined;
let learning = false;
let [stroke, state]: [number[][], SequenceState | undefined] = [[], undefined];

const say = (text: string) => {
  at('status').textContent = text;
};

function shown() {
  pad.querySelector('path')?.setAttribute('d', stroke.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join(''));
}

function counted() {
  const counts = new Map<string, number>();
  for (const { label } of rows) counts.set(label, (counts.get(label) ?? 0) + 1);
  at('counts').replaceChildren(
    ...[...counts].map(([label, count]) => Object.assign(document.createElement('li'), { textContent: `${label} × ${count}` })),
  );
  learn.disabled = learning || counts.size < 2;
  stop.disabled = !learning;
  undo.disabled = rows.length === 0;
}

/** Where a pointer is on the pad. */
function place({ clientX, clientY }: PointerEvent): number[] {
  const { left, top, width, height } = pad.getBoundingClientRect();
  return [Math.round((600 * (clientX - left)) / width), Math.round((300 * (clientY - top)) / height)];
}

function follow(sample: number[]) {
  stroke.push(sample);
  shown();
  if (!front) return;
  const step = front.step(sample, state);
  state = step.state;
  at('answer').textContent = `${step.label}, ${Math.round(100 * step.probability)} %`;
}

pad.onpointerdown = (event) => {
  pad.setPointerCapture(event.pointerId);
  [stroke, state] = [[], undefined];
  follow(place(event));
};
pad.onpointermove = (event) => {
  if (pad.hasPointerCapture(event.pointerId)) follow(place(event));
};
pad.onpointerup = () => {
  const label = at<HTMLInputElement>('name').value.trim();
  if (stroke.length < 4) return say('That was too short: keep the button down while you draw.');
  if (!label) return say('Give the gesture a name first.');
  rows.push({ label, samples: stroke });
  counted();
  return say(front ? 'Kept as one more example; learn again to use it.' : 'Kept.');
};

learn.onclick = async () => {
  learning = true;
  counted();
  try {
    front = await SequenceClassifier.fit(rows, {
      onProgress: ({ step, secondsLeft }) => {
        say(`Step ${step}, ${Math.ceil(secondsLeft)} s at most.`);
        return learning;
      },
    });
    say(`Learnt from ${front.report.learnt} drawings. Draw one: it says what it is while you draw.`);
  } catch (error) {
    say((error as Error).message);
  }
  learning = false;
  counted();
};

stop.onclick = () => {
  learning = false;
};

draw.onclick = () => {
  rows = [...rows, ...drawable.flatMap((label) => Array.from({ length: 10 }, () => drawing(label, Math.random)))];
  counted();
  const { label, samples } = drawing(drawable[rows.length % drawable.length] as string, Math.random);
  [stroke, state] = [[], undefined];
  for (const sample of samples) follow([...(sample as number[])]);
  return say(front ? `That was a ${label}, and thirty more to learn from.` : 'Thirty drawings, such as this one. Now let it learn.');
};

undo.onclick = () => {
  rows.pop();
  counted();
};

at<HTMLFormElement>('form').onsubmit = (event) => event.preventDefault();

init()
  .then(() => say('Draw with the mouse, a finger or a pen; or let the page draw.'))
  .catch((error: Error) => say(error.message));
