// Bahdanau's attention on letters to sounds, beside the same encoder and decoder with one vector between them.
import { full, type Recipe as Teaching, withoutAttention } from '../pronounce/recipe.ts';
import { member } from '../pronounce/speaker.ts';
import type { Finished, Recipe, Row } from './recipe.ts';
import { dictionaryFor, learningSvg, lengthsSvg, lossSvg, need, shapeFor, type Taught, taught } from './words.ts';

/** Which model, and which of the keys. */
interface Settings {
  attention: boolean;
  key: number;
}

const usual: Teaching = { ...full, members: 1 };
const small: Teaching = { ...usual, hidden: 64, embedding: 32, epochs: 3, batch: 32, warmup: 50, lr: 5e-3 };

const percent = (values: readonly number[]) => values.map((value) => 100 * value);
const named = (attention: boolean) => (attention ? 'additive attention' : 'no attention');

const runsOf = (finished: readonly Finished<Settings, Taught>[], attention: boolean) =>
  finished.filter(({ settings }) => settings.attention === attention).map(({ outcome }) => outcome);

/** Percent of wrong words among those of `least` to `most` letters; of runs that have such words. */
function among(runs: readonly Taught[], least: number, most: number): number[] {
  return runs.flatMap(({ byLength }) => {
    const some = byLength.filter(({ length }) => length >= least && length <= most);
    const words = some.reduce((sum, one) => sum + one.words, 0);
    return words > 0 ? [(100 * some.reduce((sum, one) => sum + one.wrong, 0)) / words] : [];
  });
}

function rowsFor(finished: readonly Finished<Settings, Taught>[], attention: boolean): Row[] {
  const runs = runsOf(finished, attention);
  const [first] = runs;
  const size = `${((first?.parameters ?? 0) / 1e6).toFixed(2)} M parameters`;
  const papers = attention
    ? { word: '21.69 ± 0.21 (Toshniwal and Livescu 2016, 3 × 512)', phone: '5.04 ± 0.03 (the same)' }
    : { word: '29.21 (Yao and Zweig 2015, 1 × 500)', phone: '7.53 (the same)' };
  const baselines = attention ? { baseline: '24.53 %, n-grams (Bisani and Ney 2008)' } : {};
  return [
    {
      figure: `word error rate, ${named(attention)}, ${size}`,
      ours: percent(runs.map(({ wordErrorRate }) => wordErrorRate)),
      unit: '%',
      paper: papers.word,
      ...baselines,
      ...(attention ? { target: { atMost: 24 } } : {}),
    },
    {
      figure: `phone error rate, ${named(attention)}`,
      ours: percent(runs.map(({ phoneErrorRate }) => phoneErrorRate)),
      unit: '%',
      paper: papers.phone,
      ...(attention ? { target: { atMost: 5.8 } } : {}),
    },
    { figure: `word error rate among words of 4 to 6 letters, ${named(attention)}`, ours: among(runs, 4, 6), unit: '%' },
    { figure: `word error rate among words of 10 to 14 letters, ${named(attention)}`, ours: among(runs, 10, 14), unit: '%' },
  ];
}

export const g2p: Recipe<Settings, Taught> = {
  name: 'g2p',
  shows: 'Letters to sounds: attention against one vector for the whole word, at equal size, on 2,670 words held out of g014b2b.train.',
  papers: ['Bahdanau, Cho and Bengio 2015', 'Toshniwal and Livescu 2016'],
  data: need,
  jobs: ({ keys }) =>
    Array.from({ length: keys }, (_, key) =>
      [true, false].map((attention) => ({ name: `${attention ? 'additive' : 'plain'}-${key}`, settings: { attention, key } })),
    ).flat(),
  async job({ attention, key }, context) {
    const dictionary = await dictionaryFor(context);
    const attentive = context.quick ? small : usual;
    const how = attention ? attentive : withoutAttention(attentive);
    const shape = shapeFor(dictionary, how);
    return taught(member(shape, key), shape, dictionary, how, context, { key });
  },
  rows: (finished) => [true, false].flatMap((attention) => rowsFor(finished, attention)),
  pictures: async (finished) => {
    const models = [true, false].map((attention) => ({ title: named(attention), runs: runsOf(finished, attention) }));
    const first = models.flatMap(({ title, runs: [run] }) => (run ? [{ title, ...run }] : []));
    return { 'by-length': await lengthsSvg(models), loss: await lossSvg(first), learning: await learningSvg(first) };
  },
};
