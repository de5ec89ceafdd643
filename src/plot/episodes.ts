import { expectNames, expectOptions, firstWrong, isList, isSize, maybe } from '../tensor/check.ts';
import { type GreyImage, greyRules, greysOf, picture } from './pixels.ts';
import { INK } from './shades.ts';
import { FIELD, MONO, sheet, titled } from './sheet.ts';
import { isTheme, type Theme } from './theme.ts';
import { escaped, round } from './xml.ts';

/** A question, the examples that it was answered by, and how much it looked at each. */
export interface EpisodePanel {
  /** The picture that is asked about. */
  query: GreyImage;
  /** The examples. */
  items: readonly GreyImage[];
  /** How much the query looked at each example, from 0 to 1. */
  weights: ArrayLike<number>;
  /** The example of the query's class, which gets a frame. */
  right?: number | undefined;
  /** A line above the picture. */
  title?: string | undefined;
}

const SIDE = 56;
const GAP = 10;
const MARGIN = 20;
const TITLE = 24;
const FOOT = 22;

const MARK = { light: '#2f6496', dark: '#6fb3e8' } as const;

const style = {
  kind: 'episodes',
  rules: [`text{font:12px ${MONO}}`, '.right{fill:none;stroke-width:2}'],
  colors: (of: 'light' | 'dark') => [...greyRules(FIELD[of], INK[of]), `.look{fill:${MARK[of]}}`, `.right{stroke:${MARK[of]}}`],
};

function draw(panel: EpisodePanel): { svg: string; width: number } {
  expectNames('episodesSvg', panel, { query: 0, items: 0, weights: 0, right: 0, title: 0 });
  const { query, items, weights, right, title = '' } = panel;
  isList('episodesSvg', 'items', items);
  isList('episodesSvg', 'weights', weights);
  const odd = firstWrong(weights, (weight) => weight >= 0 && weight <= 1 + 1e-4);
  if (weights.length !== items.length || odd.length > 0) {
    throw new RangeError(
      `episodesSvg: weights must be ${items.length} numbers from 0 to 1, got ${odd.length > 0 ? odd[0] : weights.length}`,
    );
  }
  const at = (name: string, image: GreyImage, x: number) => {
    const rows = greysOf('episodesSvg', name, image);
    const longest = Math.max(rows.length, rows[0]?.length ?? 0);
    return `<g transform="translate(${x} ${TITLE})">${picture(rows, SIDE / longest)}</g>`;
  };
  const parts = [`<text x="0" y="14">${escaped(title)}</text>`, at('query', query, 0)];
  items.forEach((item, i) => {
    const x = (SIDE + GAP) * (i + 1) + GAP;
    const weight = weights[i] as number;
    const y = TITLE + SIDE + 4;
    parts.push(at('items', item, x));
    if (i === right) parts.push(`<rect class="right" x="${x}" y="${TITLE}" width="${SIDE}" height="${SIDE}" rx="4"/>`);
    parts.push(
      `<rect class="look" x="${x}" y="${y}" width="${round(SIDE * Math.min(1, weight))}" height="6" rx="2"><title>${weight.toFixed(3)}</title></rect>`,
      `<text x="${x + SIDE / 2}" y="${y + 17}" text-anchor="middle">${weight.toFixed(2)}</text>`,
    );
  });
  return { svg: parts.join('\n'), width: (SIDE + GAP) * (items.length + 1) + GAP };
}

const rules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws what few-shot learners look at as an SVG: the query first, then the examples, each with a bar as long as the query looked at it. The right
 * one has a frame. The SVG works alone or inside a page; its styles affect no other element of the page.
 */
export function episodesSvg(
  panels: readonly EpisodePanel[],
  options: { columns?: number | undefined; theme?: Theme | undefined } = {},
): string {
  expectOptions('episodesSvg', options, rules);
  isList('episodesSvg', 'panels', panels);
  const { theme, columns = 1 } = options;
  const drawn = panels.map(draw);
  const wide = drawn.reduce((most, { width }) => Math.max(most, width), 60) + MARGIN;
  const high = TITLE + SIDE + FOOT + MARGIN;
  const width = MARGIN + Math.max(1, Math.min(columns, drawn.length)) * wide;
  const height = MARGIN + Math.ceil(drawn.length / columns) * high;
  const parts = drawn.map(
    ({ svg }, i) => `<g transform="translate(${MARGIN + (i % columns) * wide} ${MARGIN + Math.floor(i / columns) * high})">\n${svg}\n</g>`,
  );
  return sheet({ ...style, theme, name: titled('Episodes', panels), width, height }, parts);
}
