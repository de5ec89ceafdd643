// `npm run example -- forecast`: a page that learns to forecast the hours to come.
import { init } from 'saccade';
import { type Forecast, Forecaster } from 'saccade/fronts';
import { chart } from './chart.ts';

const at = <T extends Element>(id: string) => document.getElementById(id) as unknown as T;
const [learn, stop, hour] = [at<HTMLButtonElement>('learn'), at<HTMLButtonElement>('stop'), at<HTMLInputElement>('hour')];
const [ROWS, SHOWN, HORIZON] = [1000, 72, 24];
const names: Record<string, string> = {
  model: 'this model',
  naive: 'the last value',
  seasonal: 'the value a day before',
  linear: 'a linear map of the past',
};

/** The columns of a file with a line of names, its last rows. */
function columnsOf(file: string): Record<string, (number | null)[]> {
  const [head = '', ...lines] = file.trim().split('\n');
  const rows = lines.slice(0, ROWS).map((line) => line.split(','));
  const number = (text: string | undefined) => (text === undefined || text === '' ? null : Number(text));
  return Object.fromEntries(head.split(',').flatMap((name, c) => (name === 'date' ? [] : [[name, rows.map((row) => number(row[c]))]])));
}

let columns: Record<string, (number | null)[]> = {};
let found: Forecast | undefined;

function draw() {
  const chosen = Number(hour.value);
  at('which').textContent = found ? `in ${chosen} h, ${found.columns.temperature?.median[chosen - 1]?.toFixed(1)} °C` : '–';
  const [past, place] = [(columns.temperature ?? []).slice(-SHOWN), at<HTMLElement>('chart')];
  place.innerHTML = chart(past, found?.columns.temperature, found?.weights[chosen - 1], Math.max(200, place.clientWidth)); // 0 while nothing is laid out
}

function tell(front: Forecaster) {
  const { errors, winner } = front.comparison;
  const line = (way: string, error: number) =>
    `<tr${way === winner ? ' class="winner"' : ''}><td>${names[way]}</td><td>${error.toFixed(3)}</td></tr>`;
  at('errors').querySelector('tbody')?.replaceChildren();
  at('errors')
    .querySelector('tbody')
    ?.insertAdjacentHTML(
      'beforeend',
      Object.entries(errors)
        .map(([way, error]) => line(way, error))
        .join(''),
    );
  at<HTMLElement>('errors').hidden = false;
  at('status').textContent =
    `Learnt from ${front.report.learnt} windows in ${front.report.steps} steps. Best on what it never saw: ${names[winner]}.`;
}

async function teach() {
  let enough = false;
  stop.onclick = () => (enough = true); // biome-ignore format: one line
  [learn.disabled, stop.disabled] = [true, false];
  try {
    const front = await Forecaster.fit(columns, {
      horizon: HORIZON,
      onProgress: ({ step, steps, heldOutLoss, secondsLeft }) => {
        at('status').textContent =
          `Step ${step} of at most ${steps}, ${Math.ceil(secondsLeft)} s at most${heldOutLoss === undefined ? '' : `; loss ${heldOutLoss.toFixed(4)} on hours that it does not learn from`}.`;
        return !enough;
      },
    });
    found = front.predict();
    hour.disabled = false;
    tell(front);
    draw();
  } catch (error) {
    at('status').textContent = String((error as Error).message);
  }
  [learn.disabled, stop.disabled] = [false, true];
}

async function start() {
  await init();
  const { default: file } = await import('vega-datasets/data/seattle-weather-hourly-normals.csv?raw');
  columns = columnsOf(file as string);
  at('status').textContent = `${ROWS} hours of ${Object.keys(columns).join(', ')}. It learns to say the next ${HORIZON}.`;
  learn.disabled = false;
  learn.onclick = teach;
  hour.oninput = draw;
  addEventListener('resize', draw);
  draw();
}

start().catch((error: Error) => {
  at('status').textContent = error.message;
});
