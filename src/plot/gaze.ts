import { expectNames, expectOptions, isList, isSize, maybe } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { framed, type Panel } from './frame.ts';
import { boxOf, type GreyImage, greyRules, greysOf, numbersOf, picture } from './pixels.ts';
import { isTheme, type Theme } from './theme.ts';
import { round } from './xml.ts';

/** An image, and how somebody looked at it. */
export interface GazePanel {
  /** What was looked at. */
  image: GreyImage;
  /** Of each step the boxes of its scales: left, top, width and height in pixels, `[T, M, 4]`, as models return for one example. */
  boxes: readonly (Tensor | readonly ArrayLike<number>[])[];
  /** Of each step what was seen, a patch for each scale. They are drawn beneath, a column for each step. */
  patches?: readonly (readonly GreyImage[])[] | undefined;
  /** A line above the picture. */
  title?: string | undefined;
}

const SIDE = 220;
const PATCH = 44;
const GAP = 6;

/** Two colours, on light and on dark: the path and the boxes, with a contrast of at least 3 to both the ground and the ink of pictures. */
const COLORS = { empty: ['#f2f5f6', '#1b2129'], full: ['#3a4650', '#b9c4cc'], gaze: ['#d0380f', '#ff8a5c'] } as const;

const rules = (i: 0 | 1) => [
  ...greyRules(COLORS.empty[i], COLORS.full[i]),
  `.box,.path{stroke:${COLORS.gaze[i]}}`,
  `.dot{fill:${COLORS.gaze[i]}}`,
];

function draw(panel: GazePanel): Panel {
  const op = 'gazeSvg';
  expectNames(op, panel, { image: 0, boxes: 0, patches: 0, title: 0 });
  const image = greysOf(op, 'image', panel.image);
  isList(op, 'boxes', panel.boxes);
  const boxes = panel.boxes.map((step) => numbersOf(op, 'boxes', step, 4));
  const scale = SIDE / Math.max(image.length, (image[0] as number[]).length);
  const middles = boxes.flatMap(([box]) => {
    const [left = 0, top = 0, width = 0, height = 0] = box ?? [];
    return box ? [[round((left + width / 2) * scale), round((top + height / 2) * scale)] as const] : [];
  });
  const { patches = [] } = panel;
  isList(op, 'patches', patches);
  const most = Math.max(0, ...patches.map(({ length }) => length));
  const seen = patches.flatMap((step, t) =>
    step.map((patch, i) => {
      const rows = greysOf(op, 'patches', patch);
      const place = `translate(${t * (PATCH + GAP)} ${SIDE + GAP + i * (PATCH + GAP)})`;
      return `<g transform="${place}">${picture(rows, PATCH / Math.max(rows.length, (rows[0] as number[]).length))}</g>`;
    }),
  );
  const svg = [
    picture(image, scale),
    ...boxes.flatMap((step, t) =>
      step.map((box, i) => boxOf(i === 0 ? 'box' : 'box wide', box, image, scale).replace('/>', `><title>look ${t + 1}</title></rect>`)),
    ),
    `<polyline class="path" points="${middles.map(([x, y]) => `${x},${y}`).join(' ')}"/>`,
    ...middles.map(([x, y], t) => `<circle class="dot" cx="${x}" cy="${y}" r="${t === 0 ? 5 : 3}"><title>look ${t + 1}</title></circle>`),
    ...seen,
  ];
  const width = Math.max(SIDE, patches.length * (PATCH + GAP) - GAP);
  return { title: panel.title ?? '', svg: svg.join('\n'), width, height: SIDE + most * (PATCH + GAP) };
}

const optionRules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws how a model looked at images: the boxes of each step, those of wider scales thinner, the path of their middles from the large dot on,
 * and beneath what it saw, from the first step to the last. `columns` panels per row (default: as square as possible). The SVG works alone or
 * inside a page; its styles affect no other element of the page.
 */
export function gazeSvg(panels: readonly GazePanel[], options: { columns?: number | undefined; theme?: Theme | undefined } = {}): string {
  expectOptions('gazeSvg', options, optionRules);
  isList('gazeSvg', 'panels', panels);
  const common = [
    '.box,.path{fill:none;stroke-width:2}',
    '.wide{stroke-width:1;stroke-dasharray:2 3;stroke-opacity:.6}',
    '.path{stroke-linejoin:round;stroke-opacity:.7}',
  ];
  return framed('gaze', panels.map(draw), { ...options, name: 'Looks' }, { common, light: rules(0), dark: rules(1) });
}
