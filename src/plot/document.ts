// A text shaded by attention, once for each look at it.

import { expectOptions, isFlag, isList, isSize, isText, maybe } from '../tensor/check.ts';
import { DARK, LIGHT, onTerminal, SHADES, shadeAt, shadesOf, tinted } from './shades.ts';
import { MONO, SANS, sheet } from './sheet.ts';
import { isTheme, type Theme } from './theme.ts';
import { type AlignmentLabels, type AlignmentWeights, rowsOf } from './weights.ts';
import { widthOf } from './width.ts';
import { escaped, round } from './xml.ts';

/** What a picture of a shaded text says besides. `rows` name the looks, `columns` are the words. */
export interface DocumentOptions extends AlignmentLabels {
  /** A title above the text, such as the question that was asked. */
  title?: string | undefined;
}

const named = { rows: isList, columns: isList, title: /* @__PURE__ */ maybe(isText) };

const LETTER = 8.4; // width of one character of the 14 px monospaced text
const LINE = 26;
const MARGIN = 20;
/** Strong shades are left out, so that the text on them keeps a contrast of 4.5. */
const STRONGEST = 0.44;

/** The weight that has the strongest shade: the largest. */
const largest = (looks: readonly (readonly number[])[]) => looks.flat().reduce((most, weight) => Math.max(most, weight), 0);

/** Puts words into lines of at most `width` columns: the words of each line with the columns before them. */
function lined(words: readonly string[], width: number): [word: number, column: number][][] {
  const lines: [number, number][][] = [[]];
  let column = 0;
  words.forEach((word, i) => {
    const own = widthOf(word);
    if (column > 0 && column + own > width) {
      lines.push([]);
      column = 0;
    }
    lines.at(-1)?.push([i, column]);
    column += own + 1;
  });
  return lines;
}

/**
 * Draws a text `[S]` shaded by attention weights `[T, S]` as an SVG, once for each of the T looks; the largest weight has the strongest shade. The SVG works alone or inside a page; its styles
 * affect no other element of the page.
 */
export function documentSvg(
  weights: AlignmentWeights,
  options: DocumentOptions & { width?: number | undefined; theme?: Theme | undefined },
): string {
  expectOptions('documentSvg', options, { ...named, width: maybe(isSize), theme: isTheme });
  const { rows, columns, title, width = 76, theme } = options;
  const looks = rowsOf('documentSvg', weights, options);
  const most = largest(looks);
  const lines = lined(columns, width);
  const left = MARGIN + rows.reduce((longest, row) => Math.max(longest, widthOf(row)), 0) * LETTER + 12;
  const word = (look: readonly number[], i: number, column: number, y: number) => {
    const [text, weight] = [columns[i] as string, look[i] as number];
    const x = left + column * LETTER;
    const level = most > 0 ? Math.round((weight / most) * 16) : 0;
    return [
      `<rect class="c${level}" x="${round(x - 3)}" y="${round(y)}" width="${round(widthOf(text) * LETTER + 6)}" height="21" rx="4"><title>${escaped(`${text}: ${weight.toFixed(3)}`)}</title></rect>`,
      `<text x="${round(x)}" y="${round(y + 15)}">${escaped(text)}</text>`,
    ].join('');
  };
  const top = MARGIN + (title ? 30 : 0);
  const height = lines.length * LINE + 14;
  const body = looks.flatMap((look, t) => {
    const from = top + t * height;
    return [
      `<text class="look" x="${MARGIN}" y="${round(from + 15)}">${escaped(rows[t] ?? '')}</text>`,
      ...lines.flatMap((line, l) => line.map(([i, column]) => word(look, i, column, from + l * LINE))),
    ];
  });
  const across = Math.max(left + width * LETTER + MARGIN, widthOf(title ?? '') * 9 + 2 * MARGIN);
  const down = top + looks.length * height + MARGIN;
  const name = title ? `Attention to a text: ${title}` : 'Attention to a text';
  const head = title ? [`<text class="title" x="${MARGIN}" y="${MARGIN + 14}">${escaped(title)}</text>`] : [];
  return sheet({ ...style, theme, name, width: across, height: down }, [...head, ...body]);
}

const style = {
  kind: 'document',
  rules: [`text{font:14px ${MONO};white-space:pre}`, `.title{font:600 16px ${SANS}}`, '.look{font-weight:600}'],
  colors: (of: 'light' | 'dark') => shadesOf(of === 'light' ? LIGHT : DARK, 16, STRONGEST),
};

/**
 * Formats a text shaded by attention weights for a terminal, once for each look. `color` turns 256 colours on, by default where the output is a terminal and
 * `NO_COLOR` is not set; without, a block behind each word says its weight. `width` is that of a line in columns, default 76.
 */
export function documentText(
  weights: AlignmentWeights,
  options: DocumentOptions & { color?: boolean | undefined; width?: number | undefined },
): string {
  expectOptions('documentText', options, { ...named, color: maybe(isFlag), width: maybe(isSize) });
  const { rows, columns, title, color = onTerminal(), width = 76 } = options;
  const looks = rowsOf('documentText', weights, options);
  const most = largest(looks);
  const side = rows.reduce((longest, row) => Math.max(longest, widthOf(row)), 0);
  const room = color ? columns : columns.map((text) => `${text} `); // a block behind each word
  const lines = lined(room, width);
  const word = (text: string, weight: number) => {
    const share = most > 0 ? weight / most : 0;
    return color ? tinted(text, share, 5) : `${text}${shadeAt(SHADES, share)}`;
  };
  const body = looks.flatMap((look, t) =>
    lines.map((line, l) => {
      const label = l === 0 ? (rows[t] ?? '') : '';
      const text = line.map(([i]) => word(columns[i] as string, look[i] as number)).join(' ');
      return `${label}${' '.repeat(side - widthOf(label))} ${text}`.trimEnd();
    }),
  );
  return [...(title ? [title] : []), ...body].join('\n');
}
