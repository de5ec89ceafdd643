import { expectNames, expectOptions, firstWrong, isList, isSize, maybe, shown } from '../tensor/check.ts';
import { FIELD, MONO, sheet, titled } from './sheet.ts';
import { isTheme, type Theme } from './theme.ts';
import { escaped, round } from './xml.ts';

/** Points, a closed path through some of them, and the expected path. */
export interface PlanePanel {
  /** Coordinates in [0, 1], x and y in turn; y grows upwards. */
  points: ArrayLike<number>;
  /** Indices of points, in order: a hull, a tour. */
  path: readonly number[];
  /** Drawn dashed below `path`. */
  reference?: readonly number[] | undefined;
  /** A line above the picture. */
  title?: string | undefined;
}

const SIDE = 200;
const INSET = 10;
const MARGIN = 20;
const TITLE = 26;
const LEGEND = 34;

/** Colours on light ground and on dark: path and reference have a contrast of at least 4.5 to both their grounds, points of 3. */
const COLORS = {
  path: { light: '#2f6496', dark: '#6fb3e8' },
  reference: { light: '#9a4410', dark: '#f0a06b' },
  point: { light: '#5f717d', dark: '#93a5b1' },
} as const;

const style = {
  kind: 'paths',
  rules: [
    `text{font:13px ${MONO}}`,
    '.path{stroke-width:2;fill-opacity:.13;stroke-linejoin:round}',
    '.reference{fill:none;stroke-width:2;stroke-dasharray:5 4}',
  ],
  colors: (of: 'light' | 'dark') => [
    `.field{fill:${FIELD[of]}}`,
    `.path{stroke:${COLORS.path[of]};fill:${COLORS.path[of]}}`,
    `.reference{stroke:${COLORS.reference[of]}}`,
    `.point{fill:${COLORS.point[of]}}`,
  ],
};

const left = (x: number) => round(INSET + x * (SIDE - 2 * INSET));
const top = (y: number) => round(SIDE - INSET - y * (SIDE - 2 * INSET));

function draw(panel: PlanePanel): string {
  expectNames('pathsSvg', panel, { points: 0, path: 0, reference: 0, title: 0 });
  const { points, path, reference, title = '' } = panel;
  isList('pathsSvg', 'points', points);
  isList('pathsSvg', 'path', path);
  const count = points.length / 2;
  const strange = firstWrong(points, (value) => value >= 0 && value <= 1);
  if (strange.length > 0 || !Number.isInteger(count)) {
    const got = strange.length > 0 ? shown(strange[0]) : `${points.length} numbers`;
    throw new RangeError(`pathsSvg: points must be x and y in turn, from 0 to 1, got ${got}`);
  }
  const place = (i: number) => `${left(points[2 * i] as number)},${top(points[2 * i + 1] as number)}`;
  const closed = (kind: string, indices: readonly number[]) => {
    const wrong = firstWrong(indices, (i) => Number.isInteger(i) && i >= 0 && i < count);
    if (wrong.length > 0) throw new RangeError(`pathsSvg: indices must be of the ${count} points, got ${wrong[0]} in ${kind}`);
    return `<polygon class="${kind}" points="${indices.map(place).join(' ')}"/>`;
  };
  const dots = Array.from({ length: count }, (_, i) => {
    const [x = '', y = ''] = place(i).split(',');
    return `<circle class="point" cx="${x}" cy="${y}" r="3"><title>${i}</title></circle>`;
  });
  return [
    `<text x="0" y="15">${escaped(title)}</text>`,
    `<g transform="translate(0 ${TITLE})">`,
    `<rect class="field" width="${SIDE}" height="${SIDE}" rx="6"/>`,
    closed('path', path),
    ...(reference ? [closed('reference', reference)] : []),
    ...dots,
    '</g>',
  ].join('\n');
}

function legend(y: number, named: boolean): string {
  const line = (x: number, kind: string, name: string) =>
    `<path class="${kind}" d="M${x} ${y}h28"/><text x="${x + 36}" y="${y + 4}">${name}</text>`;
  return [line(MARGIN, 'path', 'chosen'), ...(named ? [line(MARGIN + 120, 'reference', 'true')] : [])].join('\n');
}

const rules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws hulls and tours in the unit square as an SVG, `columns` per row (default: as square as possible). The SVG works alone or inside a page;
 * its styles affect no other element of the page.
 */
export function pathsSvg(panels: readonly PlanePanel[], options: { columns?: number | undefined; theme?: Theme | undefined } = {}): string {
  expectOptions('pathsSvg', options, rules);
  isList('pathsSvg', 'panels', panels);
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(panels.length)));
  const [across, down] = [Math.min(columns, Math.max(1, panels.length)), Math.ceil(panels.length / columns)];
  const width = MARGIN + across * (SIDE + MARGIN);
  const height = MARGIN + down * (SIDE + TITLE + MARGIN) + LEGEND;
  const parts = panels.map((panel, i) => {
    const [x, y] = [MARGIN + (i % columns) * (SIDE + MARGIN), MARGIN + Math.floor(i / columns) * (SIDE + TITLE + MARGIN)];
    return `<g transform="translate(${x} ${y})">\n${draw(panel)}\n</g>`;
  });
  const compared = panels.some(({ reference }) => reference !== undefined);
  const page = { ...style, theme: options.theme, name: titled('Paths', panels), width, height };
  return sheet(page, [...parts, legend(height - LEGEND / 2 - 4, compared)]);
}
