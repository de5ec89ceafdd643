// Norms of columns, which are the channels of images with channels last. Sums over rows go by blocks of 256, each in order, the blocks in order.

import { Part } from "../loops/part";
import { addRow } from "../loops/rows";
import { V } from "../simd/lanes";

const ROWS: i32 = 256;

/** What a row adds to the sum of each column. */
abstract class Term {
  abstract at(g: v128, x: v128, mean: v128, rstd: v128): v128;
}

class Self extends Term {
  @inline at(g: v128, x: v128, mean: v128, rstd: v128): v128 {
    return g;
  }
}

class Spread extends Term {
  @inline at(g: v128, x: v128, mean: v128, rstd: v128): v128 {
    const d = f32x4.sub(x, mean);
    return f32x4.mul(d, d);
  }
}

class Along extends Term {
  @inline at(g: v128, x: v128, mean: v128, rstd: v128): v128 {
    return f32x4.mul(g, f32x4.mul(f32x4.sub(x, mean), rstd));
  }
}

/** `total[j] = Σ F(g[r, j], x[r, j], mean[j], rstd[j])` for j < n, rows `step` bytes apart; `block` is room for n elements. */
function sums<F extends Term>(
  total: usize,
  block: usize,
  g: usize,
  x: usize,
  mean: usize,
  rstd: usize,
  rows: i32,
  step: usize,
  n: i32,
): void {
  const f = changetype<F>(0);
  const bytes = (<usize>n) << 2;
  memory.fill(total, 0, bytes);
  for (let first = 0; first < rows; first += ROWS) {
    memory.fill(block, 0, bytes);
    for (let r = min(ROWS, rows - first); r > 0; r--) {
      for (let j = 0; j < n; j += 4) {
        const at = (<usize>j) << 2;
        const rest = n - j;
        const term = f.at(Part.load(g + at, rest), Part.load(x + at, rest), Part.load(mean + at, rest), Part.load(rstd + at, rest));
        Part.store(block + at, f32x4.add(Part.load(block + at, rest), term), rest);
      }
      g += step;
      x += step;
    }
    addRow(total, block, n);
  }
}

class Optional {
  @inline static load(p: usize, at: usize, rest: i32, otherwise: f32): v128 {
    return p != 0 ? Part.load(p + at, rest) : V.splat(otherwise);
  }
}

/**
 * `out = (x − mean) · rstd · weight + bias` in each column; writes its `mean`, its `variance` Σ (x − mean)² / rows and `rstd` =
 * 1/√(variance + eps) too (Ioffe and Szegedy 2015, "Batch normalization", algorithm 1). For columns `from` to `to`. `weight` and `bias` may be absent.
 */
export function batchNorm(
  out: usize,
  mean: usize,
  variance: usize,
  rstd: usize,
  x: usize,
  weight: usize,
  bias: usize,
  rows: i32,
  n: i32,
  eps: f32,
  from: i32,
  to: i32,
): void {
  const step = (<usize>n) << 2;
  const start = (<usize>from) << 2;
  const width = to - from;
  const count = V.splat(<f32>rows);
  out += start;
  x += start;
  mean += start;
  variance += start;
  rstd += start;
  weight = weight != 0 ? weight + start : 0;
  bias = bias != 0 ? bias + start : 0;
  if (rows == 0) return;
  sums<Self>(mean, out, x, x, mean, mean, rows, step, width);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    Part.store(mean + at, f32x4.div(Part.load(mean + at, width - j), count), width - j);
  }
  sums<Spread>(variance, out, x, x, mean, mean, rows, step, width);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    const v = f32x4.div(Part.load(variance + at, width - j), count);
    Part.store(variance + at, v, width - j);
    Part.store(rstd + at, f32x4.div(V.splat(1), f32x4.sqrt(f32x4.add(v, V.splat(eps)))), width - j);
  }
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      const rest = width - j;
      const unit = f32x4.mul(f32x4.sub(Part.load(x + at, rest), Part.load(mean + at, rest)), Part.load(rstd + at, rest));
      Part.store(out + at, V.madd(unit, Optional.load(weight, at, rest, 1), Optional.load(bias, at, rest, 0)), rest);
    }
    out += step;
    x += step;
  }
}

/**
 * With x̂ = (x − mean) · rstd: `dweight = Σ g x̂`, `dbias = Σ g` and `dx = rstd · weight · (g − dbias / rows − x̂ dweight / rows)`, in each column. For columns
 * `from` to `to`. `weight` may be absent.
 */
export function batchNormBackward(
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
  from: i32,
  to: i32,
): void {
  const step = (<usize>n) << 2;
  const start = (<usize>from) << 2;
  const width = to - from;
  const share = V.splat(1 / <f32>rows);
  dx += start;
  dweight += start;
  dbias += start;
  g += start;
  x += start;
  mean += start;
  rstd += start;
  weight = weight != 0 ? weight + start : 0;
  if (rows == 0) return;
  sums<Self>(dbias, dx, g, x, mean, rstd, rows, step, width);
  sums<Along>(dweight, dx, g, x, mean, rstd, rows, step, width);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      const rest = width - j;
      const s = Part.load(rstd + at, rest);
      const unit = f32x4.mul(f32x4.sub(Part.load(x + at, rest), Part.load(mean + at, rest)), s);
      const level = f32x4.mul(V.madd(unit, Part.load(dweight + at, rest), Part.load(dbias + at, rest)), share);
      const slope = f32x4.mul(s, Optional.load(weight, at, rest, 1));
      Part.store(dx + at, f32x4.mul(slope, f32x4.sub(Part.load(g + at, rest), level)), rest);
    }
    dx += step;
    g += step;
    x += step;
  }
}
