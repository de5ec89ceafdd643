// The figures in the README of @saccade/pronounce.
import type { Result } from '../../runner/recipe.ts';
import { tableOf } from '../../runner/tables.ts';
import type { Found } from './exceptions.ts';

/** A README with lines between its two marks of a name. */
function between(readme: string, name: string, lines: readonly string[]): string {
  const marks = [`<!-- ${name} -->`, `<!-- /${name} -->`] as const;
  const [from, to] = marks.map((mark) => readme.indexOf(mark)) as [number, number];
  if (from < 0 || to < from) throw new Error(`pronounce: README must have ${marks.join(' … ')}, got neither or one`);
  return [readme.slice(0, from + marks[0].length), ...lines, readme.slice(to)].join('\n');
}

/** With the table of a result, and the command that made it. */
export function withFigures(readme: string, { shows, rows, command, seconds, machine, commit, date }: Result): string {
  const told = `\`${command} --keep\`, ${Math.round(seconds / 60)} minutes of one core with all measuring; ${machine}; commit ${commit}, ${date}.`;
  return between(readme, 'figures', [`${shows} ${told}`, '', ...tableOf(rows)]);
}

const count = (n: number) => n.toLocaleString('en');

/** How long the list is, as the README says it. */
export const lengthOf = (lines: string): string => `${count(lines.split('\n').length - 1)} words are in the list.`;

/** With what was found of frequent words. */
export function withExceptions(readme: string, { lines, found }: { lines: string; found: readonly Found[] }): string {
  const share = (part: number, { listed }: Found) => `${((100 * part) / listed).toFixed(1)} %`;
  const rows = found.map((one) => [count(one.among), count(one.listed), share(one.wrong, one), count(one.excepted)]);
  const titles = ['the commonest', 'in the dictionary', 'wrong by the model alone', 'in the list'];
  return between(readme, 'exceptions', [lengthOf(lines), '', ...[titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)]); // biome-ignore format: one call
}
