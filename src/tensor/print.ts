import type { DType, View } from '../runtime/backend.ts';
import type { Storage } from '../runtime/storage.ts';
import { type Shape, show, sizeOf } from './shape.ts';

/** Elements in nested arrays, one level an axis; one number for the shape `[]`. */
export type NestedValues = number | boolean | NestedValues[];

/** What printing needs of a tensor. */
interface Printable {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
  readonly offset: number;
  readonly size: number;
}

/** The elements of `view` in nested arrays of the tensor's shape. */
export function nested({ shape, dtype }: Printable, view: View): NestedValues {
  const level = (axis: number, from: number, size: number): NestedValues => {
    if (axis === shape.length) return dtype === 'bool' ? view[from] !== 0 : (view[from] as number);
    const n = shape[axis] as number;
    return Array.from({ length: n }, (_, i) => level(axis + 1, from + (i * size) / n, size / n));
  };
  return level(0, 0, sizeOf(shape));
}

/** Above so many elements, those in the middle of each axis are left out. */
const MANY = 1000;

/** `Tensor(float32 [2, 3])` and the values, a line a row. Says so where they are gone; it never fails, not even for another backend's. */
export function printed({ shape, dtype, storage, offset, size }: Printable): string {
  const head = `Tensor(${dtype} ${show(shape)})`;
  if (!storage.live) return `${head}: freed when its scope ended`;
  const edge = [3, 2, 1].find((n) => sizeOf(shape.map((length) => Math.min(length, 2 * n))) <= 10 * MANY);
  if (size > MANY && edge === undefined) return head; // a line for each of too many rows
  const { view, unit } = storage.backend;
  const values = view(storage.at + offset * unit, size, dtype);
  const words = new Map<number, string>();
  const write = (each: (at: number) => string) => brackets(shape, 0, 0, size > MANY ? (edge as number) : size, each);
  write((at) => words.set(at, word(values[at] as number, dtype)) && '');
  let width = 0;
  for (const text of words.values()) width = Math.max(width, text.length);
  return `${head}${shape.length > 1 ? '\n' : ' '}${write((at) => (words.get(at) as string).padStart(width))}`;
}

/** The elements from `at` in brackets, `edge` of them at either end of an axis, as `each` writes them. */
function brackets(shape: Shape, axis: number, at: number, edge: number, each: (at: number) => string): string {
  if (axis === shape.length) return each(at);
  const n = shape[axis] as number;
  const parts: string[] = [];
  for (let i = 0; i < n; i++) {
    if (i === edge && n > 2 * edge) {
      parts.push('…');
      i = n - edge;
    }
    parts.push(brackets(shape, axis + 1, at * n + i, edge, each));
  }
  const deeper = shape.length - 1 - axis;
  return `[${parts.join(deeper === 0 ? ', ' : `,${'\n'.repeat(deeper)}${' '.repeat(axis + 1)}`)}]`;
}

/** The fewest digits that give this very value back. */
function word(value: number, dtype: DType): string {
  if (dtype === 'bool') return String(value !== 0);
  if (Object.is(value, -0)) return '-0';
  for (let digits = 6; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}
