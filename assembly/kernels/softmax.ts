import { Lane, mapWith } from "../loops/map";
import { fold, Largest, mapPairs, PairLane, sumOf, sumOfPairs, sumRow, Top } from "../loops/rows";
import { Exp } from "../simd/exp";
import { V } from "../simd/lanes";
import { Log } from "../simd/log";

/** The number subtracted from a row: its largest, or 0 if nothing is above −∞, so that −∞ − a is never NaN. */
function highest(x: usize, n: i32): f32 {
  const top = fold<Top>(x, n);
  return top == -Infinity ? 0 : top;
}

/** `e^(x − a)`. */
class ExpLess extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return Exp.upTo70(f32x4.sub(x, a));
  }
}

/** `2²⁴ e^(x − a)`, never 0: the common factor of a row saves each element a multiplication. */
class ScaledExpLess extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return Exp.scaled(f32x4.pmax(f32x4.sub(x, a), V.splat(-104)));
  }
}

class Scale extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return f32x4.mul(x, a);
  }
}

/**
 * `out[r, i] = e^(x[r, i] − m) / Σ e^(x[r, ·] − m)`, m the row's largest, computed as a product with the reciprocal of the sum. A row of −∞
 * gives zeros, a row with NaN or +∞ gives NaN.
 */
export function softmax(out: usize, x: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const top = fold<Top>(x, n);
    // The sum has its own pass: its four registers beside the exponentials would cost more than reading them again.
    mapWith<ScaledExpLess>(out, x, n, top == -Infinity ? 0 : top, 0);
    const total = sumRow(out, n);
    mapWith<Scale>(out, out, n, top == -Infinity ? total * 0 : 1 / total, 0);
    out += width;
    x += width;
  }
}

class Product extends PairLane {
  @inline at(x: v128, y: v128, a: v128): v128 {
    return f32x4.mul(x, y);
  }
}

/** `y (g − a)`. */
class SoftmaxSlope extends PairLane {
  @inline at(g: v128, y: v128, a: v128): v128 {
    return f32x4.mul(y, f32x4.sub(g, a));
  }
}

/** `dx = y · (g − Σ g·y)` in each row, y the softmax. */
export function softmaxBackward(dx: usize, g: usize, y: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    mapPairs<SoftmaxSlope>(dx, g, y, n, sumOfPairs<Product>(g, y, n, 0));
    dx += width;
    g += width;
    y += width;
  }
}

/** `ln Σ e^(x − m)`, and 0 for a row of −∞. */
function logTotal(x: usize, n: i32, m: f32): f32 {
  const total = sumOf<ExpLess>(x, n, m, 0);
  return total == 0 ? 0 : V.first(Log.of(V.splat(total)));
}

/** `(x − a) − b`: this order loses nothing if a is large. */
class Less extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return f32x4.sub(f32x4.sub(x, a), b);
  }
}

/** `out[r, i] = x[r, i] − m − ln Σ e^(x[r, ·] − m)`, m the row's largest. A row of −∞ stays −∞. */
export function logSoftmax(out: usize, x: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const m = highest(x, n);
    mapWith<Less>(out, x, n, m, logTotal(x, n, m));
    out += width;
    x += width;
  }
}

/** `g − e^y a`. */
class LogSoftmaxSlope extends PairLane {
  @inline at(g: v128, y: v128, a: v128): v128 {
    return f32x4.sub(g, f32x4.mul(Exp.upTo70(y), a));
  }
}

/** `dx = g − e^y · Σ g` in each row, y the log-softmax. */
export function logSoftmaxBackward(dx: usize, g: usize, y: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    mapPairs<LogSoftmaxSlope>(dx, g, y, n, sumRow(g, n));
    dx += width;
    g += width;
    y += width;
  }
}

/** `out[r] = m + ln Σ e^(x[r, ·] − m)`, m the row's largest; −∞ for an empty row or one of −∞, ∞ if one is ∞ and none is NaN. */
export function logSumExp(out: usize, x: usize, rows: i32, n: i32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const m = highest(x, n);
    if (m == Infinity) store<f32>(out, fold<Largest>(x, n));
    else store<f32>(out, m + V.first(Log.of(V.splat(sumOf<ExpLess>(x, n, m, 0)))));
    out += 4;
    x += width;
  }
}

/** `(x − a) − b`, and 0 where x is −∞. */
class LessOpen extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return v128.andnot(f32x4.sub(f32x4.sub(x, a), b), f32x4.eq(x, V.splat(-Infinity)));
  }
}

/** 1 where x is −∞, else 0. */
class Closed extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return v128.and(V.splat(1), f32x4.eq(x, V.splat(-Infinity)));
  }
}

/** The target that smoothing ε gives to each possible class, that is, one whose logit is above −∞. */
function shareOf(x: usize, n: i32, smoothing: f32): f32 {
  return smoothing == 0 ? 0 : smoothing / max<f32>(1, <f32>n - sumOf<Closed>(x, n, 0, 0));
}

/** Writes the loss of one row. `stats` gets m and Σ e^(x − m), which the gradient needs. */
function rowLoss(loss: usize, stats: usize, x: usize, target: i32, n: i32, smoothing: f32): void {
  const m = highest(x, n);
  const total = sumOf<ExpLess>(x, n, m, 0);
  store<f32>(stats, m);
  store<f32>(stats + 4, total);
  const level = total == 0 ? <f32>0 : V.first(Log.of(V.splat(total)));
  const rest = <f32>1 - smoothing;
  const own: f32 = rest == 0 ? 0 : rest * (level - (load<f32>(x + ((<usize>target) << 2)) - m));
  store<f32>(loss, smoothing == 0 ? own : own - shareOf(x, n, smoothing) * sumOf<LessOpen>(x, n, m, level));
}

/**
 * `loss[r] = −(1 − ε) · y[target[r]] − ε/c · Σ y` with y the {@link logSoftmax} of row r and ε the smoothing, over its c classes above −∞;
 * 0 if the target is −1. `stats` (2 per row) keeps the row's largest m and Σ e^(x − m) for {@link crossEntropyBackward}.
 */
export function crossEntropy(loss: usize, stats: usize, x: usize, target: usize, rows: i32, n: i32, smoothing: f32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const k = load<i32>(target);
    if (k < 0) store<f32>(loss, 0);
    else rowLoss(loss, stats, x, k, n, smoothing);
    loss += 4;
    stats += 8;
    x += width;
    target += 4;
  }
}

/** `e^(x − a) · b`. */
class Share extends Lane {
  @inline at(x: v128, a: v128, b: v128): v128 {
    return f32x4.mul(Exp.upTo70(f32x4.sub(x, a)), b);
  }
}

/** `y + a`, and y where x is −∞. */
class ShiftOpen extends PairLane {
  @inline at(y: v128, x: v128, a: v128): v128 {
    return f32x4.add(y, v128.andnot(a, f32x4.eq(x, V.splat(-Infinity))));
  }
}

/**
 * `dx = g[r] · (softmax(x) − ε/c where x is above −∞ − (1 − ε) at the target)` in each row, 0 if the target is −1; `stats` from {@link
 * crossEntropy}. `dx` must not be `x`.
 */
export function crossEntropyBackward(dx: usize, g: usize, x: usize, stats: usize, target: usize, rows: i32, n: i32, smoothing: f32): void {
  const width = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    const k = load<i32>(target);
    if (k < 0) {
      memory.fill(dx, 0, width);
    } else {
      const slope = load<f32>(g);
      const total = load<f32>(stats + 4);
      mapWith<Share>(dx, x, n, load<f32>(stats), total == 0 ? 0 : slope / total);
      if (smoothing != 0) mapPairs<ShiftOpen>(dx, dx, x, n, -slope * shareOf(x, n, smoothing));
      const at = dx + ((<usize>k) << 2);
      store<f32>(at, load<f32>(at) - slope * (<f32>1 - smoothing));
    }
    dx += width;
    g += 4;
    x += width;
    stats += 8;
    target += 4;
  }
}
