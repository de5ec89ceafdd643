// Powers and angles for tables of positions, by + − × ÷ and √ alone, which every engine rounds alike. A number is kept as the sum of two float64s where one
// would not do: an angle of a hundred thousand turns has to be right to a part of one turn.

import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** The sum of two float64s, the second at most half an ulp of the first. */
export type Long = readonly [high: number, low: number];

/** The first 26 bits, and the rest (Dekker 1971). */
function halves(x: number): Long {
  const t = 134217729 * x; // 2²⁷ + 1
  const high = t - (t - x);
  return [high, x - high];
}

/** The product of two float64s, exactly. */
function exactly(a: number, b: number): Long {
  const product = a * b;
  const [[ah, al], [bh, bl]] = [halves(a), halves(b)];
  return [product, al * bl - (product - ah * bh - al * bh - ah * bl)];
}

/** Their product, within about 2^−104. */
function times([a, aRest]: Long, [b, bRest]: Long): Long {
  const [high, low] = exactly(a, b);
  const rest = low + (a * bRest + aRest * b);
  const sum = high + rest;
  return [sum, rest - (sum - high)];
}

/** `base^(−1/n)`, n whole: Newton's steps for `y^n · base = 1`, the last one of two float64s. */
function root(base: number, n: number): Long {
  const power = (y: Long): Long => {
    let product: Long = [base, 0];
    for (let i = 0; i < n; i++) product = times(product, y);
    return product;
  };
  let y = 1;
  // From above, base ≥ 1: y falls with every step until nothing but rounding is left.
  for (let last = Infinity; y < last; ) {
    last = y;
    let inverse = 1 / base;
    for (let i = 1; i < n; i++) inverse /= y;
    y += (inverse - y) / n;
  }
  const [high, low] = power([y, 0]);
  return times([y, 0], [1, -(high - 1 + low) / n]);
}

/** `base^(−i/n)` of i < count. */
export function powers(base: number, n: number, count: number): Long[] {
  const first = root(base, n);
  const all: Long[] = [[1, 0]];
  while (all.length < count) all.push(times(all[all.length - 1] as Long, first));
  return all.slice(0, count);
}

/** `1 / 2π`. */
const TURN: Long = [0.15915494309189535, -9.839338337591243e-18];

/** `sin x` and `cos x`, |x| ≤ π/4, by their Taylor series to x¹⁷ and x¹⁸. */
function nearZero(x: number): [sin: number, cos: number] {
  const z = x * x;
  let [sin, cos] = [1, 1];
  for (let k = 17; k > 1; k -= 2) {
    sin = 1 - (sin * z) / (k * (k - 1));
    cos = 1 - (cos * z) / (k * (k + 1));
  }
  return [sin * x, 1 - (cos * z) / 2];
}

/** Sine and cosine of `position · rate`, a whole position below 2²⁶: whole turns are taken off exactly, so that nothing but the last steps rounds. */
function waveOf(rate: Long): (position: number) => readonly [sin: number, cos: number] {
  const [high, low] = times(rate, TURN);
  const [first, second] = halves(high);
  const rest = second + low;
  return (position) => {
    const whole = position * first;
    const turns = whole - Math.round(whole) + position * rest;
    const quarter = Math.round(4 * turns);
    const [sin, cos] = nearZero((turns - quarter / 4) * 2 * Math.PI);
    return ([[sin, cos], [cos, -sin], [-sin, -cos], [-cos, sin]] as const)[quarter & 3] as readonly [number, number]; // biome-ignore format: by quarter
  };
}

/**
 * A table `[length, 2 · rates]`: of position `first` + row and of each rate the sine in column `sinAt(i)` and the cosine in column `cosAt(i)`, rounded
 * once to float32.
 */
export function waves(
  length: number,
  first: number,
  rates: readonly Long[],
  sinAt: (i: number) => number,
  cosAt: (i: number) => number,
): Tensor {
  const width = 2 * rates.length;
  const values = new Float32Array(length * width);
  rates.forEach((rate, i) => {
    const wave = waveOf(rate);
    for (let row = 0; row < length; row++) {
      const [sin, cos] = wave(first + row);
      values[row * width + sinAt(i)] = sin;
      values[row * width + cosAt(i)] = cos;
    }
  });
  return tensor(values, { shape: [length, width] });
}
