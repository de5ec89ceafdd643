import { Lane, mapWith } from "../loops/map";
import { Part } from "../loops/part";
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

/** Rows whose shares of a weight's gradient are added while its eight sums stay in registers. */
const RUN: i32 = 32;

class Place {
  /** `p + at`, or 0 where nothing is at `p`. */
  @inline static of(p: usize, at: usize): usize {
    return p != 0 ? p + at : 0;
  }

  /** What is at `p`, or 0 at the first row. */
  @inline static begun(p: usize, rest: i32, first: bool): v128 {
    return p == 0 || first ? V.splat(0) : Part.load(p, rest);
  }
}

/** `dweight += Σ g · (x − mean) · rstd` and `dbias += Σ g` over `rows`, `step` bytes apart, in up to eight columns; from 0 if `first`. */
function addColumns(
  dweight: usize,
  dbias: usize,
  g: usize,
  x: usize,
  mean: usize,
  rstd: usize,
  rows: i32,
  step: usize,
  columns: i32,
  first: bool,
): void {
  const more = columns > 4;
  const rest = columns - 4;
  let w0 = Place.begun(dweight, columns, first);
  let b0 = Place.begun(dbias, columns, first);
  let w1 = more ? Place.begun(Place.of(dweight, 16), rest, first) : w0;
  let b1 = more ? Place.begun(Place.of(dbias, 16), rest, first) : b0;
  for (let r = 0; r < rows; r++) {
    const m = mean != 0 ? V.broadcast(mean + ((<usize>r) << 2)) : V.splat(0);
    const s = V.broadcast(rstd);
    const g0 = Part.load(g, columns);
    w0 = V.madd(g0, f32x4.mul(f32x4.sub(Part.load(x, columns), m), s), w0);
    b0 = f32x4.add(b0, g0);
    if (more) {
      const g1 = Part.load(g + 16, rest);
      w1 = V.madd(g1, f32x4.mul(f32x4.sub(Part.load(x + 16, rest), m), s), w1);
      b1 = f32x4.add(b1, g1);
    }
    rstd += 4;
    g += step;
    x += step;
  }
  if (dweight != 0) Part.store(dweight, w0, columns);
  if (dbias != 0) Part.store(dbias, b0, columns);
  if (!more) return;
  if (dweight != 0) Part.store(dweight + 16, w1, rest);
  if (dbias != 0) Part.store(dbias + 16, b1, rest);
}

/**
 * Gradients of the weight and bias of a norm of rows: `dweight = Σ g · (x − mean) · rstd` and `dbias = Σ g` over rows, in order, for columns `from` to
 * `to` of `n`. `dweight` and `dbias` may be absent; an absent `mean` is 0.
 */
export function normWeightBackward(
  dweight: usize,
  dbias: usize,
  g: usize,
  x: usize,
  mean: usize,
  rstd: usize,
  rows: i32,
  n: i32,
  from: i32,
  to: i32,
): void {
  const step = (<usize>n) << 2;
  for (let first = 0; first == 0 || first < rows; first += RUN) {
    const line = (<usize>first) << 2;
    const start = line * <usize>n;
    for (let j = from; j < to; j += 8) {
      const at = (<usize>j) << 2;
      const here = start + at;
      const m = Place.of(mean, line);
      addColumns(
        Place.of(dweight, at),
        Place.of(dbias, at),
        g + here,
        x + here,
        m,
        rstd + line,
        min(RUN, rows - first),
        step,
        min(8, to - j),
        first == 0,
      );
    }
  }
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

/** `dx = rstd · (h − ⟨h⟩ − x̂ ⟨h x̂⟩)` of each row, h = g · weight and x̂ = (x − mean) · rstd, ⟨⟩ the mean; without `mean` both means are of 0. */
function slopes(dx: usize, g: usize, x: usize, weight: usize, mean: usize, rstd: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const m: f32 = mean != 0 ? load<f32>(mean + ((<usize>r) << 2)) : 0;
    const s = load<f32>(rstd);
    scaledRow(dx, g, weight, n);
    const level: f32 = mean != 0 ? sumRow(dx, n) / <f32>n : 0;
    const along = (sumOfPairs<Along>(dx, x, n, m) / <f32>n) * s * s;
    slopeRow(dx, x, n, m, s, level, along);
    dx += width;
    g += width;
    x += width;
    rstd += 4;
  }
}

/** With x̂ = (x − mean) · rstd and h = g · weight: `dx = rstd · (h − ⟨h⟩ − x̂ ⟨h x̂⟩)`, ⟨⟩ the mean of a row. `weight` may be absent. */
export function layerNormBackward(dx: usize, g: usize, x: usize, weight: usize, mean: usize, rstd: usize, rows: i32, n: i32): void {
  slopes(dx, g, x, weight, mean, rstd, rows, n);
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

/** With x̂ = x · rstd and h = g · weight: `dx = rstd · (h − x̂ ⟨h x̂⟩)`. `weight` may be absent. */
export function rmsNormBackward(dx: usize, g: usize, x: usize, weight: usize, rstd: usize, rows: i32, n: i32): void {
  slopes(dx, g, x, weight, 0, rstd, rows, n);
}
