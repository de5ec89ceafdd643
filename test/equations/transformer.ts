// The Transformer, one sequence at a time, from its papers.
import { attend, attention, multiHead, score } from './attention.ts';
import { at, type Matrix, plus, range, times, total, type Vector } from './plain.ts';
import { linear } from './recurrent.ts';
import type { Weights } from './weights.ts';

/** Ba, Kiros, Hinton 2016, eq. 3, with 1e-5 beside the variance. */
export const layerNorm = (w: Weights, x: Vector): Vector => {
  const mean = total(x) / x.length;
  const variance = total(x.map((v) => (v - mean) ** 2)) / x.length;
  const scaled = times(x.map((v) => (v - mean) / Math.sqrt(variance + 1e-5)), w.vector('weight')); // biome-ignore format: one line
  return w.has('bias') ? plus(scaled, w.vector('bias')) : scaled;
};

export const relu = (x: number): number => Math.max(0, x);

/** Hendrycks and Gimpel 2016: x Φ(x), Φ by Simpson's rule over the density from 0. */
export function gelu(x: number): number {
  const steps = 1000;
  const h = x / steps;
  const density = (u: number) => Math.exp((-u * u) / 2) / Math.sqrt(2 * Math.PI);
  const area = (h / 3) * total(range(steps + 1).map((i) => density(i * h) * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2)));
  return x * (0.5 + area);
}

interface Layer {
  heads: number;
  /** Norms before what they are of (Radford et al. 2019, §2.3), not behind the sum (Vaswani et al. 2017, §3.1). */
  first?: boolean;
  may: (t: number, s: number) => boolean;
  bend: (x: number) => number;
}

/** Vaswani et al. 2017, §3.1 and §3.3 (eq. 2): self-attention, then a net of each place, each added to what it read. */
export function layer(w: Weights, x: Matrix, { heads, first = false, may, bend }: Layer): Matrix {
  const look = multiHead(w.within('self_attn'), heads, attention({ score: score('scaledDot', w) }));
  const norm = (n: 1 | 2, rows: Matrix) => rows.map((row) => layerNorm(w.within(`norm${n}`), row));
  const half = (n: 1 | 2, rows: Matrix, of: (rows: Matrix) => Matrix): Matrix => {
    const sum = of(first ? norm(n, rows) : rows).map((row, t) => plus(at(rows, t), row));
    return first ? sum : norm(n, sum);
  };
  const read = half(1, x, (z) => attend(look, z, z, z, may).map(({ output }) => output));
  return half(2, read, (z) => z.map((row) => linear(w, 'linear2', linear(w, 'linear1', row).map(bend))));
}

/** Radford et al. 2018, eq. 2, with the norms of 2019: h₀ = U W_e + W_p, the layers, a norm, and a map to the next symbol. */
export function languageModel(w: Weights, tokens: readonly number[], { layers, heads }: { layers: number; heads: number }): Matrix {
  const start = tokens.map((token, t) => plus(at(w.matrix('symbols.weight'), token), at(w.matrix('positions.weight'), t)));
  const y = range(layers).reduce<Matrix>(
    (x, i) => layer(w.within(`layers.${i}`), x, { heads, first: true, may: (t, s) => s <= t, bend: gelu }),
    start,
  );
  return y.map((row) => linear(w, 'output', layerNorm(w.within('norm'), row)));
}
