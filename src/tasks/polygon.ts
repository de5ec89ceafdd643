// Points in the plane, x and y in turn: `[x₀, y₀, x₁, y₁, …]`. Polygons and tours are lists of their indices.
//
// Areas and turns are exact in float64 for coordinates that are multiples of 2⁻²⁴ in [0, 1], as `uniform` draws them.

import { firstWrong, isList, shown } from '../tensor/check.ts';

/** Coordinates, x and y in turn. */
export type Points = ArrayLike<number>;

const x = (points: Points, i: number) => points[2 * i] as number;
const y = (points: Points, i: number) => points[2 * i + 1] as number;

/** Twice the signed area of the triangle a b c: above 0 where it turns left. */
function turn(points: Points, a: number, b: number, c: number): number {
  const [ax, ay] = [x(points, a), y(points, a)];
  return (x(points, b) - ax) * (y(points, c) - ay) - (y(points, b) - ay) * (x(points, c) - ax);
}

/** Checks points and returns their number. */
export function expectPoints(op: string, points: Points): number {
  isList(op, 'points', points);
  if (points.length % 2 !== 0) throw new RangeError(`${op}: points must be x and y in turn, got ${points.length} numbers`);
  const wrong = firstWrong(points, Number.isFinite);
  if (wrong.length > 0) throw new RangeError(`${op}: points must be finite numbers, got ${shown(wrong[0])}`);
  return points.length / 2;
}

/** Checks points and a list of their indices. */
function expectIndices(op: string, points: Points, indices: readonly number[]): void {
  const count = expectPoints(op, points);
  isList(op, 'indices', indices);
  const wrong = firstWrong(indices, (i) => Number.isInteger(i) && i >= 0 && i < count);
  if (wrong.length > 0) throw new RangeError(`${op}: indices must be in [0, ${count}), got ${shown(wrong[0])}`);
}

/**
 * The corners of the convex hull, counter-clockwise from the one with the lowest index: the order that pointer networks learn (Vinyals et al.
 * 2015, §2.3 and §4.2). Points on an edge are not corners; of equal points the first counts. Andrew's monotone chain (1979).
 */
export function convexHull(points: Points): number[] {
  const count = expectPoints('convexHull', points);
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => x(points, a) - x(points, b) || y(points, a) - y(points, b) || a - b,
  );
  const apart = order.filter((b, i) => {
    const a = order[i - 1];
    return a === undefined || x(points, a) !== x(points, b) || y(points, a) !== y(points, b);
  });
  if (apart.length < 3) return apart.sort((a, b) => a - b);
  const chain = (list: number[]): number[] => {
    const kept: number[] = [];
    for (const c of list) {
      while (kept.length > 1 && !(turn(points, kept.at(-2) as number, kept.at(-1) as number, c) > 0)) kept.pop();
      kept.push(c);
    }
    return kept.slice(0, -1); // the last one starts the other chain
  };
  const hull = [...chain(apart), ...chain(apart.toReversed())];
  const first = hull.indexOf(hull.reduce((a, b) => Math.min(a, b)));
  return [...hull.slice(first), ...hull.slice(0, first)];
}

/** The area that a polygon encloses, above 0 where it runs counter-clockwise (the shoelace formula); meaningful for a simple one. */
export function polygonArea(points: Points, polygon: readonly number[]): number {
  expectIndices('polygonArea', points, polygon);
  const first = polygon[0];
  if (first === undefined) return 0;
  let twice = 0;
  for (let i = 1; i + 1 < polygon.length; i++) twice += turn(points, first, polygon[i] as number, polygon[i + 1] as number);
  return twice / 2;
}

/** Whether the segments a b and c d have a point in common. */
function meet(points: Points, a: number, b: number, c: number, d: number): boolean {
  const [abc, abd, cda, cdb] = [turn(points, a, b, c), turn(points, a, b, d), turn(points, c, d, a), turn(points, c, d, b)];
  if (Math.sign(abc) * Math.sign(abd) < 0 && Math.sign(cda) * Math.sign(cdb) < 0) return true;
  const within = (p: number, q: number, r: number) =>
    Math.min(x(points, p), x(points, q)) <= x(points, r) &&
    x(points, r) <= Math.max(x(points, p), x(points, q)) &&
    Math.min(y(points, p), y(points, q)) <= y(points, r) &&
    y(points, r) <= Math.max(y(points, p), y(points, q));
  return (
    (abc === 0 && within(a, b, c)) || (abd === 0 && within(a, b, d)) || (cda === 0 && within(c, d, a)) || (cdb === 0 && within(c, d, b))
  );
}

/** Whether a polygon of at least three corners neither touches nor crosses itself. */
export function isSimplePolygon(points: Points, polygon: readonly number[]): boolean {
  expectIndices('isSimplePolygon', points, polygon);
  const n = polygon.length;
  if (n < 3) return false;
  const corner = (i: number) => polygon[i % n] as number;
  for (let i = 0; i < n; i++) {
    const [a, b, c] = [corner(i), corner(i + 1), corner(i + 2)];
    // Neighbouring edges share only b; they must not fold back onto each other.
    const back =
      turn(points, a, b, c) === 0 &&
      (x(points, a) - x(points, b)) * (x(points, c) - x(points, b)) + (y(points, a) - y(points, b)) * (y(points, c) - y(points, b)) >= 0;
    if (back) return false;
    for (let j = i + 2; j < n; j++) {
      if ((j + 1) % n !== i && meet(points, a, b, corner(j), corner(j + 1))) return false;
    }
  }
  return true;
}

/** The distance between two points. */
export function distance(points: Points, a: number, b: number): number {
  expectIndices('distance', points, [a, b]);
  return between(points, a, b);
}

function between(points: Points, a: number, b: number): number {
  const [dx, dy] = [x(points, a) - x(points, b), y(points, a) - y(points, b)];
  return Math.sqrt(dx * dx + dy * dy);
}

/** The length of a tour, back to its start. */
export function tourLength(points: Points, tour: readonly number[]): number {
  expectIndices('tourLength', points, tour);
  return tour.reduce((sum, b, i) => sum + between(points, tour.at(i - 1) as number, b), 0);
}
