// Canvases of a few digits, and captions that name them from left to right: what each word speaks of has a place that is known.
import { foldIn, type Key } from 'saccade';
import type { Pictures } from 'saccade/tasks';
import { randomInt } from 'saccade/tensor';

const ROWS = ['high', 'mid', 'low'] as const;
const NAMES = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;

/** All words: padding and the start, which are never written, the end, and those of captions. */
export const words: readonly string[] = ['', '', '.', ...ROWS, ...NAMES, 'then'];
export const END = words.indexOf('.');

/**
 * Sides of a canvas and of a digit's box, the gap that boxes keep along one axis, and the most digits. Boxes cannot be seen, only ink somewhere in
 * them, so tops keep `clear` pixels from where another row begins, and lefts from each other: nobody could tell closer ones apart.
 */
export interface Layout {
  side: number;
  box: number;
  apart: number;
  clear: number;
  most: number;
  /** Digits below this number. */
  kinds: number;
}

/** A digit on a canvas. */
export interface Placed {
  digit: number;
  top: number;
  left: number;
}

export interface Scene {
  /** From left to right. */
  digits: Placed[];
  /** Words as numbers, the end included. */
  caption: number[];
}

/** Draws places of boxes until all keep apart; after many tries with one fewer. */
function places(layout: Layout, count: number, below: (bound: number) => number): { top: number; left: number }[] {
  const { side, box, apart, clear } = layout;
  const range = Array.from({ length: side - box + 1 }, (_, i) => i);
  const tops = range.filter((top) => range.every((other) => Math.abs(top - other) >= clear || rowOf(layout, other) === rowOf(layout, top)));
  const clearOf = (a: { top: number; left: number }, b: { top: number; left: number }) => {
    const [down, across] = [Math.abs(a.top - b.top), Math.abs(a.left - b.left)];
    return across >= clear && (down >= apart || across >= apart);
  };
  for (let left = count; ; left--) {
    for (let attempt = 0; attempt < 40; attempt++) {
      const all = Array.from({ length: left }, () => ({ top: tops[below(tops.length)] as number, left: below(range.length) }));
      if (all.every((a, i) => all.slice(i + 1).every((b) => clearOf(a, b)))) return all;
    }
  }
}

/** The words of a row: thirds of where a box's top may be. */
const rowOf = ({ side, box }: Layout, top: number) => ROWS[Math.min(2, Math.floor((3 * top) / (side - box + 1)))] as string;

/** One scene for each number from 0 to `count`: its digits' pictures are drawn from `pictures`, its pixels written into `canvas`. */
export function scenes(key: Key, pictures: Pictures, layout: Layout, count: number, canvas: Uint8Array): Scene[] {
  const { side, box, most, kinds } = layout;
  const usable = Int32Array.from(Array.from(pictures.labels).flatMap((label, i) => (label < kinds ? [i] : [])));
  canvas.fill(0);
  return Array.from({ length: count }, (_, b) => {
    const own = foldIn(key, b);
    let draws = 0;
    const below = (bound: number) => randomInt(own, draws++, bound);
    const digits = places(layout, 1 + below(most), below).map((at): Placed & { from: number } => {
      const from = usable[below(usable.length)] as number;
      return { ...at, from, digit: pictures.labels[from] as number };
    });
    for (const { top, left, from } of digits) {
      // The centre of the picture.
      const [dy, dx] = [(pictures.height - box) >> 1, (pictures.width - box) >> 1];
      for (let i = 0; i < box; i++) {
        for (let j = 0; j < box; j++) {
          const ink = pictures.pixels[(from * pictures.height + i + dy) * pictures.width + j + dx] as number;
          const at = (b * side + top + i) * side + left + j;
          canvas[at] = Math.min(255, (canvas[at] as number) + ink);
        }
      }
    }
    digits.sort((a, b) => a.left - b.left || a.top - b.top);
    const said = digits.flatMap(({ top, digit }, i) => [...(i > 0 ? ['then'] : []), rowOf(layout, top), NAMES[digit] as string]);
    return { digits: digits.map(({ from: _, ...placed }) => placed), caption: [...said, '.'].map((word) => words.indexOf(word, 2)) };
  });
}

/** The digit that each word of a scene's caption names, −1 where it names none. */
export const named = ({ caption }: Scene): number[] => {
  let digit = -1;
  return caption.map((word) => (NAMES.includes(words[word] as never) ? ++digit : -1));
};

/** Whether a cell of a map of `cells` × `cells` overlaps the box of a digit. */
export function overlaps({ side, box }: Layout, cells: number, cell: number, { top, left }: Placed): boolean {
  const size = side / cells;
  const [y, x] = [Math.floor(cell / cells) * size, (cell % cells) * size];
  return y < top + box && y + size > top && x < left + box && x + size > left;
}
