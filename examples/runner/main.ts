// Reproduces the papers' figures at small scale. `npm run recipe` lists the recipes, `npm run recipe -- --help` the options.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { init } from 'saccade';
import { recipeNamed, recipes } from '../recipes/index.ts';
import type { Report } from './context.ts';
import { documents, listed, readmeWith } from './documents.ts';
import { expectKeepable, isForeign, stampNow } from './provenance.ts';
import { KEPT, keep, keptOf, resultOf } from './results.ts';
import { begunBefore, forget, runJobs } from './run.ts';
import { tableOf } from './tables.ts';
import { clock, command, liveView, stoppable } from './terminal.ts';

interface Options {
  model?: string;
  data?: string;
  test?: string;
  out: string;
  quick?: true;
  keys?: string;
  threads?: string;
  fresh?: true;
  keep?: true;
}

const program = new Command('npm run recipe --')
  .description('Trains and measures what a paper reports, and prints our figure beside it. Ctrl-C saves; the next start goes on.')
  .argument('[name]', 'a recipe, or `docs` to write docs/results.md, its like and the table of the README from the results that are kept')
  .option('--model <name>', 'another model than the usual ones, for recipes that have some: `g2p --model transformer`')
  .option('--data <folder>', 'where the data is, for recipes that need some')
  .option('--test <folder>', 'where the official test set is, to measure on what is trained already; for recipes that have one')
  .option('--out <folder>', 'where checkpoints and results go', 'out')
  .option('--quick', 'a small version, to see that it works')
  .option('--keys <number>', 'independent runs of each variant')
  .option('--threads <number>', 'cores to use (default: all)')
  .option('--fresh', 'forget what an earlier run left')
  .option('--keep', `write the result to ${KEPT}, too: of a tree without changes only, and of jobs that its code trained`)
  .parse();
const options = program.opts<Options>();

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name}: must be a whole number from 1, got ${text}`);
  return value;
}

function lineOf(name: string, { step, steps, loss, metric, speed }: Report): string {
  const of = steps ? `/${steps}` : '';
  const left = steps ? `  ${clock((steps - step) / speed)} left` : '';
  return `${name}  step ${step}${of}  loss ${loss.toFixed(4)}${metric === undefined ? '' : `  metric ${metric.toFixed(4)}`}${left}`;
}

const view = liveView();

function tell(reports: ReadonlyMap<string, Report>, ended: number, jobs: number): void {
  const lines = [`${ended} of ${jobs} jobs done`, ...Array.from(reports, ([name, report]) => lineOf(name, report))];
  view(lines.join('\n'), lines.join('; '));
}

async function cook(name: string): Promise<void> {
  const recipe = recipeNamed(name);
  const { data, test, out, quick = false } = options;
  if (options.keep && quick) throw new Error('--keep: must be of the whole recipe, got --quick');
  const threads = count('threads', options.threads);
  const asked = {
    quick,
    keys: count('keys', options.keys) ?? (quick ? 1 : (recipe.keys ?? 1)),
    ...(data ? { data } : {}),
    ...(test ? { test } : {}),
  };
  const place = { ...asked, out };
  if (options.fresh) forget(recipe, place);
  console.log(`${recipe.name}: ${recipe.shows} ${recipe.papers.join('; ')}.`);
  const [begun, now] = [begunBefore(recipe, place), stampNow()];
  if (options.keep) expectKeepable(begun, now); // fails before anything is trained in vain
  if (isForeign(begun, now)) console.log(`Goes on with what other code began in ${out}; --fresh forgets that.`);
  await init();
  const finished = await stoppable((signal) => runJobs(recipe, { ...place, signal, report: tell, ...(threads ? { threads } : {}) }));
  if (!finished) {
    console.log('Stopped; the next start goes on from there.');
    return;
  }
  const result = resultOf(recipe, finished, asked);
  const pictures = (await recipe.pictures?.(finished, asked)) ?? {};
  console.log(`\n${tableOf(result.rows).join('\n')}\n`);
  console.log(`Result: ${keep(join(out, 'results'), result, pictures)}`);
  if (!options.keep) return;
  expectKeepable(finished, stampNow());
  console.log(`Kept: ${keep(KEPT, result, pictures)}`);
}

await command(async () => {
  const [name] = program.args;
  const all = Object.values(recipes);
  if (name === 'docs') {
    for (const [page, text] of Object.entries(documents(all))) writeFileSync(`docs/${page}.md`, text);
    writeFileSync('README.md', readmeWith(all, readFileSync('README.md', 'utf8')));
  } else if (name) await cook(options.model ? `${name}-${options.model}` : name);
  else console.log(all.map((recipe) => listed(recipe, keptOf(recipe))).join('\n'));
});
