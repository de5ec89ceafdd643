import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** Queries of a block, as assembly/kernels/tiled-attention.ts counts its work. */
const BLOCK = 64;

/** The places of the scores: lengths, masks, biases, all but the addresses of results. */
interface Scores {
  q: number;
  k: number;
  mask: number;
  bias: number;
  queries: number;
  keys: number;
  width: number;
  scale: number;
  causal: number;
  heads: number;
  /** Heads of queries to one of keys, and rows from one of these to the next. */
  group: number;
  capacity: number;
  /** Of example, head, query, key. */
  maskStrides: readonly number[];
  biasStrides: readonly number[];
}

/** The kernels of assembly/kernels/tiled-attention*.ts in float64, a row of scores at a time. */
export function tiledAttention(cells: Cells) {
  const at = (p: number) => cells()[p] as number;
  const dot = (p: number, q: number, n: number) => {
    let total = 0;
    for (let i = 0; i < n; i++) total += at(p + i) * at(q + i);
    return total;
  };
  const place = ([b = 0, h = 0, t = 0, s = 0]: readonly number[], { heads }: Scores, head: number, query: number, key: number) =>
    Math.floor(head / heads) * b + (head % heads) * h + query * t + key * s;

  /** The row of a key, or of its value. */
  const row = ({ group, capacity }: Scores, head: number, key: number) => Math.floor(head / group) * capacity + key;

  /** Score of a query with each key, −∞ where it may not look. */
  const scores = (x: Scores, head: number, t: number): number[] =>
    Array.from({ length: x.keys }, (_, s) => {
      if (x.mask !== 0 && at(x.mask + place(x.maskStrides, x, head, t, s)) === 0) return -Infinity;
      if (x.causal !== 0 && s > t + x.keys - x.queries) return -Infinity;
      const product = dot(x.q + (head * x.queries + t) * x.width, x.k + row(x, head, s) * x.width, x.width);
      return x.scale * product + (x.bias === 0 ? 0 : at(x.bias + place(x.biasStrides, x, head, t, s)));
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
    scaledDotProductAttention(out, tops, shares, q, k, v, mask, bias, queries, keys, width, valueWidth, ...rest) {
      const [group, capacity, scale, causal, heads, mb, mh, mt, ms, bb, bh, bt, bs, from, to] = rest;
      const strides = { maskStrides: [mb, mh, mt, ms], biasStrides: [bb, bh, bt, bs] };
      const x = { q, k, mask, bias, queries, keys, width, group, capacity, scale, causal, heads, ...strides };
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
          for (let d = 0; d < valueWidth; d++) {
            h[out + line * valueWidth + d] = at(out + line * valueWidth + d) + (mass / total) * at(v + row(x, head, s) * valueWidth + d);
          }
        });
      });
    },

    scaledDotProductWeights(out, tops, shares, q, k, mask, bias, queries, keys, width, group, capacity, ...rest) {
      const [scale, causal, heads, mb, mh, mt, ms, bb, bh, bt, bs, from, to] = rest;
      const strides = { maskStrides: [mb, mh, mt, ms], biasStrides: [bb, bh, bt, bs] };
      const x = { q, k, mask, bias, queries, keys, width, group, capacity, scale, causal, heads, ...strides };
      eachQuery(queries, from, to, (head, t) => {
        cells().set(weights(x, head, t, tops, shares), out + (head * queries + t) * keys);
      });
    },

    scaledDotProductAttentionBackward(
      dq,
      dk,
      dv,
      dbias,
      g,
      y,
      tops,
      shares,
      q,
      k,
      v,
      mask,
      bias,
      queries,
      keys,
      width,
      valueWidth,
      ...rest
    ) {
      const [group, capacity, scale, causal, heads, mb, mh, mt, ms, bb, bh, bt, bs, from, to] = rest;
      const strides = { maskStrides: [mb, mh, mt, ms], biasStrides: [bb, bh, bt, bs] };
      const x = { q, k, mask, bias, queries, keys, width, group, capacity, scale, causal, heads, ...strides };
      const h = cells();
      h.fill(0, dq + from * group * queries * width, dq + to * group * queries * width);
      h.fill(0, dk + from * capacity * width, dk + to * capacity * width);
      h.fill(0, dv + from * capacity * valueWidth, dv + to * capacity * valueWidth);
      const add = (p: number, value: number) => {
        h[p] = at(p) + value;
      };
      for (let head = from * group; head < to * group; head++)
        for (let t = 0; t < queries; t++) {
          const line = head * queries + t;
          const gRow = g + line * valueWidth;
          const inner = dot(gRow, y + line * valueWidth, valueWidth);
          weights(x, head, t, tops, shares).forEach((w, s) => {
            const column = row(x, head, s);
            const slope = w === 0 ? 0 : w * (dot(gRow, v + column * valueWidth, valueWidth) - inner);
            if (dbias !== 0) h[dbias + line * keys + s] = slope;
            if (w === 0) return;
            for (let d = 0; d < valueWidth; d++) add(dv + column * valueWidth + d, w * at(gRow + d));
            for (let d = 0; d < width; d++) {
              add(dq + line * width + d, scale * slope * at(k + column * width + d));
              add(dk + column * width + d, scale * slope * at(q + line * width + d));
            }
          });
        }
    },
  } satisfies Partial<Kernels>;
}
