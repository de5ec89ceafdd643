import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/**
 * `erf x` in float64: the Maclaurin series 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!! below 2 (Abramowitz and Stegun 7.1.6, all terms
 * positive), from there 1 − erfc by its continued fraction (7.1.14), evaluated from the 60th level down. Relative error about 1e-15 at most.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  if (a >= 2) {
    let tail = 0;
    for (let k = 60; k > 0; k--) tail = k / 2 / (a + tail);
    return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + tail)));
  }
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** `1 / (1 + e^(−x))` without overflow. */
export function sigmoid(x: number): number {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}

/** The normal distribution's Φ and its density. */
const normal = (x: number) => (1 + erf(x / Math.SQRT2)) / 2;
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** `x/2 (1 + tanh u)` and its slope. */
const RATE = Math.sqrt(2 / Math.PI);
const bent = (x: number) => Math.tanh(RATE * (x + 0.044715 * x ** 3));
const geluTanhSlope = (x: number) => (1 + bent(x)) / 2 + (x / 2) * (1 - bent(x) ** 2) * RATE * (1 + 3 * 0.044715 * x * x);

/** `σ(x) (1 + x (1 − σ(x)))`. */
const siluSlope = (x: number) => sigmoid(x) * (1 + x * sigmoid(-x));

const bool = (value: boolean) => (value ? 1 : 0);

/** C99's `pow`, which JavaScript's is but for 1 to NaN and ±1 to ±∞: 1. */
const pow = (a: number, b: number) => (a === 1 || (Math.abs(a) === 1 && Math.abs(b) === Infinity) ? 1 : a ** b);

/** The kernels of assembly/kernels/elementwise.ts, activation.ts, binary.ts, int32.ts, logic.ts and power.ts in float64. */
export function elementwise(cells: Cells) {
  const map =
    (f: (x: number) => number): Kernels['neg'] =>
    (out, x, n) => {
      const h = cells();
      for (let i = 0; i < n; i++) h[out + i] = f(h[x + i] as number);
    };

  const slope =
    (f: (g: number, x: number) => number): Kernels['tanhBackward'] =>
    (dx, g, x, n) => {
      const h = cells();
      for (let i = 0; i < n; i++) h[dx + i] = f(h[g + i] as number, h[x + i] as number);
    };

  const sloped =
    (f: (x: number) => number, derivative: (x: number) => number): Kernels['geluSloped'] =>
    (out, to, x, n) => {
      const h = cells();
      for (let i = 0; i < n; i++) {
        const value = h[x + i] as number;
        [h[out + i], h[to + i]] = [f(value), derivative(value)];
      }
    };

  const zip =
    (f: (a: number, b: number) => number): Kernels['add'] =>
    (out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3) => {
      const h = cells();
      let o = out;
      for (let i = 0; i < n0; i++)
        for (let j = 0; j < n1; j++)
          for (let k = 0; k < n2; k++)
            for (let l = 0; l < n3; l++) {
              const p = a + i * a0 + j * a1 + k * a2 + l * a3;
              const q = b + i * b0 + j * b1 + k * b2 + l * b3;
              h[o++] = f(h[p] as number, h[q] as number);
            }
    };

  return {
    neg: map((x) => -x),
    abs: map(Math.abs),
    sign: map(Math.sign),
    exp: map(Math.exp),
    log: map(Math.log),
    tanh: map(Math.tanh),
    sigmoid: map(sigmoid),
    softplus: map((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
    erf: map(erf),
    sin: map(Math.sin),
    cos: map(Math.cos),
    sqrt: map(Math.sqrt),
    relu: map((x) => (x < 0 ? 0 : x)),
    gelu: map((x) => x * normal(x)),
    tanhBackward: slope((g, y) => g * (1 - y * y)),
    sigmoidBackward: slope((g, y) => g * y * (1 - y)),
    reluBackward: slope((g, y) => (y > 0 ? g : 0)),
    geluSloped: sloped(
      (x) => x * normal(x),
      (x) => normal(x) + x * density(x),
    ),
    geluTanh: map((x) => (x / 2) * (1 + bent(x))),
    geluTanhSloped: sloped((x) => (x / 2) * (1 + bent(x)), geluTanhSlope),
    silu: map((x) => x * sigmoid(x)),
    siluBackward: slope((g, x) => g * siluSlope(x)),
    swiglu: slope((a, b) => a * sigmoid(a) * b),
    swigluBackward(da, db, g, a, b, n) {
      const h = cells();
      for (let i = 0; i < n; i++) {
        const [slopeOf, gate, up] = [h[g + i], h[a + i], h[b + i]] as [number, number, number];
        h[da + i] = slopeOf * up * siluSlope(gate);
        h[db + i] = slopeOf * gate * sigmoid(gate);
      }
    },
    reluSquared: map((x) => (x < 0 ? 0 : x * x)),
    reluSquaredBackward: slope((g, x) => (x > 0 ? 2 * g * x : 0)),
    softcap(out, x, n, cap) {
      map((value) => cap * Math.tanh(value / cap))(out, x, n);
    },
    softcapBackward(dx, g, y, n, cap) {
      slope((each, value) => each * (1 - (value / cap) ** 2))(dx, g, y, n);
    },
    not: map((x) => bool(x === 0)),
    toFloat: map((x) => x),
    affine(out, x, n, scale, shift) {
      map((value) => scale * value + shift)(out, x, n);
    },
    clamp(out, x, n, low, high) {
      map((value) => Math.min(Math.max(value, low), high))(out, x, n);
    },
    add: zip((a, b) => a + b),
    sub: zip((a, b) => a - b),
    mul: zip((a, b) => a * b),
    div: zip((a, b) => a / b),
    maximum: zip(Math.max),
    minimum: zip(Math.min),
    pow: zip(pow),
    addInt: zip((a, b) => (a + b) | 0),
    subInt: zip((a, b) => (a - b) | 0),
    mulInt: zip(Math.imul),
    equalInt: zip((a, b) => bool(a === b)),
    lessInt: zip((a, b) => bool(a < b)),
    lessEqualInt: zip((a, b) => bool(a <= b)),
    equal: zip((a, b) => bool(a === b)),
    less: zip((a, b) => bool(a < b)),
    lessEqual: zip((a, b) => bool(a <= b)),
    and: zip((a, b) => a & b),
    or: zip((a, b) => a | b),
    where(out, mask, a, b, n) {
      const h = cells();
      for (let i = 0; i < n; i++) h[out + i] = h[(h[mask + i] ? a : b) + i] as number;
    },
  } satisfies Partial<Kernels>;
}
