// Luong's scores and localities, with later mechanisms: one encoder and decoder, one size, one budget.

import type { Recipe, Row } from '../../runner/recipe.ts';
import { type Variant, variants } from '../../shared/mechanisms/mechanisms.ts';
import { runsOf, small, type Trial, trials, tried, untaught } from '../../shared/mechanisms/trial.ts';
import { quick, type Teaching } from '../../shared/pronunciation/teaching.ts';
import { baselines, learningSvg, lengthsSvg, lossSvg, need, type Taught } from '../../shared/pronunciation/words.ts';

/** Figures of Luong et al. (table 4 and §5.4), and of Toshniwal and Livescu 2016 on this split with 3 × 512. */
const papers: Readonly<Record<string, string>> = {
  'global-location': 'BLEU 18.1',
  'global-dot': 'BLEU 18.6',
  'global-general': 'BLEU 17.3',
  'global-concat': 'perplexity 6.7; WER 21.69 %, Toshniwal and Livescu',
  'local-m-dot': 'perplexity > 7.0',
  'local-m-general': 'BLEU 18.6; WER 21.85 %, Toshniwal and Livescu',
  'local-p-dot': 'BLEU 18.0',
  'local-p-general': 'BLEU 19.0; WER 22.83 %, Toshniwal and Livescu',
};

/**
 * About nine minutes on one core; `--keys 3` gives means and deviations and takes three times as long. Settings tried, with percentages of
 * wrong words (rate, dropout): dot (4e-3, 0.1) 36.7, (2e-3, 0.05) 30.2, (1.2e-3, 0.05) 29.6; general (1.2e-3, 0.05) 30.8, (1.2e-3, 0) 29.3,
 * (8e-4, 0) 30.3.
 */
const usual: Teaching = { ...quick, epochs: 6, lr: 1.2e-3, dropout: 0 };

/** How many points a hard mechanism may be worse than the soft one of the same score. */
const BEHIND = 3;

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (runs: readonly Taught[], of: (run: Taught) => number) => runs.map((run) => 100 * of(run));

export const luongTable: Recipe<Trial, Taught> = {
  name: 'luong-table',
  shows:
    'Eight scores × localities and the mechanisms after them on letters to sounds, at equal size and budget. ' +
    `A hard one may be ${BEHIND} points behind the soft one of its score.`,
  papers: ['Luong, Pham and Manning 2015, table 4', 'Toshniwal and Livescu 2016'],
  data: need,
  jobs: ({ keys }) => [...trials(variants, keys), untaught],
  job: (trial, context) => tried(trial, context.quick ? small : usual, context),
  rows(finished) {
    const { word, phone } = baselines(finished);
    const wrongWords = (variant: Pick<Variant, 'name'>) => percent(runsOf(finished, variant), (run) => run.wordErrorRate);
    const wordRows = variants.map((variant): Row => {
      const runs = runsOf(finished, variant);
      const { hardOf } = variant;
      const atMost = hardOf ? Math.round(100 * (mean(wrongWords({ name: hardOf })) + BEHIND)) / 100 : 30;
      const paper = papers[variant.name];
      const size = `${Math.round((runs[0]?.parameters ?? 0) / 1e3)} k parameters`;
      return {
        figure: `word error rate, ${variant.title}, ${size}`,
        ours: wrongWords(variant),
        unit: '%',
        target: { atMost },
        ...(paper && { paper }),
        ...word,
      };
    });
    const phoneRows = variants.map((variant): Row => {
      const ours = percent(runsOf(finished, variant), (run) => run.phoneErrorRate);
      return { figure: `phone error rate, ${variant.title}`, ours, unit: '%', ...phone };
    });
    return [...wordRows, ...phoneRows];
  },
  pictures: async (finished) => {
    const models = variants.map((variant) => ({ title: variant.short, runs: runsOf(finished, variant) }));
    const first = models.flatMap(({ title, runs: [run] }) => (run ? [{ title, ...run }] : []));
    return {
      'by-length': await lengthsSvg(models),
      loss: await lossSvg(first, { log: true }),
      learning: await learningSvg(first, { log: true }),
    };
  },
};
