// Results as text: a line each for the terminal, tables for docs/performance.md. Pure.
import type { Result } from './measure.ts';
import { speedup, type Verdict } from './target.ts';

/** A result with its targets. */
export interface Line {
  result: Result;
  verdicts: Verdict[];
}

/** Three significant figures. */
export const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(3));

const mark = ({ met }: Verdict) => (met === null ? '?' : met ? '✓' : '✗');

/** One line for the terminal. */
export function lineOf({ result, verdicts }: Line): string {
  const { family, unit, value, median, limit, fraction, peers } = result;
  const own = `${short(value).padStart(7)} ${short(median).padStart(7)}`;
  const bound = limit === null || fraction === null ? ''.padEnd(15) : `of ${short(limit).padStart(6)}  ${fraction.toFixed(2)}`;
  const others = Object.entries(peers).map(([name, other]) => `${name} ${short(other)} (${speedup(result, other).toFixed(2)}×)`);
  const wanted = verdicts.map((verdict) => `${mark(verdict)} ${verdict.wanted}`);
  return [family.padEnd(12), result.case.padEnd(34), own, unit.padEnd(10), bound, ...wanted, ...others].join('  ').trimEnd();
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** A table per family: ours, the limit, our fraction of it, each peer with its ratio to ours, then the targets; or what each figure said, where figures say something. */
export function tables(lines: readonly Line[]): Map<string, string> {
  const families = [...new Set(lines.map(({ result }) => result.family))];
  return new Map(families.map((family) => [family, tableOf(family, lines)]));
}

/** A document with the text between `<!-- bench NAME -->` and `<!-- /bench -->` replaced. */
export function replaced(document: string, name: string, text: string): string {
  const start = `<!-- bench ${name} -->`;
  const from = document.indexOf(start);
  const to = document.indexOf('<!-- /bench -->', from);
  if (from < 0 || to < 0) throw new Error(`bench: the document must have ${start} … <!-- /bench -->, got neither or one`);
  return `${document.slice(0, from + start.length)}\n\n${text}\n\n${document.slice(to)}`;
}

function tableOf(family: string, all: readonly Line[]): string {
  const lines = all.filter(({ result }) => result.family === family);
  if (lines.some(({ result }) => result.said)) return toldOf(family, lines);
  const names = [...new Set(lines.flatMap(({ result }) => Object.keys(result.peers)))];
  const head = [family, 'unit', 'best', 'median', 'limit', 'fraction', ...names, 'target'];
  const rows = lines.map(({ result, verdicts }) => {
    const { unit, value, median, limit, fraction, peers } = result;
    const bound = limit === null || fraction === null ? ['', ''] : [short(limit), fraction.toFixed(2)];
    const others = names.map((name) => {
      const other = peers[name];
      return other === undefined ? '' : `${short(other)} (${speedup(result, other).toFixed(2)} ×)`;
    });
    const wanted = verdicts.map((verdict) => `${verdict.wanted} ${mark(verdict)}`).join(', ');
    return row([result.case, unit, short(value), short(median), ...bound, ...others, wanted]);
  });
  return [row(head), row(head.map((_, i) => (i > 1 && i < head.length - 1 ? '--:' : '---'))), ...rows].join('\n');
}

function toldOf(family: string, lines: readonly Line[]): string {
  const rows = lines.map(({ result }) => row([result.case, result.unit, short(result.value), result.said ?? '']));
  return [row([family, 'unit', 'took', 'and']), row(['---', '---', '--:', '---']), ...rows].join('\n');
}

/** Of each case the best result over several runs. */
export function bestOf(runs: readonly (readonly Result[])[]): Result[] {
  const best = new Map<string, Result>();
  for (const result of runs.flat()) {
    const name = `${result.family}: ${result.case}`;
    const known = best.get(name);
    if (known === undefined || speedup(result, known.value) > 1) best.set(name, result);
  }
  return [...best.values()];
}

/** A line for each case that both have: before, now, and how many times as fast it is now. */
export function besides(before: readonly Result[], now: readonly Result[]): string {
  const lines = now.flatMap((result) => {
    const other = before.find((one) => one.family === result.family && one.case === result.case);
    if (!other) return [];
    const times = `${speedup(result, other.value).toFixed(2)} ×`;
    return [row([result.family, result.case, result.unit, short(other.value), short(result.value), times])];
  });
  return [row(['family', 'case', 'unit', 'before', 'now', 'as fast']), row(['---', '---', '---', '--:', '--:', '--:']), ...lines].join(
    '\n',
  );
}
