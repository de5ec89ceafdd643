// Grey pictures and boxes over them, as SVG: a path for each of sixteen greys, so that pictures follow the theme and need no other file.

import { firstWrong, isList, shown } from '../tensor/check.ts';
import { show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { round } from './xml.ts';

/** A picture, `[height, width]` from 0, empty, to 1, full: a tensor or a list of rows. Axes of 1 before may be there. */
export type GreyImage = Tensor | readonly ArrayLike<number>[];

/** Number of greys. */
const GREYS = 16;

/** Rows of a picture, checked. */
export function greysOf(op: string, name: string, image: GreyImage): number[][] {
  if (!(image instanceof Tensor)) isList(op, name, image);
  const rows = image instanceof Tensor ? rowsOf(op, name, image) : image.map((row) => listed(op, name, row));
  const wide = rows[0]?.length;
  if (!wide || rows.some(({ length }) => length !== wide))
    throw new RangeError(`${op}: ${name} must be rows of one length, at least one, got ${rows.map(({ length }) => length).join(', ')}`);
  const wrong = firstWrong(rows.flat(), (value) => value >= -1e-4 && value <= 1 + 1e-4);
  if (wrong.length > 0) throw new RangeError(`${op}: ${name} must be from 0 to 1, got ${shown(wrong[0])}`);
  return rows;
}

function listed(op: string, name: string, row: ArrayLike<number>): number[] {
  isList(op, `rows of ${name}`, row);
  return Array.from(row);
}

function rowsOf(op: string, name: string, image: Tensor): number[][] {
  const [height, width] = image.shape.slice(-2);
  if (height === undefined || width === undefined || image.shape.slice(0, -2).some((n) => n !== 1))
    throw new RangeError(`${op}: ${name} must be [height, width], got ${show(image.shape)}`);
  const values = image.peek();
  return Array.from({ length: height }, (_, y) => Array.from(values.subarray(y * width, (y + 1) * width)));
}

/** Numbers in rows: a tensor `[rows, columns]`, or lists. */
export function numbersOf(op: string, name: string, rows: Tensor | readonly ArrayLike<number>[], columns: number): number[][] {
  if (!(rows instanceof Tensor)) isList(op, name, rows);
  const lists = rows instanceof Tensor ? rowsOf(op, name, rows) : rows.map((row) => listed(op, name, row));
  const wrong = lists.find((row) => row.length !== columns || !row.every(Number.isFinite));
  if (wrong) throw new RangeError(`${op}: ${name} must be lists of ${columns} finite numbers, got ${shown(wrong)}`);
  return lists;
}

/** A picture of squares of `scale` units, from the origin: runs of one grey in a row are one rectangle. Empty pixels are left out. */
export function picture(rows: readonly (readonly number[])[], scale: number): string {
  const paths = new Array<string>(GREYS).fill('');
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; ) {
      const grey = greyOf(row[x] as number);
      let end = x + 1;
      while (end < row.length && greyOf(row[end] as number) === grey) end++;
      if (grey > 0)
        paths[grey] += `M${round(x * scale)} ${round(y * scale)}h${round((end - x) * scale)}v${round(scale)}H${round(x * scale)}z`;
      x = end;
    }
  });
  const [width, height] = [round((rows[0]?.length ?? 0) * scale), round(rows.length * scale)];
  const drawn = paths.flatMap((d, grey) => (d ? `<path class="g${grey}" d="${d}"/>` : []));
  return `<g shape-rendering="crispEdges"><rect class="g0" width="${width}" height="${height}"/>${drawn.join('')}</g>`;
}

const greyOf = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * (GREYS - 1));

/** How far beyond a picture's border a box is still drawn, in units. */
const BEYOND = 4;

/** A box of left, top, width and height in pixels over a picture of that scale, cut a little beyond its border. */
export function boxOf(kind: string, box: readonly number[], rows: readonly (readonly number[])[], scale: number): string {
  const [left = 0, top = 0, width = 0, height = 0] = box.map((value) => value * scale);
  const cut = (value: number, length: number) => Math.min(length * scale + BEYOND, Math.max(-BEYOND, value));
  const columns = rows[0]?.length ?? 0;
  const [x, y] = [cut(left, columns), cut(top, rows.length)];
  const [right, bottom] = [cut(left + width, columns), cut(top + height, rows.length)];
  return `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(right - x)}" height="${round(bottom - y)}"/>`;
}

/** Rules that fill the greys between an empty and a full colour, as `#rrggbb`. */
export function greyRules(empty: string, full: string): string[] {
  const channel = (color: string, k: number) => Number.parseInt(color.slice(1 + 2 * k, 3 + 2 * k), 16);
  return Array.from({ length: GREYS }, (_, grey) => {
    const mixed = [0, 1, 2].map((k) => Math.round(channel(empty, k) + ((channel(full, k) - channel(empty, k)) * grey) / (GREYS - 1)));
    return `.g${grey}{fill:#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}}`;
  });
}
