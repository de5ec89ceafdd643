import type { DType, View } from '../runtime/backend.ts';
import type { Storage } from '../runtime/storage.ts';
import { type Shape, show } from './shape.ts';

/** Elements in nested arrays, one level per axis; a plain number for the shape `[]`. */
export type NestedValues = number | boolean | NestedValues[];

/** The part of a tensor that printing needs. */
interface Printable {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
  readonly offset: number;
  readonly size: number;
}

/** Folds the axes from `axis` on: `leaf` formats an element, `join` an axis. A longer axis shows only `edge` places at either end, with `gap` between. */
function levels<T>(
  shape: Shape,
  edge: number,
  leaf: (at: number) => T,
  join: (parts: T[], axis: number) => T,
  gap: T,
  axis = 0,
  at = 0,
): T {
  const n = shape[axis];
  if (n === undefined) return leaf(at);
  const parts: T[] = [];
  for (let i = 0; i < n; i++) {
    if (i === edge && n > 2 * edge) {
      parts.push(gap);
      i = n - edge;
    }
    parts.push(levels(shape, edge, leaf, join, gap, axis + 1, at * n + i));
  }
  return join(parts, axis);
}

/** The elements of `view` in nested arrays of the tensor's shape. */
export function nested({ shape, dtype }: Printable, view: View): NestedValues {
  const value = (at: number): NestedValues => (dtype === 'bool' ? view[at] !== 0 : (view[at] as number));
  return levels(shape, Number.POSITIVE_INFINITY, value, (parts) => parts, 0);
}

/**
 * `Tensor(float32 [2, 3])` and the values, one line per row; beyond 1,000 values, only the ends of each axis. A freed tensor is reported as
 * such: printing never throws, not even for a tensor of another backend.
 */
export function printed({ shape, dtype, storage, offset, size }: Printable): string {
  const head = `Tensor(${dtype} ${show(shape)})`;
  if (!storage.live) return `${head}: freed when its scope ended`;
  const rank = shape.length;
  // An empty tensor may have very long axes before the empty one.
  const edge = size <= 1000 && shape.every((n) => n <= 1000) ? Number.POSITIVE_INFINITY : rank > 4 ? 1 : 3;
  const { view, unit } = storage.backend;
  const values = view(storage.at + offset * unit, size, dtype);
  let width = 0;
  const word = (at: number): string => {
    const text = wordOf(values[at] as number, dtype).padStart(width);
    width = Math.max(width, text.length); // after the first pass, the width of the longest
    return text;
  };
  const between = (axis: number): string => (axis === rank - 1 ? ', ' : `,${'\n'.repeat(rank - 1 - axis)}${' '.repeat(axis + 1)}`);
  const write = () => levels(shape, edge, word, (parts, axis) => `[${parts.join(between(axis))}]`, '…');
  write();
  return `${head}${rank > 1 ? '\n' : ' '}${write()}`;
}

/** The shortest decimal that reads back as exactly this value. */
function wordOf(value: number, dtype: DType): string {
  if (dtype === 'bool') return `${value !== 0}`;
  for (let digits = 6; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return `${short}`;
  }
  return `${value}`;
}
