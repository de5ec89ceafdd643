// The gradient of attention in tiles, from recomputed scores: nothing as large as queries × keys is kept. A head is one pass over tiles of
// keys and, inside, of queries. Each product is computed once, so sums over queries and over keys both have a fixed order.
import { addDistances, FAR, gatherDistances } from "../loops/distances";
import { allFinite, clearEight, guardedStrip, transposeOut, unweaveEight, weaveEight } from "../loops/eights";
import { mapWith } from "../loops/map";
import { PairLane, sumOfPairs } from "../loops/rows";
import { Bytes, LOG2E, packQueries, placeOf, scores, Times, trimmed, weights } from "../loops/scores";
import { strip, stripRows } from "../loops/tile";
import { V } from "../simd/lanes";
import { packRows } from "./matmul";

/** Keys and queries in a tile. They are fixed, since they determine the order of summation. */
const TILE: i32 = 64;
/** Bytes from one key of a tile to the next. */
const STEP: usize = 256;
/** Keys that begin their sum at the same query if later keys are hidden. */
const CHUNK: i32 = 16;

class Product extends PairLane {
  @inline at(x: v128, y: v128, a: v128): v128 {
    return f32x4.mul(x, y);
  }
}

/** `w · (x − inner)`, and 0 where w is 0, whatever x is there. */
class Slope {
  @inline static of(w: v128, x: v128, inner: v128): v128 {
    return v128.andnot(f32x4.mul(w, f32x4.sub(x, inner)), f32x4.eq(w, V.splat(0)));
  }
}

/** `ds[s][8] = w (ds − inner)`: converts gradients of weights to gradients of scores. */
function slopes(ds: usize, w: usize, n: i32, inner: usize): void {
  const i0 = V.load(inner);
  const i1 = V.load(inner + 16);
  for (let s = 0; s < n; s++) {
    V.store(ds, Slope.of(V.load(w), V.load(ds), i0));
    V.store(ds + 16, Slope.of(V.load(w + 16), V.load(ds + 16), i1));
    ds += STEP;
    w += STEP;
  }
}

/** `ds *= slope`, where ds is not 0: the slope of a hidden score may be anything. */
function dampen(ds: usize, slope: usize, n: i32): void {
  for (let s = 0; s < n; s++) {
    for (let half: usize = 0; half < 32; half += 16) {
      const x = V.load(ds + half);
      V.store(ds + half, v128.andnot(f32x4.mul(x, V.load(slope + half)), f32x4.eq(x, V.splat(0))));
    }
    ds += STEP;
    slope += STEP;
  }
}

/**
 * `out[s, ·] += Σₜ tile[s][t] x[t, ·]` for n keys and rows of `width`, t < rows. If `causal`, `last` is the last key that the tile's first
 * query sees: a chunk of keys starts at the first eight queries that see any of it. `aux` holds rows · 8.
 */
function addRows(out: usize, tile: usize, x: usize, n: i32, rows: i32, width: i32, causal: bool, last: i32, aux: usize): void {
  const line = Bytes.of(width);
  const chunk = causal ? CHUNK : n;
  for (let c = 0; c < width; c += 8) {
    const columns = min(8, width - c);
    let b = x + Bytes.of(c);
    let bStep = line;
    if (columns < 8) {
      weaveEight(aux, 32, b, columns, rows, 1, width);
      b = aux;
      bStep = 32;
    }
    for (let s = 0; s < n; s += chunk) {
      const start = causal ? max(0, s - last) & -8 : 0;
      if (start >= rows) break;
      const from = b + <usize>start * bStep;
      const to = out + <usize>s * line + Bytes.of(c);
      stripRows(to, line, 4, tile + <usize>s * STEP + Bytes.of(start), STEP, from, bStep, rows - start, min(chunk, n - s), columns, true);
    }
  }
}

/**
 * Gradients of `scaledDotProductAttention` from `g`, that of its result `y`, and from the `tops` and `shares` that it left: `dq`, `dk`,
 * `dv`, `dbias` [·, queries, keys] of every head (or 0), and `ddistances` (or 0) of every head, with a row for each query where `distances` has one. `gSums` (or 0) is the gradient of the sums by distance that `scaledDotProductWeights` gave. With w the weights and x = g[t] · v[s], that of a score is `w (x − g[t] ·
 * y[t])`. The query heads that share keys add to `dk` and `dv` one after the other; rows from `keys` on get 0. Handles the heads of keys
 * from `from` up to `to`. `scratch` holds 12,800 + 136 · width + 64 · valueWidth + queries · (2 · width + valueWidth + 3) elements, with
 * queries rounded up to eights and widths to fours.
 */
export function scaledDotProductAttentionBackward(
  dq: usize,
  dk: usize,
  dv: usize,
  dbias: usize,
  ddistances: usize,
  g: usize,
  y: usize,
  gSums: usize,
  sums: usize,
  tops: usize,
  shares: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  bias: usize,
  distances: usize,
  places: usize,
  queries: i32,
  keys: i32,
  width: i32,
  valueWidth: i32,
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
  const tall = (width + 3) & -4;
  const all = (queries + 7) & -8;
  const w = scratch;
  const ds = w + Bytes.of(TILE * TILE);
  const slope = ds + Bytes.of(TILE * TILE);
  const aux = slope + Bytes.of(TILE * TILE);
  const row = aux + Bytes.of(TILE * 8);
  const ks = row + Bytes.of(8 * tall);
  const vs = ks + Bytes.of(TILE * width);
  const kColumns = vs + Bytes.of(TILE * valueWidth);
  const top = kColumns + Bytes.of(TILE * tall);
  const share = top + Bytes.of(all);
  const inner = share + Bytes.of(all);
  const qs = inner + Bytes.of(all);
  const gs = qs + Bytes.of(all * width);
  const dqs = gs + Bytes.of(all * valueWidth);
  const lies = tall == width;
  const open = mask == 0 && before >= FAR && after >= FAR;
  const later = after < FAR && pace == 1;
  const line0 = max(1, span); // elements of a row of gradients by distance
  const distanceRow = distanceQuery == 0 ? 0 : line0;
  for (let source = from; source < to; source++) {
    const at = Bytes.of(source * capacity);
    const kHead = k + at * <usize>width;
    const vHead = v + at * <usize>valueWidth;
    const dkHead = dk + at * <usize>width;
    const dvHead = dv + at * <usize>valueWidth;
    const finite = open || allFinite(kHead, keys * width);
    memory.fill(dkHead, 0, Bytes.of(capacity * width));
    memory.fill(dvHead, 0, Bytes.of(capacity * valueWidth));
    for (let head = source * group; head < (source + 1) * group; head++) {
      const row0 = head * queries;
      const qHead = q + Bytes.of(row0 * width);
      const gHead = g + Bytes.of(row0 * valueWidth);
      const dbiasHead = dbias + Bytes.of(row0) * <usize>keys;
      const maskHead0 = mask + Bytes.of((head / heads) * maskBatch + (head % heads) * maskHead);
      const biasHead0 = bias + Bytes.of((head / heads) * biasBatch + (head % heads) * biasHead);
      const distances0 = distances + Bytes.of((head / heads) * distanceBatch + (head % heads) * distanceHead);
      const distanceRows = distanceQuery == 0 ? 1 : queries;
      const ddistances0 = ddistances + Bytes.of(head * line0) * <usize>distanceRows;
      if (ddistances) memory.fill(ddistances0, 0, Bytes.of(line0) * <usize>distanceRows);
      const place = placeOf(places, head / heads, queries, keys, pace);
      packQueries(qs, qHead, queries, width, scale * LOG2E);
      packQueries(gs, gHead, queries, valueWidth, 1);
      memory.fill(top, 0, 3 * Bytes.of(all));
      memory.copy(top, tops + Bytes.of(row0), Bytes.of(queries));
      memory.copy(share, shares + Bytes.of(row0), Bytes.of(queries));
      const line = Bytes.of(valueWidth);
      for (let t = 0; t < queries; t++) {
        let dot = sumOfPairs<Product>(gHead + <usize>t * line, y + Bytes.of(row0 * valueWidth) + <usize>t * line, valueWidth, 0);
        const row = Bytes.of(row0 + t) * <usize>span;
        if (gSums) dot += sumOfPairs<Product>(gSums + row, sums + row, span, 0);
        store<f32>(inner + Bytes.of(t), dot);
      }
      memory.fill(dqs, 0, Bytes.of(all * tall));
      if (dbias) memory.fill(dbiasHead, 0, Bytes.of(queries) * <usize>keys);
      for (let base = 0; base < keys; base += TILE) {
        let n = min(TILE, keys - base);
        if (mask != 0 && maskQuery == 0) n = trimmed(maskHead0 + Bytes.of(base * maskKey), maskKey, n);
        if (n == 0) continue;
        const kTile = kHead + Bytes.of(base * width);
        packRows(ks, kTile, n, width, width, 1);
        packRows(vs, vHead + Bytes.of(base * valueWidth), n, valueWidth, valueWidth, 1);
        if (!lies) packRows(kColumns, kTile, width, n, 1, width);
        const a = lies ? kTile : kColumns;
        const aPanel = lies ? <usize>16 : Bytes.of(4 * n);
        const aStep = lies ? Bytes.of(width) : <usize>16;
        for (let first = 0; first < queries; first += TILE) {
          const rows = min(TILE, queries - first);
          const firstHere = place + first * pace - base; // the place of the first query in the tile of keys
          const sees = firstHere + after;
          if (sees + rows <= 0 || firstHere - before >= n) continue;
          for (let i = 0; i < rows; i += 8) {
            const lines = min(8, rows - i);
            const here = firstHere + i * pace;
            const above = max(0, min(n, here + after + lines));
            const seen = here - before < above ? above : 0;
            const wHere = w + Bytes.of(i);
            const dsHere = ds + Bytes.of(i);
            const slopeHere = slope + Bytes.of(i);
            const t = first + i;
            clearEight(wHere, STEP, seen, n);
            clearEight(dsHere, STEP, seen, n);
            if (seen == 0) continue;
            const origin = zero - here;
            scores(
              wHere,
              STEP,
              true,
              ks,
              qs + Bytes.of(t * width),
              width,
              seen,
              lines,
              here + after,
              here - before,
              pace,
              cap * LOG2E,
              slopeHere,
              bias == 0 ? 0 : biasHead0 + Bytes.of(t * biasQuery + base * biasKey),
              biasQuery,
              biasKey,
              distances == 0 ? 0 : distances0 + Bytes.of(t * distanceQuery),
              distanceQuery,
              span,
              origin,
              mask == 0 ? 0 : maskHead0 + Bytes.of(t * maskQuery + base * maskKey),
              maskQuery,
              maskKey,
              aux,
            );
            weights(wHere, STEP, seen, top + Bytes.of(t), share + Bytes.of(t));
            strip(dsHere, STEP, 4, vs, Bytes.of(4 * valueWidth), 16, gs + Bytes.of(t * valueWidth), 32, valueWidth, seen, 8, false);
            if (gSums) {
              const from = gSums + Bytes.of(row0 + t) * <usize>span;
              addDistances(dsHere, STEP, from, lines, seen, span, span, origin, pace, 1, aux);
            }
            slopes(dsHere, wHere, seen, inner + Bytes.of(t));
            if (dbias) transposeOut(dbiasHead + Bytes.of(t) * <usize>keys + Bytes.of(base), keys, dsHere, TILE, lines, seen);
            if (ddistances) {
              const to = ddistances0 + Bytes.of(t * distanceRow);
              gatherDistances(to, dsHere, STEP, lines, seen, distanceRow, span, origin, pace);
            }
            if (cap > 0) dampen(dsHere, slopeHere, seen);
            const sum = dqs + Bytes.of(t * tall);
            if (finite) strip(sum, 32, 4, a, aPanel, aStep, dsHere, STEP, seen, tall, 8, true);
            else guardedStrip(sum, a, aPanel, aStep, dsHere, STEP, seen, tall);
          }
          addRows(dvHead + Bytes.of(base * valueWidth), w, gHead + Bytes.of(first * valueWidth), n, rows, valueWidth, later, sees, aux);
          addRows(dkHead + Bytes.of(base * width), ds, qHead + Bytes.of(first * width), n, rows, width, later, sees, aux);
        }
      }
      mapWith<Times>(dqs, dqs, all * tall, scale, 0);
      for (let t = 0; t < queries; t += 8) {
        unweaveEight(dq + Bytes.of((row0 + t) * width), dqs + Bytes.of(t * tall), min(8, queries - t), width, row);
      }
    }
    mapWith<Times>(dkHead, dkHead, keys * width, scale, 0);
  }
}
