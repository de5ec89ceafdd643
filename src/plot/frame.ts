// Panels of several heights in rows of `columns`, with a title each, on one ground.

import { classOf, styleOf, type Theme } from './theme.ts';
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

/** Colours of what looks and what writes, on light ground and on dark: a contrast of at least 3 to both of their grounds. */
const INK = { ground: ['#ffffff', '#12161c'], text: ['#22303a', '#d5dde3'] } as const;

/** One picture of several panels. `rules` are those of its own kinds, by theme. */
export function framed(
  kind: string,
  panels: readonly Panel[],
  options: { columns?: number | undefined; theme?: Theme | undefined; name: string },
  rules: { common: readonly string[]; light: readonly string[]; dark: readonly string[] },
): string {
  const { theme = 'auto', name } = options;
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(panels.length)));
  const widths = Array.from({ length: Math.min(columns, Math.max(1, panels.length)) }, (_, x) =>
    Math.max(1, ...panels.filter((_, i) => i % columns === x).map((panel) => panel.width)),
  );
  const heights = Array.from({ length: Math.ceil(panels.length / columns) }, (_, y) =>
    Math.max(...panels.slice(y * columns, (y + 1) * columns).map((panel) => panel.height + TITLE)),
  );
  const offset = (sizes: readonly number[], n: number) => MARGIN + sizes.slice(0, n).reduce((sum, size) => sum + size + MARGIN, 0);
  const [width, height] = [offset(widths, widths.length), offset(heights, heights.length)];
  const colors = (i: 0 | 1) => [`.ground{fill:${INK.ground[i]}}`, `text{fill:${INK.text[i]}}`];
  const style = styleOf(
    kind,
    theme,
    ['text{font:13px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}', ...rules.common],
    {
      light: [...colors(0), ...rules.light],
      dark: [...colors(1), ...rules.dark],
    },
  );
  const title = panels.flatMap((panel) => panel.title || []).join(', ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img" class="${classOf(kind, theme)}">`,
    `<title>${escaped(title ? `${name}: ${title}` : name)}</title>`,
    `<style>${style}</style>`,
    '<rect class="ground" width="100%" height="100%" rx="10"/>',
    ...panels.map((panel, i) => {
      const [x, y] = [offset(widths, i % columns), offset(heights, Math.floor(i / columns))];
      return `<g transform="translate(${round(x)} ${round(y)})"><text x="0" y="14">${escaped(panel.title)}</text>\n<g transform="translate(0 ${TITLE})">\n${panel.svg}\n</g></g>`;
    }),
    '</svg>',
    '',
  ].join('\n');
}
