// The figures in the README of @saccade/pronounce.
import type { Result } from '../../runner/recipe.ts';
import { tableOf } from '../../runner/tables.ts';

const [FROM, TO] = ['<!-- figures -->', '<!-- /figures -->'];

/** A README with the table of a result, and the command that made it, between its two marks. */
export function withFigures(readme: string, { shows, rows, command, seconds, machine, commit, date }: Result): string {
  const [from, to] = [readme.indexOf(FROM), readme.indexOf(TO)];
  if (from < 0 || to < from) throw new Error(`pronounce: README must have ${FROM} … ${TO}, got neither or one`);
  const told = `\`${command} --keep\`, ${Math.round(seconds / 60)} minutes of one core with all measuring; ${machine}; commit ${commit}, ${date}.`;
  return [readme.slice(0, from + FROM.length), `${shows} ${told}`, '', ...tableOf(rows), readme.slice(to)].join('\n');
}
