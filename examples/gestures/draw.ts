// Gestures drawn by the page itself, for those who use a keyboard, and to begin with something.
import type { SequenceRow } from 'saccade/fronts';

const ways: Record<string, (part: number) => [number, number]> = {
  circle: (part) => [Math.cos(2 * Math.PI * part), Math.sin(2 * Math.PI * part)],
  line: (part) => [2 * part - 1, 0],
  zigzag: (part) => [2 * part - 1, Math.abs(((4 * part) % 2) - 1) - 0.5],
};

/** The names of what it can draw. */
export const drawable: readonly string[] = Object.keys(ways);

/** One drawing of a gesture; `random` gives numbers in [0, 1). */
export function drawing(label: string, random: () => number): SequenceRow {
  const at = ways[label] ?? (() => [0, 0]);
  const [steps, size, left, top] = [18 + Math.floor(14 * random()), 40 + 60 * random(), 150 + 300 * random(), 110 + 80 * random()];
  const shake = () => 4 * (random() - 0.5);
  const samples = Array.from({ length: steps }, (_, t) => at(t / (steps - 1)).map((v, c) => (c === 0 ? left : top) + size * v + shake()));
  return { label, samples };
}
