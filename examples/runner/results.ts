// A recipe's result, and the folder where it is kept.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { info } from 'saccade';
import { commitsOf } from './provenance.ts';
import type { Finished, Recipe, RecipeOptions, Result, Row } from './recipe.ts';

/** Results that are kept with the source. */
export const KEPT = 'docs/results';

/** The rows that have values; a quick run has no targets and nothing to compare with in the papers. */
function rowsOf(recipe: Recipe, finished: readonly Finished<unknown, unknown>[], options: RecipeOptions): Row[] {
  const rows = recipe.rows(finished, options).filter(({ ours }) => ours.length > 0);
  return options.quick ? rows.map(({ target: _, paper: __, ...row }) => row) : rows;
}

/** The result of a run. */
export function resultOf(recipe: Recipe, finished: readonly Finished<unknown, unknown>[], options: RecipeOptions): Result {
  const flags = [
    options.data && recipe.data ? ' --data DIR' : '',
    options.test ? ' --test DIR' : '',
    options.quick ? ' --quick' : '',
    options.keys !== (options.quick ? 1 : (recipe.keys ?? 1)) ? ` --keys ${options.keys}` : '',
  ];
  return {
    recipe: recipe.name,
    shows: recipe.shows,
    papers: recipe.papers,
    command: `npm run recipe -- ${recipe.asked ?? recipe.name}${flags.join('')}`,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}, ${info().build} build`,
    commit: commitsOf(finished.flatMap(({ made }) => made)),
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round(finished.reduce((sum, job) => sum + job.seconds, 0)),
    rows: rowsOf(recipe, finished, options),
    pictures: [],
    jobs: finished.map(({ name, seconds, made }) => ({ name, seconds: Math.round(seconds), made })),
  };
}

/** Writes a result and its pictures to a folder. */
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

/** The kept result of a recipe. */
export function keptOf({ name }: Pick<Recipe, 'name'>, folder = KEPT): Result | undefined {
  const path = join(folder, `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Result) : undefined;
}
