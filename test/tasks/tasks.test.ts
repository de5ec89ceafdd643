import { describe, expect, it } from 'vitest';
import { convexHull, isSimplePolygon, polygonArea, tourLength } from '../../src/tasks/polygon.ts';
import { hullProblems, reverseProblems, sortProblems, tourProblems } from '../../src/tasks/problems.ts';
import { heldKarp } from '../../src/tasks/tour.ts';
import { key, permutation, randomInt } from '../../src/tensor/random.ts';

/** Points with coordinates `0 … side − 1`: a small side makes many of them equal or in line. */
const grid = (seed: number, count: number, side: number) => Array.from({ length: 2 * count }, (_, i) => randomInt(key(seed), i, side));

/** By definition: a point is a corner where it lies in no triangle and on no segment of others, and is the first of its equals. */
function corners(points: number[]): number[] {
  const count = points.length / 2;
  const at = (i: number) => [points[2 * i] as number, points[2 * i + 1] as number] as const;
  const turn = (a: number, b: number, c: number) => {
    const [[ax, ay], [bx, by], [cx, cy]] = [at(a), at(b), at(c)];
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  };
  const same = (a: number, b: number) => at(a).join() === at(b).join();
  const indices = Array.from({ length: count }, (_, i) => i);
  const apart = indices.filter((i) => indices.findIndex((j) => same(i, j)) === i);
  return apart.filter((p) => {
    const others = apart.filter((i) => i !== p);
    for (const a of others) {
      for (const b of others) {
        const [[ax, ay], [bx, by], [px, py]] = [at(a), at(b), at(p)];
        if (a < b && turn(a, b, p) === 0 && (ax - px) * (bx - px) + (ay - py) * (by - py) < 0) return false;
        for (const c of others) {
          if (turn(a, b, c) > 0 && turn(a, b, p) > 0 && turn(b, c, p) > 0 && turn(c, a, p) > 0) return false;
        }
      }
    }
    return true;
  });
}

describe('convexHull', () => {
  it.each([
    ['in general position', 1000],
    ['often equal or in line', 4],
  ])('finds the corners that the definition does, for points %s', (_, side) => {
    for (let seed = 0; seed < 60; seed++) {
      const points = grid(seed, 3 + (seed % 7), side);
      const hull = convexHull(points);
      expect(
        hull.toSorted((a, b) => a - b),
        points.join(),
      ).toEqual(corners(points));
      expect(hull[0]).toBe(Math.min(...hull));
      if (hull.length < 3) continue;
      expect(isSimplePolygon(points, hull)).toBe(true);
      hull.forEach((b, i) => {
        const [a, c] = [hull.at(i - 1) as number, hull[(i + 1) % hull.length] as number];
        expect(polygonArea(points, [a, b, c])).toBeGreaterThan(0);
      });
    }
  });

  it('takes no, one and two points as they are', () => {
    expect([convexHull([]), convexHull([1, 2]), convexHull([1, 2, 0, 0]), convexHull([1, 2, 1, 2])]).toEqual([[], [0], [0, 1], [0]]);
    expect(() => convexHull([1, 2, 3])).toThrow('convexHull: points must be x and y in turn, got 3 numbers');
  });
});

describe('polygons', () => {
  const square = [0, 0, 1, 0, 1, 1, 0, 1, 0.5, 0.5];

  it('have the area of the shoelace formula, negative clockwise', () => {
    expect([polygonArea(square, [0, 1, 2, 3]), polygonArea(square, [3, 2, 1, 0]), polygonArea(square, [1, 2, 4])]).toEqual([1, -1, 0.25]);
    expect([polygonArea(square, []), polygonArea(square, [1]), polygonArea(square, [1, 2])]).toEqual([0, 0, 0]);
    expect(polygonArea(square, [0, 1, 4, 2, 3])).toBe(0.75);
  });

  it('are simple where they neither cross nor touch themselves', () => {
    const simple = (points: number[], polygon = points.slice(0, points.length / 2).map((_, i) => i)) => isSimplePolygon(points, polygon);
    expect(simple(square, [0, 1, 2, 3])).toBe(true);
    expect(simple(square, [0, 1, 4, 2, 3])).toBe(true);
    expect(simple(square, [0, 2, 1, 3])).toBe(false); // crosses
    expect(simple(square, [0, 1])).toBe(false);
    expect(simple(square, [0, 1, 2, 0, 3])).toBe(false); // comes back to a corner
    expect(simple([0, 0, 2, 0, 2, 2, 1, 0, 0, 2])).toBe(false); // a corner on an edge
    expect(simple([0, 0, 2, 0, 1, 0, 1, 1])).toBe(false); // runs back over itself
    expect(simple([0, 0, 1, 0, 2, 0, 1, 1])).toBe(true); // a corner of 180°
  });

  it('have a length on the way round', () => {
    expect(tourLength(square, [0, 1, 2, 3])).toBe(4);
    expect(tourLength(square, [0, 2])).toBeCloseTo(2 * Math.SQRT2, 12);
    expect(tourLength(square, [])).toBe(0);
  });
});

describe('heldKarp', () => {
  const permutations = (items: number[]): number[][] =>
    items.length === 0
      ? [[]]
      : items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));

  it('is as short as the shortest of all tours', () => {
    for (let count = 1; count <= 7; count++) {
      const every = permutations(Array.from({ length: count - 1 }, (_, i) => i + 1)).map((rest) => [0, ...rest]);
      for (let seed = 0; seed < 6; seed++) {
        const points = grid(10 * count + seed, count, 1000);
        const tour = heldKarp(points);
        const shortest = Math.min(...every.map((other) => tourLength(points, other)));
        expect(tour.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(tourLength(points, tour)).toBeCloseTo(shortest, 8);
        expect(polygonArea(points, tour)).toBeGreaterThanOrEqual(0);
        expect(tour[0]).toBe(0);
      }
    }
  });

  it('beats many tours of twelve cities and refuses seventeen', () => {
    const points = grid(5, 12, 1000);
    const length = tourLength(points, heldKarp(points));
    for (let seed = 0; seed < 500; seed++) {
      expect(length).toBeLessThanOrEqual(tourLength(points, Array.from(permutation(key(seed), 12))) + 1e-9);
    }
    expect(() => heldKarp(grid(1, 17, 10))).toThrow('heldKarp: points must be at most 16, got 17');
  });
});

describe('problems', () => {
  it('over points are drawn evenly from the unit square, by the key alone', () => {
    const { points, each, answers } = hullProblems(key(1), { batch: 200, points: 6 });
    expect([points.shape, each.length, answers.length]).toEqual([[200, 6, 2], 200, 200]);
    expect(each.flatMap((list) => Array.from(list))).toEqual(Array.from(points.toArray()));
    const mean = each.flatMap((list) => Array.from(list)).reduce((a, b) => a + b) / points.size;
    expect(Math.abs(mean - 0.5)).toBeLessThan(3 * Math.sqrt(1 / 12 / points.size)); // three standard errors
    expect(answers).toEqual(each.map(convexHull));
    expect(hullProblems(key(1), { batch: 200, points: 6 }).answers).toEqual(answers);
    expect(hullProblems(key(2), { batch: 200, points: 6 }).answers).not.toEqual(answers);
    const tours = tourProblems(key(1), { batch: 5, points: 6 });
    expect(tours.each).toEqual(each.slice(0, 5));
    expect(tours.answers).toEqual(tours.each.map(heldKarp));
  });

  it('over sequences have lengths and symbols of the range, all of them', () => {
    const sizes = { count: 400, symbols: 5, minLength: 2, maxLength: 4 };
    for (const problems of [reverseProblems(key(1), sizes), sortProblems(key(1), sizes)]) {
      expect(new Set(problems.map(({ source }) => source.length))).toEqual(new Set([2, 3, 4]));
      expect(new Set(problems.flatMap(({ source }) => source))).toEqual(new Set([3, 4, 5, 6, 7]));
    }
    for (const { source, target } of reverseProblems(key(1), sizes)) expect(target).toEqual([...source.toReversed(), 2]);
    for (const { source, target } of sortProblems(key(2), sizes)) {
      expect(target.at(-1)).toBe(2);
      target.slice(0, -1).forEach((token, i) => expect(token).toBeGreaterThanOrEqual(target[i - 1] ?? 0));
      expect(target.slice(0, -1).toSorted()).toEqual(source.toSorted());
    }
    expect(sortProblems(key(2), sizes)).toEqual(sortProblems(key(2), sizes));
  });

  it('over distinct symbols repeat none', () => {
    const sizes = { count: 300, symbols: 6, minLength: 2, maxLength: 6, distinct: true };
    const problems = sortProblems(key(1), sizes);
    for (const { source } of problems) expect(new Set(source).size).toBe(source.length);
    expect(new Set(problems.map(({ source }) => source.length))).toEqual(new Set([2, 3, 4, 5, 6]));
    for (const place of [0, 1]) expect(new Set(problems.map(({ source }) => source[place]))).toEqual(new Set([3, 4, 5, 6, 7, 8]));
    const few = { ...sizes, symbols: 5 };
    expect(() => reverseProblems(key(1), few)).toThrow('reverseProblems: distinct symbols must be at least maxLength, got 5 for 6');
  });
});
