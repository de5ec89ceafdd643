import { gatherDistances } from "../loops/distances";
import { transposeOut } from "../loops/eights";
import { Bytes, FEW, KEYS, LOG2E, packQueries, placeOf, QUERIES, scores, trimmed, weights } from "../loops/scores";
import { packRows } from "./matmul";

/**
 * The weights of `scaledDotProductAttention`, `out[h, t, s]` [·, queries, keys] (or 0), and their sums by distance, `sums` [·, queries, span] (or 0),
 * from what it left in `tops` and `shares`. All else is as there; `scratch` holds as much, minus what depends on `valueWidth`.
 */
export function scaledDotProductWeights(
  out: usize,
  sums: usize,
  tops: usize,
  shares: usize,
  q: usize,
  k: usize,
  mask: usize,
  bias: usize,
  distances: usize,
  places: usize,
  queries: i32,
  keys: i32,
  width: i32,
  group: i32,
  capacity: i32,
  scale: f32,
  cap: f32,
  before: i32,
  after: i32,
  pace: i32,
  span: i32,
  zero: i32,
  heads: i32,
  maskBatch: i32,
  maskHead: i32,
  maskQuery: i32,
  maskKey: i32,
  biasBatch: i32,
  biasHead: i32,
  biasQuery: i32,
  biasKey: i32,
  distanceBatch: i32,
  distanceHead: i32,
  distanceQuery: i32,
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
  let last = -1;
  for (let block = from; block < to; block++) {
    const head = block / blocks;
    const first = (block - head * blocks) * QUERIES;
    const at = head * queries + first;
    const rows = min(QUERIES, queries - first);
    const source = head / group;
    const kHead = k + Bytes.of(source * capacity) * <usize>width;
    const maskHere = mask + Bytes.of((head / heads) * maskBatch + (head % heads) * maskHead + first * maskQuery);
    const biasHere = bias + Bytes.of((head / heads) * biasBatch + (head % heads) * biasHead + first * biasQuery);
    const distancesHere = distances + Bytes.of((head / heads) * distanceBatch + (head % heads) * distanceHead + first * distanceQuery);
    if (source != last && panels) packRows(ks, kHead, keys, width, width, 1);
    last = source;
    packQueries(qs, q + Bytes.of(at * width), rows, width, scale * LOG2E);
    const place = placeOf(places, head / heads, queries, keys, pace) + first * pace;
    memory.fill(top, 0, 2 * Bytes.of(QUERIES));
    memory.copy(top, tops + Bytes.of(at), Bytes.of(rows));
    memory.copy(share, shares + Bytes.of(at), Bytes.of(rows));
    if (out) memory.fill(out + Bytes.of(at) * <usize>keys, 0, Bytes.of(rows) * <usize>keys);
    if (sums) memory.fill(sums + Bytes.of(at) * <usize>span, 0, Bytes.of(rows) * <usize>span);
    for (let base = 0; base < keys; base += KEYS) {
      let n = min(KEYS, keys - base);
      if (mask != 0 && maskQuery == 0) n = trimmed(maskHere + Bytes.of(base * maskKey), maskKey, n);
      for (let i = 0; i < rows; i += 8) {
        const lines = min(8, rows - i);
        const here = place + i * pace - base; // of the panel's first query, in the tile
        const seen = min(n, here + after + lines);
        const start = max(0, here - before) & -4; // keys before it are seen by none
        if (seen <= start) continue;
        const from = base + start;
        const origin = zero - here + start;
        scores(
          tile,
          32,
          panels,
          panels ? ks + Bytes.of(from * width) : kHead + Bytes.of(from * width),
          qs + Bytes.of(i * width),
          width,
          seen - start,
          lines,
          here + after - start,
          here - before - start,
          pace,
          cap * LOG2E,
          0,
          bias == 0 ? 0 : biasHere + Bytes.of(i * biasQuery + from * biasKey),
          biasQuery,
          biasKey,
          distances == 0 ? 0 : distancesHere + Bytes.of(i * distanceQuery),
          distanceQuery,
          span,
          origin,
          mask == 0 ? 0 : maskHere + Bytes.of(i * maskQuery + from * maskKey),
          maskQuery,
          maskKey,
          aux,
        );
        weights(tile, 32, seen - start, top + Bytes.of(i), share + Bytes.of(i));
        if (out) transposeOut(out + Bytes.of(at + i) * <usize>keys + Bytes.of(from), keys, tile, 8, lines, seen - start);
        if (sums) gatherDistances(sums + Bytes.of(at + i) * <usize>span, tile, 32, lines, seen - start, span, span, origin, pace);
      }
    }
  }
}
