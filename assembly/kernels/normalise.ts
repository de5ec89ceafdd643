import { Lane, mapWith } from "../loops/map";
import { addRow, PairLane, sumOf, sumOfPairs, sumRow } from "../loops/rows";
import { V } from "../simd/lanes";

/** `(x − a)²`. */
class Spread extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    const d = f32x4.sub(x, a);
    return f32x4.mul(d, d);
  }
}

/** `(x − a) · b`. */
class Standard extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return f32x4.mul(f32x4.sub(x, a), b);
  }
}

/** `(x − mean) · rstd · weight + bias`, four lanes. */
class Affine {
  @inline static of(x: v128, mean: v128, rstd: v128, weight: v128, bias: v128): v128 {
    return V.madd(f32x4.mul(f32x4.sub(x, mean), rstd), weight, bias);
  }
}

function affineRow(out: usize, x: usize, weight: usize, bias: usize, n: i32, mean: f32, rstd: f32): void {
  const m = V.splat(mean);
  const s = V.splat(rstd);
  let i = 0;
  for (; i <= n - 4; i += 4) {
    const b = bias != 0 ? V.load(bias + ((<usize>i) << 2)) : V.splat(0);
    V.store(out, Affine.of(V.load(x), m, s, V.load(weight), b));
    out += 16;
    x += 16;
    weight += 16;
  }
  const rest = n - i;
  if (rest == 0) return;
  const b = bias != 0 ? V.loadTail(bias + ((<usize>i) << 2), rest) : V.splat(0);
  V.storeTail(out, Affine.of(V.loadTail(x, rest), m, s, V.loadTail(weight, rest), b), rest);
}

/**
 * In each row `out = (x − mean) · rstd · weight + bias`; it also writes `mean[r]` and `rstd[r]` = 1/√(Σ (x − mean)² / n + eps) (Ba, Kiros
 * and Hinton 2016, "Layer normalization", eq. 4). `weight` and `bias` may be absent. n = 0 writes nothing.
 */
export function layerNorm(out: usize, mean: usize, rstd: usize, x: usize, weight: usize, bias: usize, rows: i32, n: i32, eps: f32): void {
  if (n == 0) return;
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const m = sumRow(x, n) / <f32>n;
    const s: f32 = 1 / sqrt<f32>(sumOf<Spread>(x, n, m, 0) / <f32>n + eps);
    store<f32>(mean, m);
    store<f32>(rstd, s);
    if (weight != 0) {
      affineRow(out, x, weight, bias, n, m, s);
    } else {
      mapWith<Standard>(out, x, n, m, s);
      if (bias != 0) addRow(out, bias, n);
    }
    out += width;
    x += width;
    mean += 4;
    rstd += 4;
  }
}

/** One row's share: `dweight += g · (x − mean) · rstd`. */
function weightRow(dweight: usize, g: usize, x: usize, n: i32, mean: f32, rstd: f32): void {
  const m = V.splat(mean);
  const s = V.splat(rstd);
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(dweight, V.madd(V.load(g), f32x4.mul(f32x4.sub(V.load(x), m), s), V.load(dweight)));
    dweight += 16;
    g += 16;
    x += 16;
  }
  const rest = n - i;
  if (rest == 0) return;
  const unit = f32x4.mul(f32x4.sub(V.loadTail(x, rest), m), s);
  V.storeTail(dweight, V.madd(V.loadTail(g, rest), unit, V.loadTail(dweight, rest)), rest);
}

/** `g · weight` into `out`, or `g` itself without a `weight`. */
function scaledRow(out: usize, g: usize, weight: usize, n: i32): void {
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, weight != 0 ? f32x4.mul(V.load(g), V.load(weight + ((<usize>i) << 2))) : V.load(g));
    out += 16;
    g += 16;
  }
  const rest = n - i;
  if (rest == 0) return;
  const y = V.loadTail(g, rest);
  V.storeTail(out, weight != 0 ? f32x4.mul(y, V.loadTail(weight + ((<usize>i) << 2), rest)) : y, rest);
}

/** `h · (x − a)`. */
class Along extends PairLane {
  @inline at(h: v128, x: v128, a: v128): v128 {
    return f32x4.mul(h, f32x4.sub(x, a));
  }
}

/** `(h − a − (x − mean) · b) · rstd` over `h` in place. */
function slopeRow(h: usize, x: usize, n: i32, mean: f32, rstd: f32, a: f32, b: f32): void {
  const m = V.splat(mean);
  const s = V.splat(rstd);
  const p = V.splat(a);
  const q = V.splat(b);
  let i = 0;
  for (; i <= n - 4; i += 4) {
    const d = f32x4.mul(f32x4.sub(V.load(x), m), q);
    V.store(h, f32x4.mul(f32x4.sub(f32x4.sub(V.load(h), p), d), s));
    h += 16;
    x += 16;
  }
  const rest = n - i;
  if (rest == 0) return;
  const d = f32x4.mul(f32x4.sub(V.loadTail(x, rest), m), q);
  V.storeTail(h, f32x4.mul(f32x4.sub(f32x4.sub(V.loadTail(h, rest), p), d), s), rest);
}

/**
 * With x̂ = (x − mean) · rstd and h = g · weight: `dx = rstd · (h − ⟨h⟩ − x̂ ⟨h x̂⟩)`, ⟨⟩ the mean of a row; `dweight = Σ g x̂` and
 * `dbias = Σ g` over rows, in order. `weight`, `dweight` and `dbias` may be absent.
 */
export function layerNormBackward(
  dx: usize,
  dweight: usize,
  dbias: usize,
  g: usize,
  x: usize,
  weight: usize,
  mean: usize,
  rstd: usize,
  rows: i32,
  n: i32,
): void {
  const width = (<usize>n) << 2;
  if (dweight != 0) memory.fill(dweight, 0, width);
  if (dbias != 0) memory.fill(dbias, 0, width);
  for (let r = 0; r < rows; r++) {
    const m = load<f32>(mean);
    const s = load<f32>(rstd);
    if (dweight != 0) weightRow(dweight, g, x, n, m, s);
    if (dbias != 0) addRow(dbias, g, n);
    scaledRow(dx, g, weight, n);
    const level = sumRow(dx, n) / <f32>n;
    const along = (sumOfPairs<Along>(dx, x, n, m) / <f32>n) * s * s;
    slopeRow(dx, x, n, m, s, level, along);
    dx += width;
    g += width;
    x += width;
    mean += 4;
    rstd += 4;
  }
}

/**
 * In each row `out = x · rstd · weight`, with `rstd[r]` = 1/√(Σ x² / n + eps) written too (Zhang and Sennrich 2019, "Root mean square layer
 * normalization", eq. 4): a layer norm about 0. `weight` may be absent. n = 0 writes nothing.
 */
export function rmsNorm(out: usize, rstd: usize, x: usize, weight: usize, rows: i32, n: i32, eps: f32): void {
  if (n == 0) return;
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const s: f32 = 1 / sqrt<f32>(sumOf<Spread>(x, n, 0, 0) / <f32>n + eps);
    store<f32>(rstd, s);
    if (weight != 0) affineRow(out, x, weight, 0, n, 0, s);
    else mapWith<Standard>(out, x, n, 0, s);
    out += width;
    x += width;
    rstd += 4;
  }
}

/** With x̂ = x · rstd and h = g · weight: `dx = rstd · (h − x̂ ⟨h x̂⟩)`; `dweight = Σ g x̂` over rows, in order. `weight` and `dweight` may be absent. */
export function rmsNormBackward(dx: usize, dweight: usize, g: usize, x: usize, weight: usize, rstd: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  if (dweight != 0) memory.fill(dweight, 0, width);
  for (let r = 0; r < rows; r++) {
    const s = load<f32>(rstd);
    if (dweight != 0) weightRow(dweight, g, x, n, 0, s);
    scaledRow(dx, g, weight, n);
    slopeRow(dx, x, n, 0, s, 0, (sumOfPairs<Along>(dx, x, n, 0) / <f32>n) * s * s);
    dx += width;
    g += width;
    x += width;
    rstd += 4;
  }
}
