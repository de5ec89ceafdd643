// Documents written from the kept results: docs/results.md, pages of single recipes, and the tables of the README.
import type { Recipe, Result } from './recipe.ts';
import { KEPT, keptOf } from './results.ts';
import { tableOf } from './tables.ts';

const clock = (seconds: number) => (seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`);

const pictureOf = (file: string) => `![${file.replace(/\.svg$/, '').replaceAll('-', ' ')}](results/${file})`;

/** Markdown for pictures of a result, one paragraph each. Missing pictures are left out. */
export const picture = ({ recipe, pictures }: Result, ...names: string[]): string[] =>
  names.map((name) => `${recipe}-${name}.svg`).flatMap((file) => (pictures.includes(file) ? ['', pictureOf(file)] : []));

/** A recipe in the list of all: what it shows, the data it takes, and its duration if a result is kept. */
export function listed({ name, shows, data }: Pick<Recipe, 'name' | 'shows' | 'data'>, kept: Pick<Result, 'seconds'> | undefined): string {
  const files = data?.files.map((file) => `${data.folder}/${file}`).join(', ');
  const facts = [
    data ? `${data.optional ? 'better with' : 'needs'} --data: ${files} (${data.source})` : 'needs no --data',
    kept ? `${clock(kept.seconds)} of one core` : 'no result is kept',
  ];
  return `${name.padEnd(23)}${shows}\n${''.padEnd(23)}${facts.join('; ')}`;
}

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
    ...(result.note ? ['', `**${result.note}**`] : []),
    ...(own ? ['', `[A page of its own](${result.recipe}.md).`] : result.pictures.flatMap((file) => ['', pictureOf(file)])),
    '',
  ];
}

const text = (lines: readonly string[]) => lines.join('\n').trimEnd().concat('\n');

/** docs/results.md from the kept results, in the order of the recipes, and the recipes' own pages by name. */
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
    'The command under each table makes it; `npm run recipe -- docs` writes this page from the results in `docs/results/`. A command that was',
    'stopped resumes where it was, and the same command gives the same bits on any machine. ✓ and ✗ say whether the mean meets the target;',
    '*paper* is the figure of the paper in its own setting, *baseline* that of a trivial method on the same data.',
    '',
    'Settings (rates, dropout, batches, windows) were chosen on the sentences, months and problems of the tables themselves, so figures on other',
    'data may be slightly worse. Recipes on words choose settings on the development part and report another part, unless a note says otherwise.',
    'The commit is the one on which the jobs trained; results without a list of jobs name the commit at which they were drawn.',
    '',
    ...sections,
  ]);
  return pages;
}

/** The README with `lines` between the marks of a name. */
function between(readme: string, name: string, lines: readonly string[]): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [readme.indexOf(start), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`recipe: README must have ${start} … ${end}, got neither or one`);
  return [readme.slice(0, from + start.length), '', ...lines, '', readme.slice(to)].join('\n');
}

/** The README's table of commands: what recipes say of those that are kept. */
function commandsOf(recipes: readonly Recipe[], folder: string): string[] {
  const rows = recipes.flatMap((recipe) => {
    const result = recipe.commands && keptOf(recipe, folder);
    return result ? (recipe.commands?.(result) ?? []) : [];
  });
  const names = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return rows.length > 0
    ? [line(names), line(names.map(() => '---')), ...rows.map((row) => line(names.map((name) => row[name] ?? '')))]
    : [];
}

/**
 * The README with its tables: commands, and results, for each recipe without a page or a command of its own the main figure, which is the first
 * with a target if there is one.
 */
export function readmeWith(recipes: readonly Recipe[], readme: string, folder = KEPT): string {
  const commands = commandsOf(recipes, folder);
  const begun = commands.length > 0 ? between(readme, 'commands', commands) : readme;
  const rows = recipes.flatMap((recipe) => {
    const result = recipe.page || recipe.commands ? undefined : keptOf(recipe, folder);
    const main = result?.rows.find(({ target }) => target) ?? result?.rows[0];
    const mark = result?.note ? ' †' : '';
    return [main ?? []].flat().map((row) => ({ ...row, figure: `[${recipe.name}](docs/results.md#${recipe.name}): ${row.figure}${mark}` }));
  });
  const notes = new Set(recipes.flatMap((recipe) => (recipe.page || recipe.commands ? [] : (keptOf(recipe, folder)?.note ?? []))));
  return between(begun, 'results', [...tableOf(rows), ...Array.from(notes).flatMap((note) => ['', `† ${note}`])]);
}
