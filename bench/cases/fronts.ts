// Seconds from rows to a model that is of use, and how good it is on rows that it never saw.
import { existsSync, readFileSync } from 'node:fs';
import { foldIn, key } from 'saccade';
import { SequenceClassifier, TextClassifier, type TextRow } from 'saccade/fronts';
import { randomInt } from 'saccade/tensor';
import { learn as learnOrders, rowsOf } from '../../examples/classify/main.ts';
import { learn as learnDates } from '../../examples/dates/main.ts';
import { drawable, drawing } from '../../examples/gestures/draw.ts';
import type { Figure } from '../case.ts';
import { type Clock, currently } from '../contender.ts';

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** One round, whose milliseconds `run` is, or what it says they are; and what it said. */
function figure(name: string, run: () => Promise<{ said: string; milliseconds?: number }>): Figure {
  let said = '';
  const once = async () => {
    const began = currently();
    const result = await run();
    said = result.said;
    return result.milliseconds ?? currently() - began;
  };
  return { name, unit: 'ms', rounds: 1, once, note: () => said };
}

/** So many drawings of each gesture. */
function drawings(count: number, seed: number) {
  let drawn = 0;
  const random = () => randomInt(foldIn(key(seed), 0), drawn++, 2 ** 24) / 2 ** 24;
  return drawable.flatMap((label) => Array.from({ length: count }, () => drawing(label, random)));
}

/** What it takes to say a word that no lexicon has. */
const pronounced = async () => {
  const place = new URL('../../../packages/pronounce/dist/index.js', import.meta.url);
  type Loading = (options: object) => Promise<{ pronounce(word: string): unknown }>;
  const { Pronouncer } = (await import(place.href)) as { Pronouncer: { load: Loading } };
  const speaker = await Pronouncer.load({ exceptions: false });
  const words = ['attention', 'saccade', 'weather', 'umbrella', 'strength', 'computer', 'language', 'telephone', 'machine', 'garden'];
  for (let i = 0; i < 100; i++) speaker.pronounce(words[i % 10] as string); // until the engine has compiled it
  const began = currently();
  for (let i = 0; i < 200; i++) speaker.pronounce(words[i % 10] as string);
  return { milliseconds: (currently() - began) / 200, said: 'a word of 8 letters by the model, beam 4' };
};

const small: Figure[] = [
  figure('@saccade/pronounce, a word', pronounced),
  figure('TextClassifier, 80 orders', async () => {
    const { evaluation } = await learnOrders(
      rowsOf(readFileSync(new URL('../../../examples/classify/orders.tsv', import.meta.url), 'utf8')),
    );
    return { said: `${percent(evaluation.accuracy)} of ${evaluation.rows} others right` };
  }),
  figure('Transducer, 1,500 dates', async () => {
    const { evaluation } = await learnDates(1500);
    return { said: `${percent(evaluation.exact)} of ${evaluation.sequences} others exact` };
  }),
  figure('SequenceClassifier, 30 drawings', async () => {
    const front = await SequenceClassifier.fit(drawings(10, 1));
    return { said: `${percent((await front.evaluate(drawings(50, 2))).accuracy)} of 150 others right` };
  }),
];

interface Rows {
  learn: TextRow[];
  test: TextRow[];
}

interface Peers {
  messages(): Rows;
  natural(rows: Rows, now: Clock): Promise<{ seconds: number; accuracy: number }>;
  brain(rows: Rows, now: Clock): Promise<{ seconds: number; pass: number; rows: number }>;
  tfjs(rows: Rows, wanted: number, now: Clock): Promise<{ seconds: number; accuracy: number; batches: number; perPass: number }>;
}

const place = new URL('../../../bench/peers/fronts.mjs', import.meta.url);
const peers = () => import(place.href) as Promise<Peers>;

/** How good the front was on the rows that others are measured by, too. */
let reached = 1;

/** The language of a compiler's message, beside what other libraries make of the same rows. */
const beside: Figure[] = [
  figure('TextClassifier, language of messages', async () => {
    const { learn, test } = (await peers()).messages();
    const began = currently();
    const front = await TextClassifier.fit(learn);
    const milliseconds = currently() - began;
    const { accuracy, rows } = await front.evaluate(test);
    reached = accuracy;
    return { milliseconds, said: `${percent(accuracy)} of ${rows} others right; learnt from ${learn.length}` };
  }),
  figure('natural, naive Bayes, language of messages', async () => {
    const { messages, natural } = await peers();
    const { seconds, accuracy } = await natural(messages(), currently);
    return { milliseconds: 1000 * seconds, said: `${percent(accuracy)} right` };
  }),
  figure('TensorFlow.js Layers, language of messages', async () => {
    const { messages, tfjs } = await peers();
    const { seconds, accuracy, batches, perPass } = await tfjs(messages(), reached, currently);
    const passes = `${(batches / perPass).toFixed(1)} passes`;
    const told = accuracy >= reached ? `${percent(accuracy)} right after` : `no more than ${percent(accuracy)} right, stopped after`;
    return { milliseconds: 1000 * seconds, said: `${told} ${passes}, chosen by the rows that it is judged by` };
  }),
  figure('brain.js, one pass, language of messages', async () => {
    const { messages, brain } = await peers();
    const { pass, rows } = await brain(messages(), currently);
    return { milliseconds: 1000 * pass, said: `from the pace of ${rows} rows; its own default is 20,000 passes` };
  }),
];

const installed = existsSync(new URL('node_modules/natural/package.json', place));

/** Those beside others need what `npm run bench:peers` installs. */
export const fronts: Figure[] = installed ? [...small, ...beside] : small;
