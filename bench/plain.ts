// References for the results of benches: float64 loops over plain numbers, independent of the package.

/** The rows of a matrix stored row by row. */
export type Numbers = ArrayLike<number>;

const at = (x: Numbers, i: number) => x[i] as number;
const list = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));

function total(n: number, f: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += f(i);
  return sum;
}

/** `Σᵤ a(i, u) · b(u, j)` for the rows `i` from `first` on, of operands `[m, k]` and `[k, n]`, either of which may be transposed. */
export function product(
  a: Numbers,
  b: Numbers,
  sizes: { m: number; k: number; n: number; first: number; transposeA?: boolean; transposeB?: boolean },
): number[] {
  const { m, k, n, first, transposeA = false, transposeB = false } = sizes;
  const left = (i: number, u: number) => at(a, transposeA ? u * m + i : i * k + u);
  const right = (u: number, j: number) => at(b, transposeB ? j * k + u : u * n + j);
  return list(m - first, (i) => i).flatMap((i) => list(n, (j) => total(k, (u) => left(first + i, u) * right(u, j))));
}

/** Row `i` of rows of `width`. */
export const row = (x: Numbers, i: number, width: number): number[] => list(width, (j) => at(x, i * width + j));

export function logSumExp(x: readonly number[]): number {
  const most = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return most + Math.log(total(x.length, (i) => Math.exp(at(x, i) - most)));
}

export const logSoftmax = (x: readonly number[]): number[] => {
  const all = logSumExp(x);
  return x.map((value) => value - all);
};

export const softmax = (x: readonly number[]): number[] => logSoftmax(x).map(Math.exp);

/** `p · (g − Σ g p)`, of which p is the softmax. */
export function softmaxBackward(p: readonly number[], g: readonly number[]): number[] {
  const mean = total(p.length, (i) => at(g, i) * at(p, i));
  return p.map((value, i) => value * (at(g, i) - mean));
}

/** A row standardised to mean 0 and variance 1 (1e-5 under the root), and the factor that scaled it. */
function standardised(x: readonly number[]): { unit: number[]; factor: number } {
  const n = x.length;
  const mean = total(n, (i) => at(x, i)) / n;
  const factor = 1 / Math.sqrt(total(n, (i) => (at(x, i) - mean) ** 2) / n + 1e-5);
  return { unit: x.map((value) => (value - mean) * factor), factor };
}

export const layerNorm = (x: readonly number[], weight: Numbers, bias: Numbers): number[] =>
  standardised(x).unit.map((value, i) => value * at(weight, i) + at(bias, i));

/** The gradient of a row: that of its standardised values, minus its mean and its component along them. */
export function layerNormBackward(x: readonly number[], weight: Numbers, g: readonly number[]): number[] {
  const { unit, factor } = standardised(x);
  const inner = g.map((value, i) => value * at(weight, i));
  const n = x.length;
  const mean = total(n, (i) => at(inner, i)) / n;
  const along = total(n, (i) => at(inner, i) * at(unit, i)) / n;
  return inner.map((value, i) => factor * (value - mean - at(unit, i) * along));
}

/** 1 over the root of a row's mean square, with 1e-6 beside it. */
const rootFactor = (x: readonly number[]) => 1 / Math.sqrt(total(x.length, (i) => at(x, i) ** 2) / x.length + 1e-6);

export const rmsNorm = (x: readonly number[], weight: Numbers): number[] => {
  const factor = rootFactor(x);
  return x.map((value, i) => value * factor * at(weight, i));
};

/** The gradient of a row: what comes through its weight, less its part along the row. */
export function rmsNormBackward(x: readonly number[], weight: Numbers, g: readonly number[]): number[] {
  const factor = rootFactor(x);
  const inner = g.map((value, i) => value * at(weight, i));
  const along = (total(x.length, (i) => at(inner, i) * at(x, i)) / x.length) * factor * factor;
  return inner.map((value, i) => factor * (value - at(x, i) * along));
}

/** A row of pairs half a width apart, each turned by `position` times a power of 10000 below 1. */
export function rotary(x: readonly number[], position: number): number[] {
  const half = x.length / 2;
  return x.map((value, i) => {
    const angle = position * 10000 ** (-(i % half) / half);
    return value * Math.cos(angle) + (i < half ? -1 : 1) * at(x, (i + half) % x.length) * Math.sin(angle);
  });
}

/** erf x by its series `2/√π Σ (−1)ⁿ x^(2n+1) / (n! (2n+1))`, for |x| up to 3. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** Functions of one number, by the names of the package's. */
export const functions = {
  exp: Math.exp,
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  gelu: (x: number) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  silu: (x: number) => x / (1 + Math.exp(-x)),
  geluTanh: (x: number) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
} as const;

/** One head of attention: rows of `width`, T queries (the last of S) and S keys and values. */
export interface Head {
  query: Numbers;
  keys: Numbers;
  values: Numbers;
  width: number;
  causal: boolean;
  /** Whether a query may attend to key s. */
  may: (s: number) => boolean;
  bias: (t: number, s: number) => number;
}

/** The weights of query t, 0 where it may not attend. */
function weightsOf({ query, keys, width, causal, may, bias }: Head, t: number): number[] {
  const [T, S] = [query.length / width, keys.length / width];
  const seen = (s: number) => may(s) && !(causal && s > t + S - T);
  const scores = list(S, (s) => total(width, (d) => at(query, t * width + d) * at(keys, s * width + d)) / Math.sqrt(width) + bias(t, s));
  const shown = scores.filter((_, s) => seen(s));
  const weights = softmax(shown);
  return scores.map((_, s) => (seen(s) ? (weights.shift() as number) : 0));
}

/** What each query reads. */
export const attention = (head: Head): number[] =>
  list(head.query.length / head.width, (t) => t).flatMap((t) => {
    const weights = weightsOf(head, t);
    return list(head.width, (d) => total(weights.length, (s) => at(weights, s) * at(head.values, s * head.width + d)));
  });

/** The gradient of the queries, from the gradient `g` of what they read. */
export const attentionBackward = (head: Head, g: Numbers): number[] =>
  list(head.query.length / head.width, (t) => t).flatMap((t) => {
    const { keys, values, width } = head;
    const weights = weightsOf(head, t);
    const toWeights = weights.map((_, s) => total(width, (d) => at(g, t * width + d) * at(values, s * width + d)));
    const toScores = softmaxBackward(weights, toWeights);
    return list(width, (d) => total(weights.length, (s) => at(toScores, s) * at(keys, s * width + d)) / Math.sqrt(width));
  });
