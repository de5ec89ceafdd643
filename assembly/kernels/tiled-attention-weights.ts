import { transposeOut } from "../loops/eights";
import { Bytes, FEW, KEYS, LOG2E, packQueries, QUERIES, scores, trimmed, weights } from "../loops/scores";
import { packRows } from "./matmul";

/**
 * The weights of `scaledDotProductAttention`, `out[h, t, s]`, from the `tops` and `shares` that it left: `out` [·, queries, keys]. The
 * other arguments are as there; `scratch` holds the same number of elements without the terms with `valueWidth`.
 */
export function scaledDotProductWeights(
  out: usize,
  tops: usize,
  shares: usize,
  q: usize,
  k: usize,
  mask: usize,
  bias: usize,
  queries: i32,
  keys: i32,
  width: i32,
  group: i32,
  capacity: i32,
  scale: f32,
  causal: i32,
  heads: i32,
  maskBatch: i32,
  maskHead: i32,
  maskQuery: i32,
  maskKey: i32,
  biasBatch: i32,
  biasHead: i32,
  biasQuery: i32,
  biasKey: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  const blocks = (queries + QUERIES - 1) / QUERIES;
  const tile = scratch;
  const aux = tile + Bytes.of(8 * KEYS);
  const top = aux + Bytes.of(8 * KEYS);
  const share = top + Bytes.of(QUERIES);
  const qs = share + Bytes.of(QUERIES);
  const ks = qs + Bytes.of(QUERIES * width);
  const panels = queries > FEW;
  let before = -1;
  for (let block = from; block < to; block++) {
    const head = block / blocks;
    const first = (block - head * blocks) * QUERIES;
    const at = head * queries + first;
    const rows = min(QUERIES, queries - first);
    const source = head / group;
    const kHead = k + Bytes.of(source * capacity) * <usize>width;
    const maskHere = mask + Bytes.of((head / heads) * maskBatch + (head % heads) * maskHead + first * maskQuery);
    const biasHere = bias + Bytes.of((head / heads) * biasBatch + (head % heads) * biasHead + first * biasQuery);
    if (source != before && panels) packRows(ks, kHead, keys, width, width, 1);
    before = source;
    packQueries(qs, q + Bytes.of(at * width), rows, width, scale * LOG2E);
    memory.fill(top, 0, 2 * Bytes.of(QUERIES));
    memory.copy(top, tops + Bytes.of(at), Bytes.of(rows));
    memory.copy(share, shares + Bytes.of(at), Bytes.of(rows));
    memory.fill(out + Bytes.of(at) * <usize>keys, 0, Bytes.of(rows) * <usize>keys);
    for (let base = 0; base < keys; base += KEYS) {
      let n = min(KEYS, keys - base);
      if (mask != 0 && maskQuery == 0) n = trimmed(maskHere + Bytes.of(base * maskKey), maskKey, n);
      for (let i = 0; i < rows; i += 8) {
        const lines = min(8, rows - i);
        const last = causal != 0 ? first + i + keys - queries - base : n;
        const seen = min(n, last + lines);
        if (seen <= 0) continue;
        scores(
          tile,
          32,
          panels,
          panels ? ks + Bytes.of(base * width) : kHead + Bytes.of(base * width),
          qs + Bytes.of(i * width),
          width,
          seen,
          lines,
          last,
          bias == 0 ? 0 : biasHere + Bytes.of(i * biasQuery + base * biasKey),
          biasQuery,
          biasKey,
          mask == 0 ? 0 : maskHere + Bytes.of(i * maskQuery + base * maskKey),
          maskQuery,
          maskKey,
          aux,
        );
        weights(tile, 32, seen, top + Bytes.of(i), share + Bytes.of(i));
        transposeOut(out + Bytes.of(at + i) * <usize>keys + Bytes.of(base), keys, tile, 8, lines, seen);
      }
    }
  }
}
