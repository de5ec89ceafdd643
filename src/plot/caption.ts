import { expectNames, expectOptions, isList, isSize, maybe } from '../tensor/check.ts';
import { framed, type Panel } from './frame.ts';
import { type GreyImage, greyRules, greysOf, picture } from './pixels.ts';
import { isTheme, type Theme } from './theme.ts';
import { escaped, round } from './xml.ts';

/** An image, and where each word of its caption looked. */
export interface CaptionPanel {
  /** What was described. */
  image: GreyImage;
  /** The caption, one entry a word. */
  words: readonly string[];
  /** Of each word the weights over the image, in rows of cells from the top: they are drawn over it. */
  maps: readonly GreyImage[];
  /** A line above the picture. */
  title?: string | undefined;
}

const SIDE = 92;
const GAP = 8;
const LINE = 20;
/** Words beside each other. */
const ROW = 6;

/** On light and on dark ground; what attention lies on stands out by its colour and by its opacity. */
const COLORS = { empty: ['#f2f5f6', '#1b2129'], full: ['#3a4650', '#b9c4cc'], look: ['#d0380f', '#ff8a5c'] } as const;

const rules = (i: 0 | 1) => [...greyRules(COLORS.empty[i], COLORS.full[i]), `.look{fill:${COLORS.look[i]}}`];

/** The image under the weights of a word: the largest weight is half opaque. */
function looked(image: readonly (readonly number[])[], map: readonly (readonly number[])[]): string {
  const scale = SIDE / Math.max(image.length, (image[0] as readonly number[]).length);
  const [height, width] = [image.length * scale, (image[0] as readonly number[]).length * scale];
  const [rows, columns] = [map.length, (map[0] as readonly number[]).length];
  const most = Math.max(...map.flat(), 1e-6);
  const cells = map.flatMap((row, i) =>
    row.flatMap((weight, j) => {
      const opacity = round((0.6 * weight) / most);
      if (opacity === 0) return [];
      const place = `x="${round((j * width) / columns)}" y="${round((i * height) / rows)}"`;
      const tip = `<title>${weight.toFixed(3)}</title>`;
      return `<rect class="look" ${place} width="${round(width / columns)}" height="${round(height / rows)}" fill-opacity="${opacity}">${tip}</rect>`;
    }),
  );
  return [picture(image as number[][], scale), ...cells].join('\n');
}

function draw(panel: CaptionPanel): Panel {
  const op = 'captionSvg';
  expectNames(op, panel, { image: 0, words: 0, maps: 0, title: 0 });
  const image = greysOf(op, 'image', panel.image);
  isList(op, 'words', panel.words);
  isList(op, 'maps', panel.maps);
  if (panel.words.length !== panel.maps.length)
    throw new RangeError(`${op}: maps must be one for each word, got ${panel.maps.length} for ${panel.words.length} words`);
  const parts = panel.words.map((word, t) => {
    const place = `translate(${(t % ROW) * (SIDE + GAP)} ${Math.floor(t / ROW) * (SIDE + LINE + GAP)})`;
    const text = `<text class="word" x="${SIDE / 2}" y="${SIDE + 14}" text-anchor="middle">${escaped(word)}</text>`;
    return `<g transform="${place}">${looked(image, greysOf(op, 'maps', panel.maps[t] as GreyImage))}\n${text}</g>`;
  });
  const [across, down] = [Math.min(ROW, panel.words.length), Math.ceil(panel.words.length / ROW)];
  const width = Math.max(0, across * (SIDE + GAP) - GAP);
  return { title: panel.title ?? '', svg: parts.join('\n'), width, height: Math.max(0, down * (SIDE + LINE + GAP) - GAP) };
}

const optionRules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws where each word of captions looked: the image once for each word, under that word's weights. `columns` panels per row (default: as
 * square as possible). The SVG works alone or inside a page; its styles affect no other element of the page.
 */
export function captionSvg(
  panels: readonly CaptionPanel[],
  options: { columns?: number | undefined; theme?: Theme | undefined } = {},
): string {
  expectOptions('captionSvg', options, optionRules);
  isList('captionSvg', 'panels', panels);
  const common = ['.word{font-size:13px}'];
  return framed('caption', panels.map(draw), { ...options, name: 'Captions' }, { common, light: rules(0), dark: rules(1) });
}
