import { expectNames, expectOptions, isList, isSize, maybe } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { framed, type Panel } from './frame.ts';
import { boxOf, type GreyImage, greyRules, greysOf, numbersOf, picture } from './pixels.ts';
import { isTheme, type Theme } from './theme.ts';

/** A canvas after each step, and where that step wrote and read. */
export interface CanvasPanel {
  /** The canvas after each of T steps, pixels from 0 to 1. */
  canvases: readonly GreyImage[];
  /** Where each step wrote, `[T, 4]`: left, top, width and height in pixels. */
  writes?: Tensor | readonly ArrayLike<number>[] | undefined;
  /** Where each step read, `[T, 4]`, drawn dashed. */
  reads?: Tensor | readonly ArrayLike<number>[] | undefined;
  /** What was to be drawn, in front of the first step. */
  image?: GreyImage | undefined;
  /** A line above the row. */
  title?: string | undefined;
}

const SIDE = 84;
const GAP = 10;

/** On light and on dark. Both kinds of box have a contrast of at least 3 to the ground and to the ink of pictures. */
const COLORS = {
  empty: ['#f2f5f6', '#1b2129'],
  full: ['#3a4650', '#b9c4cc'],
  write: ['#d0380f', '#ff8a5c'],
  read: ['#1f6fb2', '#5cb3ff'],
} as const;

const rules = (i: 0 | 1) => [
  ...greyRules(COLORS.empty[i], COLORS.full[i]),
  `.write{stroke:${COLORS.write[i]}}`,
  `.read{stroke:${COLORS.read[i]}}`,
];

function draw(panel: CanvasPanel): Panel {
  const op = 'canvasesSvg';
  expectNames(op, panel, { canvases: 0, writes: 0, reads: 0, image: 0, title: 0 });
  isList(op, 'canvases', panel.canvases);
  const canvases = panel.canvases.map((canvas) => greysOf(op, 'canvases', canvas));
  const boxes = (['reads', 'writes'] as const).map((name) => {
    const given = panel[name];
    const rows = given === undefined ? [] : numbersOf(op, name, given, 4);
    if (given !== undefined && rows.length !== canvases.length)
      throw new RangeError(`${op}: ${name} must be one for each of the ${canvases.length} canvases, got ${rows.length}`);
    return rows;
  });
  const first = panel.image === undefined ? [] : [greysOf(op, 'image', panel.image)];
  const parts = [...first, ...canvases].map((rows, k) => {
    const t = k - first.length;
    const scale = SIDE / Math.max(rows.length, (rows[0] as number[]).length);
    const over = boxes.flatMap((list, i) => {
      const box = list[t];
      return box ? boxOf(i === 0 ? 'read' : 'write', box, rows, scale) : [];
    });
    return `<g transform="translate(${k * (SIDE + GAP)} 0)"><title>${t < 0 ? 'image' : `step ${t + 1}`}</title>${picture(rows, scale)}${over.join('')}</g>`;
  });
  return { title: panel.title ?? '', svg: parts.join('\n'), width: parts.length * (SIDE + GAP), height: SIDE };
}

const optionRules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws how images came about, a row for each: the canvas after each step, with the box that the step wrote into, and dashed the one that it
 * read. `columns` rows side by side, default 1. The SVG works alone or inside a page; its styles affect no other element of the page.
 */
export function canvasesSvg(
  panels: readonly CanvasPanel[],
  options: { columns?: number | undefined; theme?: Theme | undefined } = {},
): string {
  expectOptions('canvasesSvg', options, optionRules);
  isList('canvasesSvg', 'panels', panels);
  const common = ['.write,.read{fill:none;stroke-width:1.5}', '.read{stroke-dasharray:3 2}'];
  const { columns = 1 } = options;
  return framed('canvases', panels.map(draw), { ...options, columns, name: 'Canvases' }, { common, light: rules(0), dark: rules(1) });
}
