// Characters of three strokes each, and drawings of them by shaky hands.
import { foldIn, type Key } from 'saccade';
import type { Pictures } from 'saccade/tasks';
import { randomInt } from 'saccade/tensor';

/** A whole number of steps of 2⁻²⁰ in [0, 1). */
const share = (from: Key, i: number) => randomInt(from, i, 2 ** 20) / 2 ** 20;

/** How far a hand moves each point, and the whole drawing, in parts of a side. */
const [STROKES, POINTS, SHAKE, SHIFT] = [3, 3, 0.06, 0.12];

/** Inks the pixels within a pen's width of a line. */
function line(pixels: Uint8Array, side: number, from: readonly number[], to: readonly number[]): void {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = [...from, ...to].map((v) => 2 + v * (side - 5));
  const steps = 2 * side;
  for (let s = 0; s <= steps; s++) {
    const [x, y] = [Math.round(x0 + ((x1 - x0) * s) / steps), Math.round(y0 + ((y1 - y0) * s) / steps)];
    pixels[y * side + x] = 255;
    pixels[y * side + x + 1] = 255;
    pixels[(y + 1) * side + x] = 255;
  }
}

/** Drawings of `classes` characters: points of strokes are drawn once for a character, and shaken for each drawing. */
export function drawnCharacters(from: Key, { classes, drawings, side }: { classes: number; drawings: number; side: number }): Pictures {
  const pixels = new Uint8Array(classes * drawings * side * side);
  const labels = new Int32Array(classes * drawings);
  for (let i = 0; i < labels.length; i++) {
    const label = Math.floor(i / drawings);
    labels[i] = label;
    const [own, hand] = [foldIn(foldIn(from, 0), label), foldIn(foldIn(from, 1), i)];
    const along = (n: number, axis: 0 | 1) => {
      const shaken = SHAKE * (2 * share(hand, 2 * n + axis) - 1) + SHIFT * (2 * share(foldIn(hand, axis), 0) - 1);
      return Math.min(1, Math.max(0, SHIFT + (1 - 2 * SHIFT) * share(own, 2 * n + axis) + shaken));
    };
    const point = (n: number) => [along(n, 0), along(n, 1)];
    const picture = pixels.subarray(i * side * side, (i + 1) * side * side);
    for (let stroke = 0; stroke < STROKES; stroke++) {
      for (let p = 1; p < POINTS; p++) line(picture, side, point(stroke * POINTS + p - 1), point(stroke * POINTS + p));
    }
  }
  return { pixels, labels, height: side, width: side };
}
