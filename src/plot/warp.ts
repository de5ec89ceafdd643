import { expectNames, expectOptions, isList, isSize, maybe } from '../tensor/check.ts';
import { framed, type Panel } from './frame.ts';
import { type GreyImage, greyRules, greysOf, picture } from './pixels.ts';
import { isTheme, type Theme } from './theme.ts';
import { round } from './xml.ts';

/** An image, and the view that was taken of it. */
export interface WarpPanel {
  /** What was looked at. */
  image: GreyImage;
  /** What was seen: the warped view, drawn beside the image. */
  view: GreyImage;
  /** Where the view's corners were sampled, x and y in pixels of the image, in the order of a walk round it. */
  corners: readonly (readonly [x: number, y: number])[];
  /** A line above the picture. */
  title?: string | undefined;
}

const SIDE = 200;
const VIEW = 120;
const GAP = 10;

/** On light and on dark ground, with a contrast of at least 3 to both the ground and the ink of pictures. */
const COLORS = { empty: ['#f2f5f6', '#1b2129'], full: ['#3a4650', '#b9c4cc'], outline: ['#d0380f', '#ff8a5c'] } as const;

const rules = (i: 0 | 1) => [
  ...greyRules(COLORS.empty[i], COLORS.full[i]),
  `.outline{stroke:${COLORS.outline[i]}}`,
  `.first{fill:${COLORS.outline[i]}}`,
];

const longest = (rows: readonly (readonly number[])[]) => Math.max(rows.length, (rows[0] as readonly number[]).length);

function draw(panel: WarpPanel): Panel {
  const op = 'warpSvg';
  expectNames(op, panel, { image: 0, view: 0, corners: 0, title: 0 });
  const [image, view] = [greysOf(op, 'image', panel.image), greysOf(op, 'view', panel.view)];
  isList(op, 'corners', panel.corners);
  const scale = SIDE / longest(image);
  const corners = panel.corners.map((corner) => {
    isList(op, 'corners', corner);
    if (corner.length !== 2 || !corner.every(Number.isFinite)) throw new RangeError(`${op}: corners must be [x, y] each, got ${corner}`);
    return corner.map((x) => round(x * scale)).join(',');
  });
  const [x, y] = (corners[0] ?? '0,0').split(',');
  // An outline may go beyond the image, where there is nothing to see.
  const svg = [
    picture(image, scale),
    `<svg width="${SIDE}" height="${SIDE}"><polygon class="outline" points="${corners.join(' ')}"/><circle class="first" cx="${x}" cy="${y}" r="4"/></svg>`,
    `<g transform="translate(${SIDE + GAP} ${(SIDE - VIEW) / 2})">${picture(view, VIEW / longest(view))}</g>`,
  ];
  return { title: panel.title ?? '', svg: svg.join('\n'), width: SIDE + GAP + VIEW, height: SIDE };
}

const optionRules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws views beside the images they were taken of: the outline of what was sampled, a dot at the view's first pixel, and the view. `columns`
 * panels per row (default: as square as possible). The SVG works alone or inside a page; its styles affect no other element of the page.
 */
export function warpSvg(panels: readonly WarpPanel[], options: { columns?: number | undefined; theme?: Theme | undefined } = {}): string {
  expectOptions('warpSvg', options, optionRules);
  isList('warpSvg', 'panels', panels);
  const common = ['.outline{fill:none;stroke-width:2;stroke-linejoin:round}'];
  return framed('warp', panels.map(draw), { ...options, name: 'Warped views' }, { common, light: rules(0), dark: rules(1) });
}
