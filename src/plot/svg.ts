import { expectNames, expectOptions, isList, isSize, maybe } from '../tensor/check.ts';
import { DARK, LIGHT, shadesOf } from './shades.ts';
import { MONO, SANS, sheet, titled } from './sheet.ts';
import { isTheme, type Theme } from './theme.ts';
import { type AlignmentLabels, type AlignmentWeights, rowsOf } from './weights.ts';
import { widthOf } from './width.ts';
import { escaped, round } from './xml.ts';

/** Options of one heatmap. */
export interface AlignmentOptions extends AlignmentLabels {
  /** A title above the heatmap. */
  title?: string | undefined;
}

/** Options of a picture of several heatmaps. */
export interface AlignmentsOptions {
  /** Heatmaps per row. Default: as square as possible. */
  columns?: number | undefined;
  /** Colours for a light or a dark page, or those of the system. Default `auto`. */
  theme?: Theme | undefined;
}

/** One heatmap of several. */
export interface AlignmentPanel extends AlignmentOptions {
  /** `[T, S]`, as of one example and one head. */
  weights: AlignmentWeights;
}

const CELL = 30;
const GAP = 2;
const LETTER = 8.4; // width of one character of the 14 px monospaced labels
const LEGEND = 46;
const MARGIN = 20;

const rules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws attention weights `[T, S]` as an SVG heatmap: source along the top, target down the side. The SVG works alone or inside a page; its
 * styles affect no other element of the page.
 */
export function alignmentSvg(weights: AlignmentWeights, options: AlignmentOptions & { theme?: Theme | undefined }): string {
  expectNames('alignmentSvg', options, { rows: 0, columns: 0, title: 0, theme: 0 });
  const { theme, ...panel } = options;
  return alignmentsSvg([{ ...panel, weights }], theme === undefined ? {} : { theme });
}

/** Draws several heatmaps side by side with one colour scale. */
export function alignmentsSvg(panels: readonly AlignmentPanel[], options: AlignmentsOptions = {}): string {
  expectOptions('alignmentsSvg', options, rules);
  isList('alignmentsSvg', 'panels', panels);
  const drawn = panels.map(draw);
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(drawn.length)));
  const widths = new Array<number>(columns).fill(0);
  const heights = new Array<number>(Math.ceil(drawn.length / columns)).fill(0);
  drawn.forEach(({ width, height }, i) => {
    const [x, y] = [i % columns, Math.floor(i / columns)];
    widths[x] = Math.max(widths[x] ?? 0, width);
    heights[y] = Math.max(heights[y] ?? 0, height);
  });
  const offset = (lengths: number[], n: number): number => MARGIN + lengths.slice(0, n).reduce((sum, length) => sum + length + MARGIN, 0);
  const width = Math.max(offset(widths, widths.filter((w) => w > 0).length), 9 * 18 + 2 * MARGIN + 70);
  const height = offset(heights, heights.length) + LEGEND;
  const body = drawn.map(({ svg }, i) => {
    const [x, y] = [offset(widths, i % columns), offset(heights, Math.floor(i / columns))];
    return `<g transform="translate(${round(x)} ${round(y)})" role="group"${svg}</g>`;
  });
  const name = titled('Attention', panels);
  return sheet({ ...style, theme: options.theme, name, width, height }, [...body, legend(MARGIN, height - LEGEND)]);
}

const style = {
  kind: 'alignment',
  rules: [
    `text{font:14px ${MONO}}`,
    `.title{font:600 16px ${SANS}}`,
    '.small{font-size:12px}',
    'rect:hover{stroke:#e8590c;stroke-width:2}',
    '.ground:hover{stroke:none}',
  ],
  colors: (of: 'light' | 'dark') => shadesOf(of === 'light' ? LIGHT : DARK, 32),
};

function draw(panel: AlignmentPanel): { svg: string; width: number; height: number } {
  expectNames('alignmentsSvg', panel, { weights: 0, rows: 0, columns: 0, title: 0 });
  const { rows, columns, title } = panel;
  const weights = rowsOf('alignmentSvg', panel.weights, panel);
  const longest = (labels: readonly string[]): number => labels.reduce((most, label) => Math.max(most, widthOf(label)), 1);
  const left = longest(rows) * LETTER + 10;
  // Labels wider than a cell are drawn vertically.
  const upright = longest(columns) * LETTER > CELL - GAP;
  const top = (title ? 30 : 0) + (upright ? longest(columns) * LETTER + 8 : 24);
  const parts: string[] = [` aria-label="${escaped(title ?? 'Attention weights')}">`];
  if (title) parts.push(`<text class="title" x="0" y="16">${escaped(title)}</text>`);
  columns.forEach((label, s) => {
    const x = left + s * CELL + CELL / 2;
    const turn = upright ? ` transform="rotate(-90 ${round(x)} ${round(top - 8)})" dy=".35em"` : ' text-anchor="middle"';
    parts.push(`<text x="${round(x)}" y="${round(top - 8)}"${turn}>${escaped(label)}</text>`);
  });
  weights.forEach((row, t) => {
    const y = top + t * CELL;
    const label = rows[t] ?? '';
    parts.push(`<text x="${round(left - 8)}" y="${round(y + CELL / 2)}" dy=".35em" text-anchor="end">${escaped(label)}</text>`);
    row.forEach((weight, s) => {
      const tip = `${label} ← ${columns[s] ?? ''}: ${weight.toFixed(3)}`;
      const place = `x="${round(left + s * CELL + GAP / 2)}" y="${round(y + GAP / 2)}"`;
      parts.push(
        `<rect class="c${level(weight)}" ${place} width="${CELL - GAP}" height="${CELL - GAP}" rx="4"><title>${escaped(tip)}</title></rect>`,
      );
    });
  });
  const widthOfTitle = widthOf(title ?? '') * 9;
  return { svg: parts.join('\n'), width: Math.max(left + columns.length * CELL, widthOfTitle), height: top + rows.length * CELL };
}

/** One of 33 colours. */
function level(weight: number): number {
  return Math.round(Math.min(1, weight) * 32);
}

function legend(x: number, y: number): string {
  const cells = Array.from({ length: 33 }, (_, i) => `<rect class="c${i}" x="${x + 16 + i * 5}" y="${y + 8}" width="5.2" height="10"/>`);
  return [
    `<g aria-label="Scale of colours, 0 to 1">`,
    `<text class="small" x="${x}" y="${y + 17}">0</text>`,
    ...cells,
    `<text class="small" x="${x + 16 + 33 * 5 + 8}" y="${y + 17}">1</text>`,
    '</g>',
  ].join('\n');
}
