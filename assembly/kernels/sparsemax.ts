import { Lane, mapWith } from "../loops/map";
import { Part } from "../loops/part";
import { fold, mapPairs, PairLane, Top } from "../loops/rows";
import { V } from "../simd/lanes";

/** `max(x − a − b, 0)`; NaN stays NaN. */
class Excess extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return f32x4.pmax(f32x4.sub(f32x4.sub(x, a), b), V.splat(0));
  }
}

/** A 1 in each lane that is not 0. */
class Support {
  @inline static of(y: v128): v128 {
    return v128.and(f32x4.ne(y, V.splat(0)), V.splat(1));
  }
}

/**
 * The τ with Σ max(x − top − τ, 0) = 1, by Newton's method from below on this convex, piecewise linear sum (Michelot 1986): with k elements
 * above the threshold, τ += (Σ − 1) / k. k falls with each step but the last, so a row takes at most as many steps as it has elements. 0
 * for a row of −∞.
 */
function threshold(x: usize, n: i32, top: f32): f32 {
  const f = changetype<Excess>(0);
  const most = V.splat(top);
  let level: f32 = -1;
  let before: f32 = Infinity;
  let fell = true;
  while (fell) {
    const at = V.splat(level);
    let total = V.splat(0);
    let chosen = V.splat(0);
    for (let i = 0; i < n; i += 4) {
      const part = V.fill(Part.load(x + ((<usize>i) << 2), n - i), n - i, V.splat(-Infinity));
      const y = f.at(part, most, at);
      total = f32x4.add(total, y);
      chosen = f32x4.add(chosen, Support.of(y));
    }
    const k = V.sum(chosen);
    if (k == 0) return 0;
    level += (V.sum(total) - 1) / k;
    fell = k < before;
    before = k;
  }
  return level;
}

/**
 * `out[r, i] = max(x[r, i] − τ, 0)` with the τ that makes the row's sum 1. A row of −∞ gives zeros, a row with NaN or +∞ gives NaN.
 */
export function sparsemax(out: usize, x: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const highest = fold<Top>(x, n);
    const top: f32 = highest == -Infinity ? 0 : highest;
    mapWith<Excess>(out, x, n, top, threshold(x, n, top));
    out += width;
    x += width;
  }
}

/** `g − a` where y is not 0. */
class SparsemaxSlope extends PairLane {
  @inline at(g: v128, y: v128, a: v128): v128 {
    return v128.and(f32x4.sub(g, a), f32x4.ne(y, V.splat(0)));
  }
}

/** `dx = g − mean of g over the row's y ≠ 0` there, 0 elsewhere; y the sparsemax. */
export function sparsemaxBackward(dx: usize, g: usize, y: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    let total = V.splat(0);
    let chosen = V.splat(0);
    for (let i = 0; i < n; i += 4) {
      const at = (<usize>i) << 2;
      const weights = Part.load(y + at, n - i);
      total = f32x4.add(total, v128.and(Part.load(g + at, n - i), f32x4.ne(weights, V.splat(0))));
      chosen = f32x4.add(chosen, Support.of(weights));
    }
    mapPairs<SparsemaxSlope>(dx, g, y, n, V.sum(total) / V.sum(chosen));
    dx += width;
    g += width;
    y += width;
  }
}
