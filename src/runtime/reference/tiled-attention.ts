import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** Queries of a block, as assembly/kernels/tiled-attention.ts counts its work. */
const BLOCK = 64;

/** All of a call but the addresses of its results. */
interface Scores {
  q: number;
  k: number;
  mask: number;
  bias: number;
  distances: number;
  places: number;
  queries: number;
  keys: number;
  width: number;
  /** Heads of queries to one of keys, and rows from one of these to the next. */
  group: number;
  capacity: number;
  scale: number;
  cap: number;
  before: number;
  after: number;
  pace: number;
  span: number;
  zero: number;
  heads: number;
  /** Of example, head, query, key. */
  maskStrides: readonly number[];
  biasStrides: readonly number[];
  distanceStrides: readonly number[];
}

/** What all three kernels are told behind the widths, as they are told it. */
function settings(rest: readonly number[]) {
  const [group, capacity, scale, cap, before, after, pace, span, zero, heads, ...others] = rest as [number, number, number, number, number, number, number, number, number, number, ...number[]]; // biome-ignore format: one line
  const strides = { maskStrides: others.slice(0, 4), biasStrides: others.slice(4, 8), distanceStrides: others.slice(8, 11) };
  const [from, to] = others.slice(11) as [number, number];
  return { from, to, told: { group, capacity, scale, cap, before, after, pace, span, zero, heads, ...strides } };
}

/** The kernels of assembly/kernels/tiled-attention*.ts in float64, a row of scores at a time. */
export function tiledAttention(cells: Cells) {
  const at = (p: number) => cells()[p] as number;
  const add = (p: number, value: number) => {
    cells()[p] = at(p) + value;
  };
  const dot = (p: number, q: number, n: number) => {
    let total = 0;
    for (let i = 0; i < n; i++) total += at(p + i) * at(q + i);
    return total;
  };
  const place = ([b = 0, h = 0, t = 0, s = 0]: readonly number[], { heads }: Scores, head: number, query: number, key: number) =>
    Math.floor(head / heads) * b + (head % heads) * h + query * t + key * s;

  /** The row of a key, or of its value. */
  const row = ({ group, capacity }: Scores, head: number, key: number) => Math.floor(head / group) * capacity + key;

  /** A place as the kernels take it: none is farther away. */
  const clamped = (at: number) => Math.max(-(2 ** 29), Math.min(2 ** 29, at));

  /** How far behind the query a key is. */
  const distance = (x: Scores, head: number, t: number, s: number) => {
    const first = x.places === 0 ? x.keys - (x.pace === 0 ? 1 : x.queries) : clamped(at(x.places + Math.floor(head / x.heads)));
    return s - first - x.pace * t;
  };

  /** The element of a row of `span` that stands for a distance. */
  const column = (x: Scores, d: number) => Math.max(0, Math.min(x.span - 1, x.zero + d));

  const product = (x: Scores, head: number, t: number, s: number) =>
    x.scale * dot(x.q + (head * x.queries + t) * x.width, x.k + row(x, head, s) * x.width, x.width);

  /** Score of a query with each key, −∞ where it may not look. */
  const scores = (x: Scores, head: number, t: number): number[] =>
    Array.from({ length: x.keys }, (_, s) => {
      const d = distance(x, head, t, s);
      if (x.mask !== 0 && at(x.mask + place(x.maskStrides, x, head, t, s)) === 0) return -Infinity;
      if (d > x.after || -d > x.before) return -Infinity;
      const plain = product(x, head, t, s);
      const capped = x.cap > 0 ? x.cap * Math.tanh(plain / x.cap) : plain;
      const bias = x.bias === 0 ? 0 : at(x.bias + place(x.biasStrides, x, head, t, s));
      if (x.distances === 0) return capped + bias;
      const line = x.distances + place(x.distanceStrides, x, head, t, 0);
      return capped + bias + (x.span > 0 ? at(line + column(x, d)) : -at(line) * Math.abs(d));
    });

  /** Weights of a query from what the forward pass noted. */
  const weights = (x: Scores, head: number, t: number, tops: number, shares: number): number[] => {
    const line = head * x.queries + t;
    return scores(x, head, t).map((score) => (score === -Infinity ? 0 : 2 ** (score * Math.LOG2E - at(tops + line)) * at(shares + line)));
  };

  /** Calls `f` for each query of the blocks. */
  const eachQuery = (queries: number, from: number, to: number, f: (head: number, t: number) => void) => {
    const blocks = Math.ceil(queries / BLOCK);
    for (let block = from; block < to; block++) {
      const first = (block % blocks) * BLOCK;
      for (let t = first; t < Math.min(queries, first + BLOCK); t++) f(Math.floor(block / blocks), t);
    }
  };

  return {
    scaledDotProductAttention(out, tops, shares, q, k, v, mask, bias, distances, places, queries, keys, width, valueWidth, ...rest) {
      const { from, to, told } = settings(rest);
      const x = { q, k, mask, bias, distances, places, queries, keys, width, ...told };
      eachQuery(queries, from, to, (head, t) => {
        const h = cells();
        const line = head * queries + t;
        const all = scores(x, head, t);
        const top = all.reduce((a, b) => Math.max(a, b), -Infinity);
        const masses = all.map((score) => (score === -Infinity ? 0 : Math.exp(score - top)));
        const total = masses.reduce((a, b) => a + b, 0);
        h[tops + line] = top * Math.LOG2E;
        h[shares + line] = total === 0 ? 0 : 1 / total;
        h.fill(0, out + line * valueWidth, out + (line + 1) * valueWidth);
        masses.forEach((mass, s) => {
          if (mass === 0) return;
          for (let d = 0; d < valueWidth; d++) add(out + line * valueWidth + d, (mass / total) * at(v + row(x, head, s) * valueWidth + d));
        });
      });
    },

    scaledDotProductWeights(out, sums, tops, shares, q, k, mask, bias, distances, places, queries, keys, width, ...rest) {
      const { from, to, told } = settings(rest);
      const x = { q, k, mask, bias, distances, places, queries, keys, width, ...told };
      eachQuery(queries, from, to, (head, t) => {
        const line = head * queries + t;
        const all = weights(x, head, t, tops, shares);
        if (out !== 0) cells().set(all, out + line * keys);
        if (sums === 0) return;
        cells().fill(0, sums + line * x.span, sums + (line + 1) * x.span);
        all.forEach((w, s) => {
          add(sums + line * x.span + column(x, distance(x, head, t, s)), w);
        });
      });
    },

    scaledDotProductAttentionBackward(dq, dk, dv, dbias, ddistances, g, y, gSums, sums, tops, shares, ...others) {
      const [q, k, v, mask, bias, distances, places, queries, keys, width, valueWidth, ...rest] = others;
      const { from, to, told } = settings(rest);
      const x = { q, k, mask, bias, distances, places, queries, keys, width, ...told };
      const h = cells();
      const { group, capacity, span, scale, cap } = x;
      const each = x.distanceStrides[2] !== 0; // a row by distance for each query
      const ofDistances = Math.max(1, span);
      const clear = (p: number, heads: number, size: number) => h.fill(0, p + from * heads * size, p + to * heads * size);
      clear(dq, group, queries * width);
      clear(dk, 1, capacity * width);
      clear(dv, 1, capacity * valueWidth);
      if (ddistances !== 0) clear(ddistances, group, ofDistances * (each ? queries : 1));
      for (let head = from * group; head < to * group; head++)
        for (let t = 0; t < queries; t++) {
          const line = head * queries + t;
          const gRow = g + line * valueWidth;
          const inner =
            dot(gRow, y + line * valueWidth, valueWidth) + (gSums === 0 ? 0 : dot(gSums + line * span, sums + line * span, span));
          weights(x, head, t, tops, shares).forEach((w, s) => {
            const key = row(x, head, s);
            const away = distance(x, head, t, s);
            const given = dot(gRow, v + key * valueWidth, valueWidth) + (gSums === 0 ? 0 : at(gSums + line * span + column(x, away)));
            const slope = w === 0 ? 0 : w * (given - inner);
            if (dbias !== 0) h[dbias + line * keys + s] = slope;
            if (w === 0) return;
            if (ddistances !== 0) {
              const to = ddistances + (each ? line : head) * ofDistances;
              add(span > 0 ? to + column(x, away) : to, span > 0 ? slope : -slope * Math.abs(away));
            }
            const uncapped = cap > 0 ? slope * (1 - Math.tanh(product(x, head, t, s) / cap) ** 2) : slope;
            for (let d = 0; d < valueWidth; d++) add(dv + key * valueWidth + d, w * at(gRow + d));
            for (let d = 0; d < width; d++) {
              add(dq + line * width + d, scale * uncapped * at(k + key * width + d));
              add(dk + key * width + d, scale * uncapped * at(q + line * width + d));
            }
          });
        }
    },
  } satisfies Partial<Kernels>;
}
