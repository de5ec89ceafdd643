// The attention of every mechanism: the same words through small models, a few minutes in all.
import { readdirSync } from 'node:fs';
import { picture } from '../../runner/documents.ts';
import type { Recipe } from '../../runner/recipe.ts';
import { KEPT } from '../../runner/results.ts';
import { tableOf } from '../../runner/tables.ts';
import { others, variants } from '../../shared/mechanisms/mechanisms.ts';
import { brief, runsOf, small, type Trial, trials, tried } from '../../shared/mechanisms/trial.ts';
import { learningSvg, lossSvg, type Taught, wordSvg } from '../../shared/pronunciation/words.ts';

/** Pictures of other recipes that are kept, by file name. */
function drawings(): string[] {
  const files = readdirSync(KEPT).filter((file) => file.endsWith('.svg') && !file.startsWith('gallery-'));
  return files.flatMap((file) => ['', `![${file.replace(/\.svg$/, '').replaceAll('-', ' ')}](results/${file})`]);
}

const all = [...variants, ...others];

export const gallery: Recipe<Trial, Taught> = {
  name: 'gallery',
  shows: 'Where every mechanism looks: the same held-out words through small models, each taught for half a minute.',
  papers: [...new Set(all.map(({ paper }) => paper))],
  jobs: () => trials(all, 1),
  job: (trial, context) => tried(trial, context.quick ? small : brief, context),
  rows: (finished) =>
    all.map((variant) => ({
      figure: `phone error rate, ${variant.title} (${variant.paper})`,
      ours: runsOf(finished, variant).map(({ phoneErrorRate }) => 100 * phoneErrorRate),
      unit: '%',
    })),
  pictures: async (finished) => {
    const models = all.flatMap((variant) => runsOf(finished, variant).map((run) => ({ title: variant.short, ...run })));
    return {
      word: wordSvg(models, 0, 3),
      'second-word': wordSvg(models, 1, 3),
      'third-word': wordSvg(models, 2, 3),
      loss: await lossSvg(models, { log: true }),
      learning: await learningSvg(models, { log: true }),
    };
  },
  page: (result) => [
    '# Gallery',
    '',
    'The same words through every mechanism; no model saw them in training. Each row is a phone, each column a letter; the darker a cell, the more',
    'the phone attends to the letter. All models are the same small encoder and decoder, trained for one pass over npm',
    '`cmu-pronouncing-dictionary`; they differ in their attention. [results.md](results.md) has figures after longer training.',
    '',
    ...picture(result, 'word'),
    '',
    'A second word:',
    ...picture(result, 'second-word'),
    '',
    'And a third:',
    ...picture(result, 'third-word'),
    '',
    'During training:',
    ...picture(result, 'loss', 'learning'),
    '',
    ...tableOf(result.rows),
    '',
    '## From other recipes',
    ...drawings(),
  ],
};
