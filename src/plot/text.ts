import { expectNames } from '../tensor/check.ts';
import { type AlignmentLabels, type AlignmentWeights, rowsOf } from './weights.ts';
import { widthOf } from './width.ts';

const SHADES = [' ', '░', '▒', '▓', '█'];
/** Of the terminal's 256 colours, from dark blue-grey to pale green: 0 … 1. */
const COLORS = [235, 236, 23, 24, 31, 37, 73, 115, 158, 194];

/**
 * Formats attention weights for a terminal: source along the top, target down the side, one block per weight. `color` turns 256 colours on;
 * the default is on where the output is a terminal and `NO_COLOR` is not set.
 */
export function alignmentText(weights: AlignmentWeights, options: AlignmentLabels & { color?: boolean | undefined }): string {
  expectNames('alignmentText', options, { rows: 0, columns: 0, color: 0 });
  const { rows, columns, color = onTerminal() } = options;
  const lists = rowsOf('alignmentText', weights, options);
  const longest = (labels: readonly string[]): number => labels.reduce((most, label) => Math.max(most, widthOf(label)), 1);
  const side = longest(rows);
  const width = Math.max(2, longest(columns));
  const pad = (label: string, length: number): string => label + ' '.repeat(length - widthOf(label));
  const head = `${' '.repeat(side)} ${columns.map((label) => pad(label, width)).join(' ')}`.trimEnd();
  const body = lists.map((row, t) => {
    const label = rows[t] ?? '';
    const cells = row.map((weight) => (color ? tint(weight, width) : pick(SHADES, weight).repeat(width)));
    const line = `${' '.repeat(side - widthOf(label))}${label} ${cells.join(' ')}`;
    return color ? line : line.trimEnd();
  });
  return [head, ...body].join('\n');
}

function pick<T>(scale: readonly T[], weight: number): T {
  return scale[Math.min(scale.length - 1, Math.floor(weight * scale.length))] as T;
}

function tint(weight: number, width: number): string {
  return `\u001b[48;5;${pick(COLORS, weight)}m${' '.repeat(width)}\u001b[0m`;
}

function onTerminal(): boolean {
  if (typeof process === 'undefined' || !process.stdout) return false;
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}
