import { isOneOf, maybe } from '../tensor/check.ts';

/** The background that a picture is drawn for. `auto` (default) follows the reader's system; `light` and `dark` suit pages with one theme. */
export type Theme = 'light' | 'dark' | 'auto';

/** The rule of a `theme` option. */
export const isTheme = /* @__PURE__ */ maybe(isOneOf('auto', 'light', 'dark'));

/** The class of a picture's root. Pictures of one kind and theme share their rules, and no rule reaches beyond them. */
export const classOf = (kind: string, theme: Theme) => `saccade-${kind}${theme === 'auto' ? '' : `-${theme}`}`;

/** CSS rules scoped to a picture's class: the common ones and those of its theme. Each rule is `selector{…}`. */
export function styleOf(kind: string, theme: Theme, rules: readonly string[], colors: Record<'light' | 'dark', readonly string[]>): string {
  const scoped = (list: readonly string[]) => list.map((rule) => `.${classOf(kind, theme)} ${rule}`).join('');
  if (theme !== 'auto') return scoped([...rules, ...colors[theme]]);
  return `${scoped([...rules, ...colors.light])}@media (prefers-color-scheme:dark){${scoped(colors.dark)}}`;
}
