import { expectNames } from '../tensor/check.ts';
import { onTerminal, SHADES, shadeAt, tinted } from './shades.ts';
import { type AlignmentLabels, type AlignmentWeights, rowsOf } from './weights.ts';
import { widthOf } from './width.ts';

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
    const cells = row.map((weight) => (color ? tinted(' '.repeat(width), weight) : shadeAt(SHADES, weight).repeat(width)));
    const line = `${' '.repeat(side - widthOf(label))}${label} ${cells.join(' ')}`;
    return color ? line : line.trimEnd();
  });
  return [head, ...body].join('\n');
}
