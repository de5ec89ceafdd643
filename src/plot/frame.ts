// Panels of several heights in rows of `columns`, with a title each, on one ground.

import { MONO, sheet, titled } from './sheet.ts';
import type { Theme } from './theme.ts';
import { escaped, round } from './xml.ts';

/** A drawn panel. */
export interface Panel {
  title: string;
  svg: string;
  width: number;
  height: number;
}

const MARGIN = 20;
const TITLE = 24;

/** One picture of several panels. `rules` are those of its own kinds, by theme. */
export function framed(
  kind: string,
  panels: readonly Panel[],
  options: { columns?: number | undefined; theme?: Theme | undefined; name: string },
  rules: { common: readonly string[]; light: readonly string[]; dark: readonly string[] },
): string {
  const { theme, name } = options;
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(panels.length)));
  const widths = Array.from({ length: Math.min(columns, Math.max(1, panels.length)) }, (_, x) =>
    Math.max(1, ...panels.filter((_, i) => i % columns === x).map((panel) => panel.width)),
  );
  const heights = Array.from({ length: Math.ceil(panels.length / columns) }, (_, y) =>
    Math.max(...panels.slice(y * columns, (y + 1) * columns).map((panel) => panel.height + TITLE)),
  );
  const offset = (sizes: readonly number[], n: number) => MARGIN + sizes.slice(0, n).reduce((sum, size) => sum + size + MARGIN, 0);
  const [width, height] = [offset(widths, widths.length), offset(heights, heights.length)];
  const parts = panels.map((panel, i) => {
    const [x, y] = [offset(widths, i % columns), offset(heights, Math.floor(i / columns))];
    return `<g transform="translate(${round(x)} ${round(y)})"><text x="0" y="14">${escaped(panel.title)}</text>\n<g transform="translate(0 ${TITLE})">\n${panel.svg}\n</g></g>`;
  });
  const style = { rules: [`text{font:13px ${MONO}}`, ...rules.common], colors: (of: 'light' | 'dark') => rules[of] };
  return sheet({ kind, theme, name: titled(name, panels), width, height, ...style }, parts);
}
