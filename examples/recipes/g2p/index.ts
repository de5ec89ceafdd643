// Bahdanau's attention from letters to sounds, compared with the same encoder and decoder connected by one vector.

import type { Finished, Recipe, Row } from '../../runner/recipe.ts';
import { member } from '../../shared/pronunciation/speaker.ts';
import { full, type Teaching, withoutAttention } from '../../shared/pronunciation/teaching.ts';
import {
  baselines,
  dictionaryFor,
  learningSvg,
  lengthsSvg,
  lossSvg,
  MEMORY,
  need,
  remembered,
  shapeFor,
  type Taught,
  taught,
} from '../../shared/pronunciation/words.ts';

type Kind = 'additive' | 'plain' | typeof MEMORY;

/** Which model, and which of the keys. */
interface Settings {
  kind: Kind;
  key: number;
}

// Settings tried, with their percentages of wrong words of the training part and of other words: 8 epochs of 64 with a rate of 2e-3 and
// dropout 0.2 gave 20 % and 26 %, 10 of 32 with 3e-3 and 0.3 gave 28 % and 31 %, these give 15 % and 25 %.
const usual: Teaching = { ...full, members: 1, epochs: 9, batch: 32, lr: 1.5e-3, dropout: 0.1 };
const small: Teaching = { ...usual, hidden: 64, embedding: 32, epochs: 3, warmup: 50, lr: 5e-3, dropout: 0.2 };

const kinds = ['additive', 'plain'] as const;
const titles = { additive: 'additive attention', plain: 'no attention' } as const;

const runsOf = (finished: readonly Finished<Settings, Taught>[], kind: Kind) =>
  finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome);

/** Percent of wrong words among those of `least` to `most` letters, for runs with such words. */
function among(runs: readonly Taught[], least: number, most: number): number[] {
  return runs.flatMap(({ byLength }) => {
    const some = byLength.filter(({ length }) => length >= least && length <= most);
    const words = some.reduce((sum, one) => sum + one.words, 0);
    return words > 0 ? [(100 * some.reduce((sum, one) => sum + one.wrong, 0)) / words] : [];
  });
}

/** From the literature on this split, with the models' sizes. */
const papers = {
  additive: { word: '21.69 ± 0.21 (Toshniwal and Livescu 2016, 3 × 512)', phone: '5.04 ± 0.03 (the same)' },
  plain: { word: '29.21 (Yao and Zweig 2015, 1 × 500)', phone: '7.53 (the same)' },
};

function rowsFor(finished: readonly Finished<Settings, Taught>[], kind: (typeof kinds)[number]): Row[] {
  const runs = runsOf(finished, kind);
  const { word, phone } = baselines(finished);
  const title = titles[kind];
  const size = `${((runs[0]?.parameters ?? 0) / 1e6).toFixed(2)} M parameters`;
  const target = (atMost: number) => (kind === 'additive' ? { target: { atMost } } : {});
  const whole = (of: (run: Taught) => number) => runs.map((run) => 100 * of(run));
  const rows: Row[] = [
    {
      figure: `word error rate, ${title}, ${size}`,
      ours: whole((run) => run.wordErrorRate),
      paper: papers[kind].word,
      ...target(24),
      ...word,
    },
    { figure: `phone error rate, ${title}`, ours: whole((run) => run.phoneErrorRate), paper: papers[kind].phone, ...target(5.8), ...phone },
    { figure: `word error rate among words of 4 to 6 letters, ${title}`, ours: among(runs, 4, 6) },
    { figure: `word error rate among words of 10 to 14 letters, ${title}`, ours: among(runs, 10, 14) },
  ];
  return rows.map((row) => ({ ...row, unit: '%' }));
}

export const g2p: Recipe<Settings, Taught> = {
  name: 'g2p',
  shows:
    'Letters to sounds: attention against one vector for the whole word, at equal size, on 2,670 words held out of g014b2b.train, none of which a setting was chosen on.',
  papers: ['Bahdanau, Cho and Bengio 2015', 'Toshniwal and Livescu 2016'],
  data: need,
  jobs: ({ keys }) => [
    ...Array.from({ length: keys }, (_, key) => kinds.map((kind) => ({ name: `${kind}-${key}`, settings: { kind, key } }))).flat(),
    { name: MEMORY, settings: { kind: MEMORY, key: 0 } },
  ],
  async job({ kind, key }, context) {
    const dictionary = await dictionaryFor(context);
    if (kind === MEMORY) return remembered(dictionary);
    const attentive = context.quick ? small : usual;
    const how = kind === 'additive' ? attentive : withoutAttention(attentive);
    const shape = shapeFor(dictionary, how);
    return taught(member(shape, key), shape, dictionary, how, context, { key });
  },
  rows: (finished) => kinds.flatMap((kind) => rowsFor(finished, kind)),
  pictures: async (finished) => {
    const models = kinds.map((kind) => ({ title: titles[kind], runs: runsOf(finished, kind) }));
    const first = models.flatMap(({ title, runs: [run] }) => (run ? [{ title, ...run }] : []));
    return { 'by-length': await lengthsSvg(models), loss: await lossSvg(first), learning: await learningSvg(first) };
  },
};
