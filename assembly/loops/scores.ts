// Scores of eight queries with the keys of a tile, `tile[s][8]` as exponents of 2, in rows `step` bytes apart.
import { Exp2 } from "../simd/exp2";
import { V } from "../simd/lanes";
import { addDistances, addTile, hideEarlier, hideLater, soften } from "./distances";
import { weaveEight } from "./eights";
import { Lane, mapWith } from "./map";
import { strip, stripRows } from "./tile";

/** log2(e): scores are kept as exponents of 2. */
export const LOG2E: f32 = 1.44269504;

/** Keys in a tile. It is fixed, since it determines the order of summation. */
export const KEYS: i32 = 256;
/** Queries in a block, processed while a tile of keys is in the cache. Calls count their work in blocks. */
export const QUERIES: i32 = 64;
/** Queries of a head up to which packing its keys does not pay (measured). The bits are the same. */
export const FEW: i32 = 32;

/** Bytes of elements. */
export class Bytes {
  @inline static of(elements: i32): usize {
    return (<usize>elements) << 2;
  }
}

export class Times extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return f32x4.mul(x, a);
  }
}

/** Queries as panels `[width][8]`, times `scale`. */
export function packQueries(out: usize, q: usize, rows: i32, width: i32, scale: f32): void {
  for (let i = 0; i < rows; i += 8) {
    weaveEight(out, 32, q, rows - i, width, width, 1);
    mapWith<Times>(out, out, 8 * width, scale, 0);
    out += (<usize>width) << 5;
    q += (<usize>width) << 5;
  }
}

/** No text has a place so far away: beyond it all places are this one, so that a place and the reach of a window add up within an i32. */
const FARTHEST: i32 = 1 << 29;

/** The place of an example's first query among the keys: as it is told, or such that the last query is at the last key. */
export function placeOf(places: usize, example: i32, queries: i32, keys: i32, pace: i32): i32 {
  if (places) return max(-FARTHEST, min(FARTHEST, load<i32>(places + Bytes.of(example))));
  return pace == 0 ? keys - 1 : keys - queries;
}

/** `tile += bias / ln 2`. */
function addBias(tile: usize, step: usize, bias: usize, lines: i32, n: i32, queryStride: i32, keyStride: i32, aux: usize): void {
  weaveEight(aux, 32, bias, lines, n, queryStride, keyStride);
  addTile(tile, step, aux, n, LOG2E);
}

/** Sets scores to −∞ where a mask of keys is false. */
function hideKeys(tile: usize, step: usize, mask: usize, n: i32, keyStride: i32): void {
  for (let s = 0; s < n; s++) {
    if (load<i32>(mask) == 0) {
      V.store(tile, V.splat(-Infinity));
      V.store(tile + 16, V.splat(-Infinity));
    }
    tile += step;
    mask += (<usize>keyStride) << 2;
  }
}

/** Mask elements that decide between a score and −∞, whatever the score is: the minimum of it and of ∞ with the mask's sign. */
class Mask {
  @inline static of(mask: v128, score: v128): v128 {
    return f32x4.pmin(v128.xor(i32x4.shl(mask, 31), V.splat(-Infinity)), score);
  }
}

/** Sets scores to −∞ where a mask of queries and keys is false. */
function hide(tile: usize, step: usize, mask: usize, lines: i32, n: i32, queryStride: i32, keyStride: i32, aux: usize): void {
  weaveEight(aux, 32, mask, lines, n, queryStride, keyStride);
  for (let s = 0; s < n; s++) {
    V.store(tile, Mask.of(V.load(aux), V.load(tile)));
    V.store(tile + 16, Mask.of(V.load(aux + 16), V.load(tile + 16)));
    tile += step;
    aux += 32;
  }
}

/**
 * `tile[s][8] = (cap(k[s] · q) + bias + distances) / ln 2`, and −∞ if the mask is false or the key lies outside the window: `last` and `low` are the first
 * query's last and first key, each next query's `pace` later; s < n. `q` is a panel `[width][8]` with the scale and 1 / ln 2 included; `k` lies in
 * panels of four, or in rows where `panels` is false. `cap` is softcap / ln 2, or 0; its slopes go into `slope` (or 0). `distances` is a bias too, one
 * that goes by distance (`addDistances`). `bias`, `mask` (0: none) and `distances` point to the first query, and key; there are `lines` queries.
 * `aux` holds n · 8.
 */
export function scores(
  tile: usize,
  step: usize,
  panels: bool,
  k: usize,
  q: usize,
  width: i32,
  n: i32,
  lines: i32,
  last: i32,
  low: i32,
  pace: i32,
  cap: f32,
  slope: usize,
  bias: usize,
  biasQuery: i32,
  biasKey: i32,
  distances: usize,
  distanceQuery: i32,
  span: i32,
  origin: i32,
  mask: usize,
  maskQuery: i32,
  maskKey: i32,
  aux: usize,
): void {
  if (panels) strip(tile, step, 4, k, (<usize>width) << 4, 16, q, 32, width, n, 8, false);
  else stripRows(tile, step, 4, k, (<usize>width) << 2, q, 32, width, n, 8, false);
  if (cap > 0) soften(tile, step, n, cap, slope);
  if (bias) addBias(tile, step, bias, lines, n, biasQuery, biasKey, aux);
  if (distances) addDistances(tile, step, distances, lines, n, distanceQuery, span, origin, pace, LOG2E, aux);
  if (mask) {
    if (maskQuery == 0) hideKeys(tile, step, mask, n, maskKey);
    else hide(tile, step, mask, lines, n, maskQuery, maskKey, aux);
  }
  if (last < n - 1) hideLater(tile, step, n, last, pace);
  if (low + 7 * pace > 0) hideEarlier(tile, step, n, low, pace);
}

/** The number of the `n` keys up to the last one that a mask of keys shows. */
export function trimmed(mask: usize, keyStride: i32, n: i32): i32 {
  while (n > 0 && load<i32>(mask + ((<usize>((n - 1) * keyStride)) << 2)) == 0) n--;
  return n;
}

/** `top` where it is above −∞, else 0, so that −∞ minus it is never NaN. */
export class Base {
  @inline static of(top: v128): v128 {
    return v128.andnot(top, f32x4.eq(top, V.splat(-Infinity)));
  }
}

class Weight {
  @inline static of(x: v128, base: v128, share: v128): v128 {
    return f32x4.mul(Exp2.of(f32x4.sub(x, base)), share);
  }
}

/** Converts a tile of scores to weights, `2^(x − top) · share`; rows are `step` bytes apart. */
export function weights(tile: usize, step: usize, n: i32, top: usize, share: usize): void {
  const b0 = Base.of(V.load(top));
  const b1 = Base.of(V.load(top + 16));
  const r0 = V.load(share);
  const r1 = V.load(share + 16);
  for (let s = 0; s < n; s++) {
    V.store(tile, Weight.of(V.load(tile), b0, r0));
    V.store(tile + 16, Weight.of(V.load(tile + 16), b1, r1));
    tile += step;
  }
}
