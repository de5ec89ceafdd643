// Arrays of the interpreter's numbers: a shape and its elements in row-major order, accessed by index.
import type { Node } from './interpreter.ts';

export type Shape = readonly number[];
export type Index = readonly number[];

export interface Plain {
  readonly shape: Shape;
  readonly nodes: readonly Node[];
}

export const sizeOf = (shape: Shape) => shape.reduce((size, length) => size * length, 1);

const known = new Map<string, readonly Index[]>();

/** Every index of a shape, in order. The lists of small shapes are kept: programs ask for the same ones again and again. */
export function indices(shape: Shape): readonly Index[] {
  const name = shape.join();
  const before = known.get(name);
  if (before) return before;
  let all: number[][] = [[]];
  for (const length of shape) all = all.flatMap((index) => Array.from({ length }, (_, i) => [...index, i]));
  if (all.length <= 64) known.set(name, all);
  return all;
}

export const make = (shape: Shape, f: (index: Index) => Node): Plain => ({ shape, nodes: indices(shape).map(f) });

/** The element at an index; axes align at the end, and a length of 1 broadcasts. */
export function get({ shape, nodes }: Plain, index: Index): Node {
  let at = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis] as number;
    at = at * length + (length === 1 ? 0 : (index[index.length - shape.length + axis] as number));
  }
  return nodes[at] as Node;
}

export const map = (x: Plain, f: (x: Node) => Node): Plain => ({ shape: x.shape, nodes: x.nodes.map(f) });

/** The shape to which all broadcast, if there is one. */
export function broadcast(...shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const out: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const lengths = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((length) => length !== 1);
    if (lengths.some((length) => length !== lengths[0])) return undefined;
    out.push(lengths[0] ?? 1);
  }
  return out;
}

export const agree = (a: Shape, b: Shape) => a.length === b.length && a.every((length, axis) => length === b[axis]);

/** A shape without one axis, and with an axis put in. */
export const without = (shape: Shape, axis: number): Shape => shape.filter((_, i) => i !== axis);
export const withAxis = (shape: Shape, axis: number, length: number): Shape => [...shape.slice(0, axis), length, ...shape.slice(axis)];

/** Replaces each row along an axis by another of the same length: `f` of its elements, and of the index without the axis. */
export function alongAxis(x: Plain, axis: number, f: (row: Node[], rest: Index) => readonly Node[]): Plain {
  const [count, inner] = [x.shape[axis] as number, sizeOf(x.shape.slice(axis + 1))];
  const rows = indices(without(x.shape, axis)).map((rest, r) => {
    const first = Math.floor(r / inner) * inner * count + (r % inner);
    return f(
      Array.from({ length: count }, (_, k) => x.nodes[first + k * inner] as Node),
      rest,
    );
  });
  const length = rows[0]?.length ?? count;
  const shape = withAxis(without(x.shape, axis), axis, length);
  const nodes = Array.from({ length: sizeOf(shape) }, (_, at) => {
    const outer = Math.floor(at / (inner * length));
    return (rows[outer * inner + (at % inner)] as readonly Node[])[Math.floor(at / inner) % length] as Node;
  });
  return { shape, nodes };
}

/** Replaces each row along an axis by one number. */
export const reduceAxis = (x: Plain, axis: number, f: (row: Node[], rest: Index) => Node): Plain =>
  make(without(x.shape, axis), (rest) =>
    f(
      Array.from({ length: x.shape[axis] as number }, (_, k) => get(x, withAxis(rest, axis, k))),
      rest,
    ),
  );
