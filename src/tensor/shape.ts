import { shown } from './check.ts';

/** The length of each axis, outermost first; `[]` is one number. */
export type Shape = readonly number[];

/** The number of elements of a shape, or of its axes from `start` to before `end`. */
export function sizeOf(shape: Shape, start = 0, end = shape.length): number {
  let size = 1;
  for (let axis = start; axis < end; axis++) size *= shape[axis] as number;
  return size;
}

/** Whether two shapes are equal; broadcasting does not count. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Throws unless `shape` is a list of lengths of at least `least`. */
export function expectShape(op: string, shape: Shape, least = 0): void {
  let fits = Array.isArray(shape);
  for (let axis = 0; fits && axis < shape.length; axis++) fits = Number.isSafeInteger(shape[axis]) && (shape[axis] as number) >= least;
  if (!fits) throw new RangeError(`${op}: shape must be an array of whole numbers from ${least}, got ${shown(shape)}`);
}

/** The number of elements of a caller's shape, checked. One loop and no object, since every op calls it. */
export function checkedSize(op: string, shape: Shape): number {
  let fits = Array.isArray(shape);
  let size = 1;
  for (let axis = 0; fits && axis < shape.length; axis++) {
    const length = shape[axis] as number;
    fits = Number.isSafeInteger(length) && length >= 0;
    size *= length;
  }
  if (!fits) expectShape(op, shape); // says why
  return size;
}

/** Formats a shape for messages: `[2, 3]`. */
export function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Resolves an axis; a negative one counts from the end. An axis that does not exist is an error. */
export function axisOf(op: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) {
    throw new RangeError(`${op}: axis must be in [${-rank}, ${rank}), got ${axis}`);
  }
  return at;
}

/** The lengths before, of and after an axis, as kernels take them. */
export function around(shape: Shape, at: number): [outer: number, n: number, inner: number] {
  return [sizeOf(shape, 0, at), shape[at] as number, sizeOf(shape, at + 1)];
}

/** The shape both operands broadcast to, by NumPy's rule (axes aligned at the end; a length of 1 stretches). */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const p = a[axis - rank + a.length] ?? 1;
    const q = b[axis - rank + b.length] ?? 1;
    if (p !== q && p !== 1 && q !== 1) {
      throw new RangeError(`${op}: shapes must broadcast, got ${show(a)} and ${show(b)}`);
    }
    shape[axis] = p === 1 ? q : p;
  }
  return shape;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** Strides that read an operand of `shape` as if it had `target`'s: 0 along each stretched axis. */
export function stretchedStrides(shape: Shape, target: Shape): number[] {
  const strides = new Array<number>(target.length).fill(0);
  const missing = target.length - shape.length;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] as number;
    if (length !== 1) strides[axis + missing] = stride;
    stride *= length;
  }
  return strides;
}

/** A loop nest over several operands: `lengths` per axis, and for each operand its `strides` per axis. */
export interface Nest {
  lengths: number[];
  strides: number[][];
}

/** The same walk with as few axes as possible: axes of length 1 are dropped, and neighbouring axes merge where every operand steps through them evenly. */
export function collapse(shape: Shape, strides: readonly (readonly number[])[]): Nest {
  const lengths: number[] = [];
  const kept: number[][] = strides.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis] as number;
    if (length === 1) continue;
    const last = lengths.length - 1;
    let joins = last >= 0;
    for (let i = 0; joins && i < strides.length; i++) joins = kept[i]?.[last] === (strides[i]?.[axis] as number) * length;
    const at = joins ? last : last + 1;
    lengths[at] = joins ? (lengths[last] as number) * length : length;
    for (let i = 0; i < strides.length; i++) (kept[i] as number[])[at] = strides[i]?.[axis] as number;
  }
  return { lengths, strides: kept };
}

/** The lengths or one operand's strides of a four-axis loop, as a kernel takes them. */
export type Four = [number, number, number, number];

/** The last `count` values, with as many fillers in front as are missing. */
function lastOf(values: readonly number[], count: number, filler: number): number[] {
  const last = new Array<number>(count).fill(filler);
  for (let i = 1; i <= Math.min(count, values.length); i++) last[count - i] = values[values.length - i] as number;
  return last;
}

/**
 * Calls a kernel that has loops over the `axes` innermost axes over a nest of any rank: `call(lengths, offsets, strides)`, once where these axes are
 * enough, else once for each index of the outer ones, with every operand's offset in elements.
 */
export function eachInner<Inner extends number[], Offsets extends number[]>(
  axes: Inner['length'],
  { lengths, strides }: Nest,
  call: (lengths: Inner, offsets: Offsets, strides: { [K in keyof Offsets]: Inner }) => void,
): void {
  const outer = Math.max(0, lengths.length - axes);
  const innerLengths = lastOf(lengths, axes, 1) as Inner;
  const innerStrides = strides.map((stride) => lastOf(stride, axes, lengths.length === 0 ? 1 : 0)) as { [K in keyof Offsets]: Inner };
  const visit = (axis: number, offsets: number[]): void => {
    if (axis === outer) {
      call(innerLengths, offsets as Offsets, innerStrides);
      return;
    }
    for (let i = 0; i < (lengths[axis] as number); i++) {
      visit(
        axis + 1,
        offsets.map((offset, k) => offset + i * (strides[k]?.[axis] as number)),
      );
    }
  };
  visit(0, new Array<number>(strides.length).fill(0));
}
