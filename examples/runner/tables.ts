// Tables of figures as text.
import type { Row } from './recipe.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean, and the standard deviation of the sample if there is more than one value. */
export function oursOf({ ours, digits = 2, unit }: Pick<Row, 'ours' | 'digits' | 'unit'>): string {
  const middle = mean(ours);
  const spread =
    ours.length > 1
      ? ` ± ${Math.sqrt(ours.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (ours.length - 1)).toFixed(digits)}`
      : '';
  return `${middle.toFixed(digits)}${spread}${unit ? ` ${unit}` : ''}`;
}

/** Whether a row's mean meets its target; `undefined` without a target. */
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

/** The table as markdown; empty columns are left out. */
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
