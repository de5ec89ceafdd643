// A recipe's result as it is kept, shown, and written into docs/results.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { info } from 'saccade';
import type { Finished, Recipe, RecipeOptions, Result, Row } from './recipe.ts';

/** Results that are kept with the source. */
export const KEPT = 'docs/results';

/** Commit of the source, with a mark where the source was changed since. */
function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--abbrev=7', '--dirty', '--exclude=*'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** The rows that have values; a quick run is not held to targets and has no like among the papers. */
function rowsOf(recipe: Recipe, finished: readonly Finished<unknown, unknown>[], options: RecipeOptions): Row[] {
  const rows = recipe.rows(finished, options).filter(({ ours }) => ours.length > 0);
  return options.quick ? rows.map(({ target: _, paper: __, ...row }) => row) : rows;
}

/** The result of a run. */
export function resultOf(recipe: Recipe, finished: readonly Finished<unknown, unknown>[], options: RecipeOptions): Result {
  const flags = [
    options.data ? ' --data DIR' : '',
    options.quick ? ' --quick' : '',
    options.keys !== (options.quick ? 1 : (recipe.keys ?? 1)) ? ` --keys ${options.keys}` : '',
  ];
  return {
    recipe: recipe.name,
    shows: recipe.shows,
    papers: recipe.papers,
    command: `npm run recipe -- ${recipe.name}${flags.join('')}`,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}, ${info().build} build`,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round(finished.reduce((sum, job) => sum + job.seconds, 0)),
    rows: rowsOf(recipe, finished, options),
    pictures: [],
  };
}

/** Writes a result and its pictures into a folder. */
export function keep(folder: string, result: Result, pictures: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  const names = Object.entries(pictures).map(([name, svg]) => {
    const file = `${result.recipe}-${name}.svg`;
    writeFileSync(join(folder, file), svg);
    return file;
  });
  const path = join(folder, `${result.recipe}.json`);
  writeFileSync(path, `${JSON.stringify({ ...result, pictures: names }, null, 2)}\n`);
  return path;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean, and the standard deviation of the sample where there is more than one. */
export function oursOf({ ours, digits = 2, unit }: Pick<Row, 'ours' | 'digits' | 'unit'>): string {
  const middle = mean(ours);
  const spread =
    ours.length > 1
      ? ` ± ${Math.sqrt(ours.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (ours.length - 1)).toFixed(digits)}`
      : '';
  return `${middle.toFixed(digits)}${spread}${unit ? ` ${unit}` : ''}`;
}

/** Whether a row's mean is where it was meant to be; `undefined` without a target. */
export function reached({ ours, target }: Pick<Row, 'ours' | 'target'>): boolean | undefined {
  if (!target) return undefined;
  return 'atMost' in target ? mean(ours) <= target.atMost : mean(ours) >= target.atLeast;
}

function targetOf(row: Row): string {
  const { target, unit } = row;
  if (!target) return '';
  const bound = 'atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
  return `${bound}${unit ? ` ${unit}` : ''} ${reached(row) ? '✓' : '✗'}`;
}

/** The table as markdown; columns that no row fills are left out. */
export function tableOf(rows: readonly Row[]): string[] {
  const columns: [string, (row: Row) => string][] = [
    ['figure', ({ figure }) => figure],
    ['ours', oursOf],
    ['target', targetOf],
    ['paper', ({ paper }) => paper ?? ''],
    ['baseline', ({ baseline }) => baseline ?? ''],
  ];
  const used = columns.filter(([name, cell]) => name === 'ours' || rows.some((row) => cell(row) !== ''));
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(used.map(([name]) => name)), line(used.map(() => '---')), ...rows.map((row) => line(used.map(([, cell]) => cell(row))))];
}

const clock = (seconds: number) => (seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`);

const pictureOf = (file: string) => `![${file.replace(/\.svg$/, '').replaceAll('-', ' ')}](results/${file})`;

/** Pictures of a result by their names in markdown, each its own paragraph. Those there are not are left out. */
export const picture = ({ recipe, pictures }: Result, ...names: string[]): string[] =>
  names.map((name) => `${recipe}-${name}.svg`).flatMap((file) => (pictures.includes(file) ? ['', pictureOf(file)] : []));

function madeBy(result: Result): string {
  const keys = Math.max(...result.rows.map(({ ours }) => ours.length));
  const spread = keys > 1 ? `, mean ± standard deviation of ${keys} keys` : '';
  return `\`${result.command}\`: ${clock(result.seconds)} of training and measuring, over all jobs${spread}; ${result.machine}; commit ${result.commit}, ${result.date}.`;
}

function sectionOf(result: Result, own: boolean): string[] {
  return [
    `## ${result.recipe}`,
    '',
    `${result.shows} ${result.papers.join('; ')}.`,
    '',
    ...tableOf(result.rows),
    '',
    madeBy(result),
    ...(own ? ['', `[A page of its own](${result.recipe}.md).`] : result.pictures.flatMap((file) => ['', pictureOf(file)])),
    '',
  ];
}

const text = (lines: readonly string[]) => lines.join('\n').trimEnd().concat('\n');

/** What is kept of a recipe. */
function keptOf({ name }: Recipe, folder: string): Result | undefined {
  const path = join(folder, `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Result) : undefined;
}

/** docs/results.md from the results that are kept, in the order of the recipes, and the pages that recipes have of their own, by name. */
export function documents(recipes: readonly Recipe[], folder = KEPT): Record<string, string> {
  const pages: Record<string, string> = {};
  const sections = recipes.flatMap((recipe) => {
    const result = keptOf(recipe, folder);
    if (!result) return [];
    if (recipe.page) pages[recipe.name] = text([...recipe.page(result), '', madeBy(result)]);
    return sectionOf(result, recipe.page !== undefined);
  });
  pages.results = text([
    '# Results',
    '',
    'Each table is made by the command under it, and this page by `npm run recipe -- docs` from the results in `docs/results/`. A command that is',
    'stopped goes on where it was; the same command gives the same bits on any machine. ✓ and ✗ say whether the mean is where it was meant',
    'to be; *paper* is what the paper reports for its own setting, *baseline* what a trivial method reaches on the same data.',
    '',
    'Settings (rates, dropout, batches, windows) were chosen by what they reached on the words, sentences, months and problems that the tables',
    'are of, so figures on others may be a little worse. The commit is where training ended; a job that had ended before was not done again.',
    '',
    ...sections,
  ]);
  return pages;
}

const [START, END] = ['<!-- results -->', '<!-- /results -->'];

/** The README with its table of results: of each recipe without a page of its own the rows that have a target, or all where none has. */
export function readmeWith(recipes: readonly Recipe[], readme: string, folder = KEPT): string {
  const rows = recipes.flatMap((recipe) => {
    const result = recipe.page ? undefined : keptOf(recipe, folder);
    const held = result?.rows.filter(({ target }) => target) ?? [];
    const shown = held.length > 0 ? held : (result?.rows ?? []);
    return shown.map((row) => ({ ...row, figure: `[${recipe.name}](docs/results.md#${recipe.name}): ${row.figure}` }));
  });
  const [from, to] = [readme.indexOf(START), readme.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`recipe: README must have ${START} … ${END}, got neither or one`);
  return [readme.slice(0, from + START.length), '', ...tableOf(rows), '', readme.slice(to)].join('\n');
}
