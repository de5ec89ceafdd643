// The root of every picture: one SVG, its style scoped to it, on a ground of the page’s colour.

import { GROUND, INK } from './shades.ts';
import { classOf, styleOf, type Theme } from './theme.ts';
import { escaped, round } from './xml.ts';

/** The font of labels whose widths are counted in columns. */
export const MONO = 'ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace';
/** The font of titles and names. */
export const SANS = 'system-ui,"Segoe UI",Roboto,"Helvetica Neue",sans-serif';

/** Empty fields on the ground of a page, which is light or dark. */
export const FIELD = { light: '#eef3f4', dark: '#1b2129' } as const;

/** A picture besides what is drawn in it. */
export interface Sheet {
  /** Pictures of one kind share their rules. */
  kind: string;
  theme?: Theme | undefined;
  /** What a screen reader says. */
  name: string;
  width: number;
  height: number;
  /** Rules of either theme: `selector{…}`. */
  rules: readonly string[];
  /** Rules of a theme, besides those of ground and text. */
  colors: (theme: 'light' | 'dark') => readonly string[];
}

/** The text of a picture of these parts. */
export function sheet({ kind, theme = 'auto', name, rules, colors, ...size }: Sheet, parts: readonly string[]): string {
  const [width, height] = [round(size.width), round(size.height)];
  const all = (of: 'light' | 'dark') => [`.ground{fill:${GROUND[of]}}`, `text{fill:${INK[of]}}`, ...colors(of)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" class="${classOf(kind, theme)}">`,
    `<title>${escaped(name)}</title>`,
    `<style>${styleOf(kind, theme, rules, { light: all('light'), dark: all('dark') })}</style>`,
    '<rect class="ground" width="100%" height="100%" rx="10"/>',
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** The titles of panels behind what they all are: `Paths: first, second`. */
export function titled(what: string, panels: readonly { title?: string | undefined }[]): string {
  const titles = panels.flatMap(({ title }) => title || []).join(', ');
  return titles ? `${what}: ${titles}` : what;
}
