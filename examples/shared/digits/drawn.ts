// Digits drawn with a few strokes, for runs that only show that something works: no data, no package.
import { foldIn, type Key } from 'saccade';
import type { Pictures } from 'saccade/tasks';
import { randomInt } from 'saccade/tensor';

/** Corners of each digit's stroke, x and y in turn in hundredths of its box, y downwards. */
const STROKES = [
  [50, 5, 78, 20, 85, 50, 78, 80, 50, 95, 22, 80, 15, 50, 22, 20, 50, 5],
  [35, 20, 55, 5, 55, 50, 55, 95],
  [18, 25, 35, 7, 65, 7, 80, 25, 75, 45, 20, 93, 85, 93],
  [20, 10, 60, 5, 80, 22, 70, 42, 45, 48, 72, 55, 83, 75, 60, 95, 20, 90],
  [65, 95, 65, 5, 15, 65, 88, 65],
  [80, 6, 27, 6, 22, 45, 60, 40, 82, 60, 75, 87, 50, 95, 18, 87],
  [70, 5, 35, 30, 20, 65, 35, 93, 65, 93, 80, 70, 62, 50, 35, 52, 22, 65],
  [15, 7, 85, 7, 60, 55, 45, 95],
  [50, 48, 25, 30, 30, 10, 50, 5, 70, 10, 75, 30, 50, 48, 20, 68, 25, 88, 50, 95, 75, 88, 80, 68, 50, 48],
  [78, 35, 65, 52, 35, 50, 22, 28, 40, 7, 65, 8, 78, 35, 75, 65, 60, 95],
] as const;

type Point = readonly [x: number, y: number];

/** Draws a line of some thickness, in pixels, over what is there: only pixels near it change. */
function line(out: Uint8Array, side: number, [ax, ay]: Point, [bx, by]: Point, thick: number): void {
  const [dx, dy, reach] = [bx - ax, by - ay, thick + 1];
  const within = (at: number) => Math.min(side, Math.max(0, Math.floor(at)));
  const [left, right] = [within(Math.min(ax, bx) - reach), within(Math.max(ax, bx) + reach + 1)];
  for (let row = within(Math.min(ay, by) - reach); row < within(Math.max(ay, by) + reach + 1); row++) {
    for (let column = left; column < right; column++) {
      const [x, y] = [column + 0.5 - ax, row + 0.5 - ay];
      const along = Math.min(1, Math.max(0, (x * dx + y * dy) / (dx * dx + dy * dy + 1e-9)));
      const apart = Math.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2);
      const ink = Math.round(255 * Math.min(1, Math.max(0, thick + 0.5 - apart)));
      out[row * side + column] = Math.max(ink, out[row * side + column] as number);
    }
  }
}

/** One stroke, bent, slanted and stretched at random, in the middle of a square of `side` pixels. */
function draw(from: Key, stroke: readonly number[], side: number, out: Uint8Array): void {
  let draws = 0;
  const between = (low: number, high: number) => low + ((high - low) * randomInt(from, draws++, 4096)) / 4095;
  const [slant, across, down] = [between(-0.25, 0.25), between(0.5, 0.72), between(0.62, 0.75)];
  const [left, top, thick] = [between(-0.04, 0.04), between(-0.04, 0.04), between(0.9, 1.5) * (side / 28)];
  let before: Point | undefined;
  for (let i = 0; i < stroke.length; i += 2) {
    const [u, v] = [(stroke[i] as number) / 100 - 0.5 + between(-0.05, 0.05), (stroke[i + 1] as number) / 100 - 0.5 + between(-0.05, 0.05)];
    const point: Point = [side * (0.5 + left + across * (u - slant * v)), side * (0.5 + top + down * v)];
    if (before) line(out, side, before, point, thick);
    before = point;
  }
}

/** `count` drawn digits, 0 to 9 in turn, of `side` pixels. */
export function drawnDigits(from: Key, count: number, side = 28): Pictures {
  const pixels = new Uint8Array(count * side * side);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  for (let i = 0; i < count; i++) {
    draw(foldIn(from, i), STROKES[i % 10] as readonly number[], side, pixels.subarray(i * side * side, (i + 1) * side * side));
  }
  return { pixels, labels, height: side, width: side };
}
