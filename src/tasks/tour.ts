import { distance, expectPoints, type Points, polygonArea } from './polygon.ts';

/** The most cities for which the table of {@link heldKarp} (2ⁿ⁻¹ · n numbers) stays small. */
const MOST = 16;

/**
 * A shortest tour through all points by the dynamic programme of Held and Karp (1962), which finds the shortest path from city 0 for each set of
 * cities and each last city, in O(2ⁿ n²). The tour starts at 0 and runs counter-clockwise. At most 16 points.
 */
export function heldKarp(points: Points): number[] {
  const count = expectPoints('heldKarp', points);
  if (count > MOST) throw new RangeError(`heldKarp: points must be at most ${MOST}, got ${count}`);
  if (count < 3) return Array.from({ length: count }, (_, i) => i);
  const cities = count - 1; // besides city 0; city j + 1 is bit j
  const between = Float64Array.from({ length: count * count }, (_, at) => distance(points, Math.floor(at / count), at % count));
  const best = new Float64Array(cities << cities).fill(Number.POSITIVE_INFINITY); // [set, last]
  const before = new Int8Array(cities << cities);
  for (let j = 0; j < cities; j++) best[(1 << j) * cities + j] = between[j + 1] as number;
  for (let set = 1; set < 1 << cities; set++) {
    for (let last = 0; last < cities; last++) {
      const so = best[set * cities + last] as number;
      if (so === Number.POSITIVE_INFINITY) continue;
      for (let next = 0; next < cities; next++) {
        if (set & (1 << next)) continue;
        const at = (set | (1 << next)) * cities + next;
        const length = so + (between[(last + 1) * count + next + 1] as number);
        if (length < (best[at] as number)) {
          best[at] = length;
          before[at] = last;
        }
      }
    }
  }
  const tour = backwards(best, before, between, count);
  return polygonArea(points, tour) < 0 ? [0, ...tour.slice(1).reverse()] : tour;
}

/** Reads the tour back from the table, starting at the city from which closing the tour is shortest. */
function backwards(best: Float64Array, before: Int8Array, between: Float64Array, count: number): number[] {
  const cities = count - 1;
  let set = (1 << cities) - 1;
  const closed = (j: number) => (best[set * cities + j] as number) + (between[j + 1] as number);
  let last = 0;
  for (let j = 1; j < cities; j++) if (closed(j) < closed(last)) last = j;
  const tour: number[] = [];
  for (let left = cities; left > 0; left--) {
    tour.push(last + 1);
    const previous = before[set * cities + last] as number;
    set &= ~(1 << last);
    last = previous;
  }
  return [0, ...tour];
}
