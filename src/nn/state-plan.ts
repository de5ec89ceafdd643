// The destination of each tensor of one side of a StateMap on the other, from shapes alone.

import type { View } from '../runtime/backend.ts';
import { type Shape, show, stridesOf } from '../tensor/shape.ts';
import type { Line, Rule, Side } from './state-entry.ts';

/** The place of a tensor's elements in a tensor of the other side. */
export interface Place {
  /** The path of that tensor. */
  readonly path: string;
  /** Whether it is the whole of that tensor, element by element. */
  readonly whole: boolean;
  /** Only `[begin, end)` of this axis goes there. */
  readonly axis: number;
  /** Start on the axis. */
  readonly begin: number;
  /** End on the axis, exclusive. */
  readonly end: number;
  /** The element at index `i` goes to `offset + Σ strides · i`. */
  readonly offset: number;
  /** Elements between neighbours along each axis. */
  readonly strides: readonly number[];
}

/** The plan for a set of tensors. */
export interface Plan {
  /** By name; absent for names that are ignored or repeat others. */
  readonly places: ReadonlyMap<string, readonly Place[]>;
  /** The tensors to make, by path. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Names that repeat others. */
  readonly ties: ReadonlyMap<string, string>;
  /** Paths that repeat other paths. */
  readonly copies: ReadonlyMap<string, string>;
}

type Given = ReadonlyMap<string, { readonly shape: Shape }>;

/** Names to which one rule applies together. */
interface Group {
  readonly line: Line;
  readonly rule: Rule;
  readonly stars: readonly string[];
  readonly names: string[];
}

/** The first line that matches a name. */
export function lineOf(side: Side, name: string): { line: Line; place: number; stars: string[] } | undefined {
  for (const line of side)
    for (const [place, pattern] of line.from.entries()) {
      const stars = pattern.match(name);
      if (stars) return { line, place, stars };
    }
  return undefined;
}

/** Makes the plan for tensors of the side `from`. */
export function planOf(given: Given, from: Side, to: Side): Plan {
  const groups = new Map<string, Group>();
  const ties = new Map<string, string>();
  const unknown: string[] = [];
  for (const name of given.keys()) {
    const found = lineOf(from, name);
    if (!found) unknown.push(name);
    else if (found.line.tie) ties.set(name, found.line.tie.fill(found.stars));
    else if (found.line.rule) {
      const { line, place, stars } = found;
      const key = JSON.stringify([line.entry, ...stars]);
      const group = groups.get(key) ?? { line, rule: found.line.rule, stars, names: [] };
      group.names[place] = name;
      groups.set(key, group);
    }
  }
  if (unknown.length > 0) throw new Error(`StateMap: each name must match an entry, got ${listed(unknown)}`);
  for (const [name, other] of ties)
    if (!given.has(other)) throw new Error(`StateMap: ${name} must come with ${other}, which it repeats, got it alone`);
  const places = new Map<string, Place[]>();
  const shapes = new Map<string, Shape>();
  for (const group of groups.values()) placeGroup(group, given, to, places, shapes);
  return { places, shapes, ties, copies: copiesOf(shapes, to) };
}

const listed = (names: readonly string[]): string =>
  `${names.slice(0, 8).join(', ')}${names.length > 8 ? `, … ${names.length} in all` : ''}`;

function copiesOf(made: ReadonlyMap<string, Shape>, side: Side): Map<string, string> {
  const copies = new Map<string, string>();
  for (const path of made.keys())
    for (const { tie, from } of side) {
      const stars = tie?.match(path);
      if (stars) copies.set((from[0] as Line['from'][number]).fill(stars), path);
    }
  return copies;
}

function placeGroup(group: Group, given: Given, to: Side, places: Map<string, Place[]>, shapes: Map<string, Shape>): void {
  const { line, rule, stars, names } = group;
  const missing = rule.from.map((pattern) => pattern.fill(stars)).filter((_, i) => names[i] === undefined);
  if (missing.length > 0)
    throw new Error(`StateMap: ${names.filter(Boolean).join(', ')} must be joined with ${missing.join(', ')}, got no such name`);
  const paths = rule.to.map((pattern) => pattern.fill(stars));
  for (const [i, path] of paths.entries()) {
    const back = lineOf(to, path);
    const same = back?.line.entry === line.entry && back.place === i && JSON.stringify(back.stars) === JSON.stringify(stars);
    if (!same)
      throw new Error(`StateMap: entries must lead back from ${path} to ${names.join(', ')}, got ${back ? 'another entry' : 'none'} first`);
  }
  const parts = names.map((name) => permuted(name, (given.get(name) as { shape: Shape }).shape, rule.axes)); // in the other side's axis order
  const whole = wholeOf(names, parts, paths, rule);
  const ends = endsOf(whole[rule.axis] ?? 0, paths.length > 1 ? rule.shares : [1]);
  let at = 0; // start of this part in the whole
  for (const [i, name] of names.entries()) {
    const length = parts[i]?.[rule.axis] ?? 0;
    places.set(
      name,
      paths.map((path, k) => {
        const [begin, end] = [ends[k - 1] ?? 0, ends[k] as number];
        const shape = paths.length > 1 ? whole.with(rule.axis, end - begin) : whole;
        shapes.set(path, shape);
        const strides = stridesOf(shape);
        return {
          path,
          whole: names.length * paths.length === 1 && !rule.axes,
          axis: rule.axes?.[rule.axis] ?? rule.axis,
          begin: Math.max(0, begin - at),
          end: Math.min(length, end - at),
          offset: (at - begin) * (strides[rule.axis] ?? 0),
          strides: rule.axes ? strides.map((_, axis) => strides[(rule.axes as number[]).indexOf(axis)] as number) : strides,
        };
      }),
    );
    at += length;
  }
}

function permuted(name: string, shape: Shape, axes: readonly number[] | undefined): Shape {
  if (!axes) return shape;
  if (axes.length !== shape.length)
    throw new RangeError(`StateMap: ${name} must have ${axes.length} axes to be transposed, got ${show(shape)}`);
  return axes.map((axis) => shape[axis] as number);
}

/** The shape of all parts together, which must be cut in the proportions of the shares on either side. */
function wholeOf(names: readonly string[], parts: readonly Shape[], paths: readonly string[], { axis, shares }: Rule): number[] {
  const [first = []] = parts;
  if (names.length * paths.length === 1) return [...first];
  const total = parts.reduce((sum, shape) => sum + (shape[axis] ?? 0), 0);
  const all = shares.reduce((a, b) => a + b, 0);
  const fits = parts.every(
    (shape, i) =>
      axis < shape.length &&
      shape.every((length, j) => j === axis || length === first[j]) &&
      shape.length === first.length &&
      (names.length === 1 || (shape[axis] as number) * all === total * (shares[i] as number)),
  );
  if (fits && total % all === 0) return first.toSpliced(axis, 1, total);
  throw new RangeError(
    `StateMap: ${names.join(', ')} must be cut along axis ${axis} in shares of ${shares.join(' : ')}, got ${parts.map(show).join(' and ')}`,
  );
}

/** The end of each share of a length. */
function endsOf(length: number, shares: readonly number[]): number[] {
  const all = shares.reduce((a, b) => a + b, 0);
  let sum = 0;
  return shares.map((share) => {
    sum += share;
    return (length / all) * sum;
  });
}

/** Copies the elements of a tensor of `shape`, from the `at`-th on, to their places in another tensor. */
export function scatter(elements: View, at: number, shape: Shape, place: Place, into: View): void {
  if (elements instanceof Float32Array && into instanceof Float32Array) {
    scatter(bitsOf(elements), at, shape, place, bitsOf(into)); // a NaN keeps its payload
    return;
  }
  const { axis, begin, end, offset, strides } = place;
  const last = shape.length - 1;
  const width = shape[last] ?? 1;
  const step = strides[last] ?? 1;
  for (let done = 0; done < elements.length; ) {
    const column = (at + done) % width;
    const run = Math.min(width - column, elements.length - done);
    let row = Math.floor((at + done) / width);
    let base = offset;
    let [from, to] = axis === last ? [Math.max(column, begin), Math.min(column + run, end)] : [column, column + run];
    for (let i = last - 1; i >= 0; i--) {
      const index = row % (shape[i] as number);
      row = Math.floor(row / (shape[i] as number));
      base += index * (strides[i] as number);
      if (i === axis && (index < begin || index >= end)) to = from;
    }
    if (step === 1 && to > from) into.set(elements.subarray(done + from - column, done + to - column), base + from);
    else for (; from < to; from++) into[base + from * step] = elements[done + from - column] as number;
    done += run;
  }
}

const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Int32Array => new Int32Array(buffer, byteOffset, length);
