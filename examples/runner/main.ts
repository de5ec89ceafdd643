// Reproduces the papers' figures, small. `npm run recipe` lists the recipes, `npm run recipe -- --help` tells the options.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import logUpdate from 'log-update';
import { init } from 'saccade';
import { recipeNamed, recipes } from '../recipes/index.ts';
import type { Report } from './context.ts';
import { documents, KEPT, keep, readmeWith, resultOf, tableOf } from './results.ts';
import { begunByOther, runJobs } from './run.ts';

interface Options {
  data?: string;
  out: string;
  quick?: true;
  keys?: string;
  threads?: string;
  fresh?: true;
  keep?: true;
}

const command = new Command('npm run recipe --')
  .description('Trains and measures what a paper reports, and prints our figure beside it. Ctrl-C saves; the next start goes on.')
  .argument('[name]', 'a recipe, or `docs` to write docs/results.md, its like and the table of the README from the results that are kept')
  .option('--data <folder>', 'where the data is, for recipes that need some')
  .option('--out <folder>', 'where checkpoints and results go', 'out')
  .option('--quick', 'a small version, to see that it works')
  .option('--keys <number>', 'independent runs of each variant')
  .option('--threads <number>', 'cores to use (default: all)')
  .option('--fresh', 'forget what an earlier run left')
  .option('--keep', `write the result to ${KEPT}, too`)
  .parse();
const options = command.opts<Options>();

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name}: must be a whole number from 1, got ${text}`);
  return value;
}

const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

function lineOf(name: string, { step, steps, loss, metric, speed }: Report): string {
  const of = steps ? `/${steps}` : '';
  const left = steps ? `  ${clock((steps - step) / speed)} left` : '';
  return `${name}  step ${step}${of}  loss ${loss.toFixed(4)}${metric === undefined ? '' : `  metric ${metric.toFixed(4)}`}${left}`;
}

let told = 0;

function tell(reports: ReadonlyMap<string, Report>, ended: number, jobs: number): void {
  const lines = [`${ended} of ${jobs} jobs done`, ...Array.from(reports, ([name, report]) => lineOf(name, report))];
  if (process.stdout.isTTY) logUpdate(lines.join('\n'));
  else if (performance.now() - told > 20_000) {
    console.log(lines.join('; '));
    told = performance.now();
  }
}

async function cook(name: string): Promise<void> {
  const recipe = recipeNamed(name);
  const { data, out, quick = false } = options;
  const threads = count('threads', options.threads);
  const asked = { quick, keys: count('keys', options.keys) ?? (quick ? 1 : (recipe.keys ?? 1)), ...(data ? { data } : {}) };
  if (options.fresh) rmSync(join(out, 'recipes', name + (quick ? '-quick' : '')), { recursive: true, force: true });
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.on('SIGINT', stop); // more than once: npm passes on what the terminal has sent already
  process.on('SIGTERM', stop);
  console.log(`${recipe.name}: ${recipe.shows} ${recipe.papers.join('; ')}.`);
  if (begunByOther(recipe, { out, quick })) console.log(`Goes on with what other code began in ${out}; --fresh forgets that.`);
  await init();
  const finished = await runJobs(recipe, { ...asked, out, signal: controller.signal, report: tell, ...(threads ? { threads } : {}) });
  logUpdate.done();
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
  if (!finished) {
    console.log('Stopped; the next start goes on from there.');
    return;
  }
  const result = resultOf(recipe, finished, asked);
  const pictures = (await recipe.pictures?.(finished, asked)) ?? {};
  console.log(`\n${tableOf(result.rows).join('\n')}\n`);
  console.log(`Result: ${keep(join(out, 'results'), result, pictures)}`);
  if (options.keep) console.log(`Kept: ${keep(KEPT, result, pictures)}`);
}

async function main(): Promise<void> {
  const [name] = command.args;
  if (name === 'docs') {
    const all = Object.values(recipes);
    for (const [page, text] of Object.entries(documents(all))) writeFileSync(`docs/${page}.md`, text);
    writeFileSync('README.md', readmeWith(all, readFileSync('README.md', 'utf8')));
  } else if (name) await cook(name);
  else for (const recipe of Object.values(recipes)) console.log(`${recipe.name.padEnd(14)}${recipe.shows}`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
