// One query against a tile of keys, with keys as lanes: where queries are few, eight of them side by side (kernels/tiled-attention.ts) would mostly
// be zeros. Every sum has the same order as there, so a query has the same bits.
import { Exp2 } from "../simd/exp2";
import { V } from "../simd/lanes";
import { Tanh } from "../simd/tanh";
import { mapWith } from "./map";
import { Part } from "./part";
import { Base, Bytes, LOG2E, Times } from "./scores";

/** Queries of a block up to which they are taken one by one. */
export const FEWEST: i32 = 4;

class Four {
  /** `s + Σ x[·, d] q[d]` over the next four elements of four lines, which become lanes. */
  @inline static add(s: v128, k: usize, step1: usize, step2: usize, step3: usize, q: usize): v128 {
    const x0 = V.load(k);
    const x1 = V.load(k + step1);
    const x2 = V.load(k + step2);
    const x3 = V.load(k + step3);
    const low01 = V.zipLow(x0, x1);
    const low23 = V.zipLow(x2, x3);
    const high01 = V.zipHigh(x0, x1);
    const high23 = V.zipHigh(x2, x3);
    let t = V.madd(V.joinLow(low01, low23), V.broadcast(q), s);
    t = V.madd(V.joinHigh(low01, low23), V.broadcast(q + 4), t);
    t = V.madd(V.joinLow(high01, high23), V.broadcast(q + 8), t);
    return V.madd(V.joinHigh(high01, high23), V.broadcast(q + 12), t);
  }

  /** The same over the last one to three elements. */
  @inline static end(s: v128, k: usize, width: i32, lines: i32, q: usize, rest: i32): v128 {
    for (let d = 0; d < rest; d++) {
      s = V.madd(V.gather(k, width, lines), V.broadcast(q), s);
      k += 4;
      q += 4;
    }
    return s;
  }
}

/** `row[s] = k[s] · q` for the keys s < n, over ascending width. */
function dotKeys(row: usize, k: usize, q: usize, width: i32, n: i32): void {
  const step = Bytes.of(width);
  const rest = width & 3;
  const whole = width - rest;
  let s = 0;
  for (; s <= n - 8; s += 8) {
    let s0 = V.splat(0);
    let s1 = V.splat(0);
    let p = k;
    let at = q;
    for (let d = 0; d < whole; d += 4) {
      s0 = Four.add(s0, p, step, 2 * step, 3 * step, at);
      s1 = Four.add(s1, p + 4 * step, step, 2 * step, 3 * step, at);
      p += 16;
      at += 16;
    }
    if (rest) {
      s0 = Four.end(s0, p, width, 4, at, rest);
      s1 = Four.end(s1, p + 4 * step, width, 4, at, rest);
    }
    V.store(row, s0);
    V.store(row + 16, s1);
    row += 32;
    k += 8 * step;
  }
  for (; s < n; s += 4) {
    const lines = n - s;
    let s0 = V.splat(0);
    let p = k;
    let at = q;
    const last = <usize>(min(lines, 4) - 1) * step; // lines beyond the last are the last once more
    for (let d = 0; d < whole; d += 4) {
      s0 = Four.add(s0, p, min<usize>(step, last), min<usize>(2 * step, last), last, at);
      p += 16;
      at += 16;
    }
    if (rest) s0 = Four.end(s0, p, width, lines, at, rest);
    Part.store(row, s0, lines);
    row += 16;
    k += 4 * step;
  }
}

/** `row = cap · tanh(row / cap)`. */
function softenRow(row: usize, n: i32, cap: f32): void {
  const most = V.splat(cap);
  for (let s = 0; s < n; s += 4) {
    const rest = n - s;
    Part.store(row, f32x4.mul(most, Tanh.of(f32x4.div(Part.load(row, rest), most))), rest);
    row += 16;
  }
}

/** `row += bias / ln 2`. */
function addBias(row: usize, bias: usize, keyStride: i32, n: i32): void {
  const step = Bytes.of(4 * keyStride);
  const by = V.splat(LOG2E);
  for (let s = 0; s < n; s += 4) {
    const rest = n - s;
    Part.store(row, V.madd(V.gather(bias, keyStride, rest), by, Part.load(row, rest)), rest);
    row += 16;
    bias += step;
  }
}

/** What a query's distances (loops/distances.ts) add for the four keys from `origin` on. */
class FourDistances {
  @inline static at(distances: usize, span: i32, origin: i32): v128 {
    const all = i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(origin));
    if (span == 0) return f32x4.mul(f32x4.neg(V.broadcast(distances)), f32x4.convert_i32x4_s(i32x4.abs(all)));
    if (origin >= 0 && origin + 3 < span) return V.load(distances + Bytes.of(origin));
    const at = i32x4.max_s(i32x4.splat(0), i32x4.min_s(i32x4.splat(span - 1), all));
    return f32x4(
      load<f32>(distances + Bytes.of(i32x4.extract_lane(at, 0))),
      load<f32>(distances + Bytes.of(i32x4.extract_lane(at, 1))),
      load<f32>(distances + Bytes.of(i32x4.extract_lane(at, 2))),
      load<f32>(distances + Bytes.of(i32x4.extract_lane(at, 3))),
    );
  }
}

/** `row[s] += distances[origin + s] / ln 2`. */
function addDistances(row: usize, distances: usize, span: i32, origin: i32, n: i32): void {
  const by = V.splat(LOG2E);
  for (let s = 0; s < n; s += 4) {
    const rest = n - s;
    Part.store(row, V.madd(FourDistances.at(distances, span, origin + s), by, Part.load(row, rest)), rest);
    row += 16;
  }
}

/** Sets scores to −∞ where the mask is false. */
function hideOf(row: usize, mask: usize, keyStride: i32, n: i32): void {
  const step = Bytes.of(4 * keyStride);
  for (let s = 0; s < n; s += 4) {
    const rest = n - s;
    const shown = i32x4.ne(V.gather(mask, keyStride, rest), i32x4.splat(0));
    Part.store(row, v128.bitselect(Part.load(row, rest), V.splat(-Infinity), shown), rest);
    row += 16;
    mask += step;
  }
}

/**
 * Adds a tile of scores to the running softmax of one query: `state` holds the largest so far, the sum of weights relative to it, and what earlier sums shrink
 * by. The row becomes weights. False if nothing shrinks.
 */
function absorbRow(row: usize, n: i32, state: usize): bool {
  const low = V.splat(-Infinity);
  const old = V.broadcast(state);
  let m = old;
  let p = row;
  for (let s = 0; s < n; s += 4) {
    const rest = n - s;
    m = f32x4.pmax(m, rest < 4 ? V.fill(V.loadTail(p, rest), rest, low) : V.load(p));
    p += 16;
  }
  m = V.splat(V.max(m));
  const base = Base.of(m);
  let sum: f32 = 0;
  for (let s = 0; s < n; s += 4) {
    const rest = n - s;
    const y = Exp2.of(f32x4.sub(rest < 4 ? V.fill(V.loadTail(row, rest), rest, low) : V.load(row), base));
    Part.store(row, y, rest);
    sum = V.inOrder(sum, y);
    row += 16;
  }
  const ease = V.first(Exp2.of(f32x4.sub(old, base)));
  const changed = V.first(old) != V.first(m);
  store<f32>(state, V.first(m));
  store<f32>(state + 4, load<f32>(state + 4) * ease + sum);
  store<f32>(state + 8, ease);
  return changed;
}

/** `sum[d] += Σₛ w[s] v[s, d]`, d < width, each tile's sum over ascending s from 0. */
function addValues(sum: usize, v: usize, w: usize, n: i32, width: i32): void {
  const step = Bytes.of(width);
  let d = 0;
  for (; d <= width - 16; d += 16) {
    let c0 = V.splat(0);
    let c1 = V.splat(0);
    let c2 = V.splat(0);
    let c3 = V.splat(0);
    let p = v;
    for (let s = 0; s < n; s++) {
      const x = V.broadcast(w + Bytes.of(s));
      c0 = V.madd(V.load(p), x, c0);
      c1 = V.madd(V.load(p + 16), x, c1);
      c2 = V.madd(V.load(p + 32), x, c2);
      c3 = V.madd(V.load(p + 48), x, c3);
      p += step;
    }
    V.store(sum, f32x4.add(V.load(sum), c0));
    V.store(sum + 16, f32x4.add(V.load(sum + 16), c1));
    V.store(sum + 32, f32x4.add(V.load(sum + 32), c2));
    V.store(sum + 48, f32x4.add(V.load(sum + 48), c3));
    sum += 64;
    v += 64;
  }
  for (; d < width; d += 8) {
    const rest = width - d;
    let c0 = V.splat(0);
    let c1 = V.splat(0);
    let p = v;
    for (let s = 0; s < n; s++) {
      const x = V.broadcast(w + Bytes.of(s));
      c0 = V.madd(Part.load(p, rest), x, c0);
      if (rest > 4) c1 = V.madd(Part.load(p + 16, rest - 4), x, c1);
      p += step;
    }
    Part.store(sum, f32x4.add(Part.load(sum, rest), c0), rest);
    if (rest > 4) Part.store(sum + 16, f32x4.add(Part.load(sum + 16, rest - 4), c1), rest - 4);
    sum += 32;
    v += 32;
  }
}

/** A query, ready: `q` becomes it times `scale`, nothing is summed up. */
export function beginQuery(q: usize, from: usize, width: i32, scale: f32, state: usize, sum: usize, valueWidth: i32): void {
  mapWith<Times>(q, from, width, scale, 0);
  store<f32>(state, -Infinity);
  store<f32>(state + 4, 0);
  memory.fill(sum, 0, Bytes.of(valueWidth));
}

/**
 * Takes in a tile of `n` keys. `cap` is softcap / ln 2, or 0; `bias` and `mask` (0: none) point to the first key, the distance of which stands at `origin`
 * of `distances` (0: none). `row` holds n.
 */
export function readTile(
  row: usize,
  q: usize,
  k: usize,
  v: usize,
  width: i32,
  valueWidth: i32,
  n: i32,
  cap: f32,
  bias: usize,
  biasKey: i32,
  distances: usize,
  span: i32,
  origin: i32,
  mask: usize,
  maskKey: i32,
  state: usize,
  sum: usize,
): void {
  dotKeys(row, k, q, width, n);
  if (cap > 0) softenRow(row, n, cap);
  if (bias) addBias(row, bias, biasKey, n);
  if (distances) addDistances(row, distances, span, origin, n);
  if (mask) hideOf(row, mask, maskKey, n);
  if (absorbRow(row, n, state)) mapWith<Times>(sum, sum, valueWidth, load<f32>(state + 8), 0);
  addValues(sum, v, row, n, valueWidth);
}

/** Writes what a query read, `1 / Σ` of its weights and its largest score. */
export function endQuery(out: usize, top: usize, share: usize, state: usize, sum: usize, valueWidth: i32): void {
  const total = load<f32>(state + 4);
  const part: f32 = total == 0 ? 0 : 1 / total;
  mapWith<Times>(out, sum, valueWidth, part, 0);
  store<f32>(top, load<f32>(state));
  store<f32>(share, part);
}
