// Scaled dot-product attention in tiles of keys × queries: softmax with a running maximum and sum (Milakov and Gimelshein 2018; Dao et al.
// 2022), so no row of scores is as long as the keys. Eight queries are eight lanes, keys are rows: every step is lane by lane, so a query's
// bits do not depend on the others. Tiles of keys always begin at multiples of KEYS.
import { FAR } from "../loops/distances";
import { allFinite, guardedStrip, scaleEight, unweaveEight } from "../loops/eights";
import { beginQuery, endQuery, FEWEST, readTile } from "../loops/few-queries";
import { Base, Bytes, FEW, KEYS, LOG2E, packQueries, placeOf, QUERIES, scores, trimmed } from "../loops/scores";
import { strip } from "../loops/tile";
import { Exp2 } from "../simd/exp2";
import { V } from "../simd/lanes";
import { packRows } from "./matmul";

/**
 * Adds a tile of scores `[n][8]` to the running softmax: `top` is the largest so far, `total` the sum of weights relative to it, `ease` the
 * factor by which earlier sums shrink. The tile becomes weights. False if `ease` is 1 throughout.
 */
function absorb(tile: usize, n: i32, top: usize, total: usize, ease: usize): bool {
  const old0 = V.load(top);
  const old1 = V.load(top + 16);
  let m0 = old0;
  let m1 = old1;
  let p = tile;
  for (let s = 0; s < n; s++) {
    m0 = f32x4.pmax(m0, V.load(p));
    m1 = f32x4.pmax(m1, V.load(p + 16));
    p += 32;
  }
  const b0 = Base.of(m0);
  const b1 = Base.of(m1);
  let t0 = V.splat(0);
  let t1 = V.splat(0);
  for (let s = 0; s < n; s++) {
    const y0 = Exp2.of(f32x4.sub(V.load(tile), b0));
    const y1 = Exp2.of(f32x4.sub(V.load(tile + 16), b1));
    V.store(tile, y0);
    V.store(tile + 16, y1);
    t0 = f32x4.add(t0, y0);
    t1 = f32x4.add(t1, y1);
    tile += 32;
  }
  const e0 = Exp2.of(f32x4.sub(old0, b0));
  const e1 = Exp2.of(f32x4.sub(old1, b1));
  V.store(top, m0);
  V.store(top + 16, m1);
  V.store(total, f32x4.add(f32x4.mul(V.load(total), e0), t0));
  V.store(total + 16, f32x4.add(f32x4.mul(V.load(total + 16), e1), t1));
  V.store(ease, e0);
  V.store(ease + 16, e1);
  return v128.any_true(v128.or(f32x4.ne(old0, m0), f32x4.ne(old1, m1)));
}

/** `x = 1 / x` of eight, 0 for 0. */
function invertEight(x: usize): void {
  for (let half: usize = 0; half < 32; half += 16) {
    const total = V.load(x + half);
    V.store(x + half, v128.andnot(f32x4.div(V.splat(1), total), f32x4.eq(total, V.splat(0))));
  }
}

/**
 * `out[h, t] = Σₛ wₛ v[h, s]`, `w = softmax(scale · q[h, t] · k[h, s] + bias)` over the keys that the mask and the window allow; 0 if there are
 * none. `tops[h, t]` becomes the largest score over ln 2, `shares[h, t]` 1 / Σ of the weights relative to it (0 if there are none): from these
 * the weights and the gradient are computed again.
 *
 * `q` [·, queries, width], `k` [·, capacity, width] and `v` [·, capacity, valueWidth] hold consecutive heads: `heads` of `q` per example,
 * and `group` of `q` for each of `k` and `v`, of whose rows the first `keys` count. `mask` and `bias` (or 0) have strides for example, head
 * (of `q`), query and key. With `cap` above 0 the product becomes `cap · tanh(product / cap)`.
 *
 * Query t of an example is at the place `places[example] + pace · t` among the keys, by default such that the last query is at the last key. It
 * sees the keys from `before` places before its own up to `after` behind. `distances` (or 0) is added to the scores by how far the key is from the
 * query: of `span` elements the one at `zero + distance`, the ends beyond; or, with a span of 0, its one element times −|distance|.
 *
 * Handles the blocks of 64 queries from `from` up to `to`, counted across all heads. `scratch` holds 64 · (width + valueWidth + 68) + 8 ·
 * valueWidth + keys · (width + valueWidth) elements, with keys and widths rounded up to fours.
 */
export function scaledDotProductAttention(
  out: usize,
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
  const blocks = (queries + QUERIES - 1) / QUERIES;
  const tall = (valueWidth + 3) & -4;
  const tile = scratch;
  const aux = tile + Bytes.of(8 * KEYS);
  const ease = aux + Bytes.of(8 * KEYS);
  const top = ease + 32;
  const total = top + Bytes.of(QUERIES);
  const row = total + Bytes.of(QUERIES);
  const qs = row + Bytes.of(8 * tall);
  const sums = qs + Bytes.of(QUERIES * width);
  const vs = sums + Bytes.of(QUERIES * tall);
  const panels = queries > FEW;
  const lies = tall == valueWidth;
  const ks = lies ? vs : vs + Bytes.of(tall * keys);
  const vPanel = lies ? <usize>16 : Bytes.of(4 * keys);
  const vStep = lies ? Bytes.of(valueWidth) : <usize>16;
  let last = -1;
  let finite: bool = true;
  const open = mask == 0 && before >= FAR && after >= FAR;
  for (let block = from; block < to; block++) {
    const head = block / blocks;
    const first = (block - head * blocks) * QUERIES;
    const at = head * queries + first;
    const rows = min(QUERIES, queries - first);
    const source = head / group;
    const kHead = k + Bytes.of(source * capacity) * <usize>width;
    const vHead = v + Bytes.of(source * capacity) * <usize>valueWidth;
    const maskHere = mask + Bytes.of((head / heads) * maskBatch + (head % heads) * maskHead + first * maskQuery);
    const biasHere = bias + Bytes.of((head / heads) * biasBatch + (head % heads) * biasHead + first * biasQuery);
    const distancesHere = distances + Bytes.of((head / heads) * distanceBatch + (head % heads) * distanceHead + first * distanceQuery);
    if (source != last) {
      if (panels) packRows(ks, kHead, keys, width, width, 1);
      if (!lies) packRows(vs, vHead, valueWidth, keys, 1, valueWidth);
      finite = open || allFinite(vHead, keys * valueWidth);
      last = source;
    }
    const place = placeOf(places, head / heads, queries, keys, pace) + first * pace;
    if (rows <= FEWEST && finite) {
      for (let i = 0; i < rows; i++) {
        beginQuery(qs, q + Bytes.of((at + i) * width), width, scale * LOG2E, top, sums, valueWidth);
        for (let base = 0; base < keys; base += KEYS) {
          const own = place + i * pace - base; // of the query, in the tile
          const start = max(0, own - before);
          const from = base + start;
          const maskFrom = mask == 0 ? <usize>0 : maskHere + Bytes.of(i * maskQuery + from * maskKey);
          let n = min(min(KEYS, keys - base), own + after + 1) - start;
          if (mask != 0 && maskQuery == 0) n = trimmed(maskFrom, maskKey, n);
          if (n <= 0) continue;
          readTile(
            tile,
            qs,
            kHead + Bytes.of(from * width),
            vHead + Bytes.of(from * valueWidth),
            width,
            valueWidth,
            n,
            cap * LOG2E,
            bias == 0 ? 0 : biasHere + Bytes.of(i * biasQuery + from * biasKey),
            biasKey,
            distances == 0 ? 0 : distancesHere + Bytes.of(i * distanceQuery),
            span,
            zero - own + start,
            maskFrom,
            maskKey,
            top,
            sums,
          );
        }
        endQuery(out + Bytes.of((at + i) * valueWidth), tops + Bytes.of(at + i), shares + Bytes.of(at + i), top, sums, valueWidth);
      }
      continue;
    }
    packQueries(qs, q + Bytes.of(at * width), rows, width, scale * LOG2E);
    for (let t = 0; t < QUERIES; t += 4) {
      V.store(top + Bytes.of(t), V.splat(-Infinity));
      V.store(total + Bytes.of(t), V.splat(0));
    }
    memory.fill(sums, 0, Bytes.of(QUERIES * tall));
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
          zero - here + start,
          mask == 0 ? 0 : maskHere + Bytes.of(i * maskQuery + from * maskKey),
          maskQuery,
          maskKey,
          aux,
        );
        const sum = sums + Bytes.of(i * tall);
        if (absorb(tile, seen - start, top + Bytes.of(i), total + Bytes.of(i), ease)) scaleEight(sum, tall, ease);
        const a = lies ? vHead + Bytes.of(from * valueWidth) : vs + Bytes.of(4 * from);
        if (finite) strip(sum, 32, 4, a, vPanel, vStep, tile, 32, seen - start, tall, 8, true);
        else guardedStrip(sum, a, vPanel, vStep, tile, 32, seen - start, tall);
      }
    }
    for (let i = 0; i < rows; i += 8) {
      const lines = min(8, rows - i);
      invertEight(total + Bytes.of(i));
      scaleEight(sums + Bytes.of(i * tall), tall, total + Bytes.of(i));
      unweaveEight(out + Bytes.of((at + i) * valueWidth), sums + Bytes.of(i * tall), lines, valueWidth, row);
    }
    memory.copy(tops + Bytes.of(at), top, Bytes.of(rows));
    memory.copy(shares + Bytes.of(at), total, Bytes.of(rows));
  }
}
