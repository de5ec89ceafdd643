// Element i of a draw depends only on the key and the counter (0, start + i), not on the length or its neighbours. `start` is the number of
// elements drawn before: 0, or the beginning of a part of a draw.
import { Part } from "../loops/part";
import { V } from "../simd/lanes";
import { Log } from "../simd/log";
import { Threefry } from "../simd/threefry";
import { Cos } from "../simd/trig";

/** Converts two words of random bits per lane to a float32. Functors have no fields: run-time parameters are p, q and r. */
abstract class Draw {
  abstract at(first: v128, second: v128, p: v128, q: v128, r: v128): v128;
}

/** `out[i] = F(words of start + i, p, q, r)` for i < n. */
function fill<F extends Draw>(out: usize, n: i32, start: i32, k0: i32, k1: i32, p: f32, q: f32, r: f32): void {
  const f = changetype<F>(0);
  const ps = V.splat(p);
  const qs = V.splat(q);
  const rs = V.splat(r);
  for (let i = 0; i < n; i += 4) {
    const first = Threefry.first(k0, k1, start + i);
    Part.store(out, f.at(first, Threefry.second(), ps, qs, rs), n - i);
    out += 16;
  }
}

class Unit {
  /** k / 2²⁴ from the upper 24 bits k: [0, 1). */
  @inline static closed(word: v128): v128 {
    return f32x4.mul(f32x4.convert_i32x4_u(i32x4.shr_u(word, 8)), V.splat(5.9604644775390625e-8));
  }

  /** (k + ½) / 2²³ from the upper 23 bits k: exact in float32, and never 0 or 1. */
  @inline static open(word: v128): v128 {
    const k = f32x4.convert_i32x4_u(i32x4.shr_u(word, 9));
    return f32x4.mul(f32x4.add(k, V.splat(0.5)), V.splat(1.1920928955078125e-7));
  }
}

class Uniform extends Draw {
  @inline at(first: v128, _second: v128, low: v128, width: v128, most: v128): v128 {
    return f32x4.pmin(most, V.madd(width, Unit.closed(first), low));
  }
}

/** The largest float32 below a finite `x`. */
function below(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  if (x == 0) return reinterpret<f32>(0x80000001);
  return reinterpret<f32>(x > 0 ? bits - 1 : bits + 1);
}

/** `out[i]` in [low, high), from 24 bits. A value that would round to `high` stays just below it. */
export function uniform(out: usize, n: i32, k0: i32, k1: i32, low: f32, high: f32, start: i32): void {
  fill<Uniform>(out, n, start, k0, k1, low, high - low, below(high));
}

class Normal extends Draw {
  @inline at(first: v128, second: v128, mean: v128, std: v128, _r: v128): v128 {
    const radius = f32x4.sqrt(f32x4.mul(V.splat(-2), Log.of(Unit.open(first))));
    const angle = f32x4.mul(Unit.closed(second), V.splat(6.283185307179586));
    return V.madd(std, f32x4.mul(radius, Cos.of(angle)), mean);
  }
}

/** `out[i] = mean + std · √(−2 ln u) cos 2πv`, u and v from the two words (Box and Muller 1958); |out − mean| ≤ 5.77 std. */
export function normal(out: usize, n: i32, k0: i32, k1: i32, mean: f32, std: f32, start: i32): void {
  fill<Normal>(out, n, start, k0, k1, mean, std, 0);
}

class Gumbel extends Draw {
  @inline at(first: v128, _second: v128, _p: v128, _q: v128, _r: v128): v128 {
    return f32x4.neg(Log.of(f32x4.neg(Log.of(Unit.open(first)))));
  }
}

/** `out[i] = −ln(−ln u)`. */
export function gumbel(out: usize, n: i32, k0: i32, k1: i32, start: i32): void {
  fill<Gumbel>(out, n, start, k0, k1, 0, 0, 0);
}

/**
 * `out[r]` int32: the index of the largest `logits[r, j] + Gumbel((start + r) n + j)`, the first among equals; −1 if no logit is above −∞.
 * So j has the probability softmax(logits[r])[j] (Gumbel 1954, "Statistical theory of extreme values", the Gumbel-max trick).
 */
export function categorical(out: usize, logits: usize, rows: i32, n: i32, k0: i32, k1: i32, start: i32): void {
  const f = changetype<Gumbel>(0);
  const none = V.splat(-Infinity);
  for (let r = 0; r < rows; r++) {
    let most = none;
    let place = i32x4.splat(-1);
    let here = i32x4(0, 1, 2, 3);
    for (let j = 0; j < n; j += 4) {
      const first = Threefry.first(k0, k1, (start + r) * n + j);
      const rest = n - j;
      let x = Part.load(logits, rest);
      x = f32x4.add(x, f.at(first, none, none, none, none));
      if (rest < 4) x = v128.bitselect(x, none, i32x4.lt_s(here, i32x4.splat(n)));
      const better = f32x4.gt(x, most);
      most = v128.bitselect(x, most, better);
      place = v128.bitselect(here, place, better);
      here = i32x4.add(here, i32x4.splat(4));
      logits += rest >= 4 ? 16 : (<usize>rest) << 2;
    }
    store<i32>(out, Best.of(most, place));
    out += 4;
  }
}

class Best {
  /** The index of the largest lane; the lowest index among equals, −1 if every lane is −∞. */
  @inline static of(most: v128, place: v128): i32 {
    const top = V.splat(V.max(most));
    // As unsigned numbers, the −1 of an untouched lane is above every index.
    const candidates = v128.or(place, v128.not(f32x4.eq(most, top)));
    const half = i32x4.min_u(candidates, V.swapHalves(candidates));
    return i32x4.extract_lane(i32x4.min_u(half, V.swapPairs(half)), 0);
  }
}

/** `out[i] = x[i] / (1 − p)` with probability 1 − p, else 0 (Srivastava et al. 2014, inverted). The gradient is the same call on `g`. */
export function dropout(out: usize, x: usize, n: i32, p: f32, k0: i32, k1: i32, start: i32): void {
  const ps = V.splat(p);
  const scale = V.splat(1 / (1 - p));
  for (let i = 0; i < n; i += 4) {
    const kept = f32x4.ge(Unit.closed(Threefry.first(k0, k1, start + i)), ps);
    Part.store(out, v128.and(kept, f32x4.mul(Part.load(x, n - i), scale)), n - i);
    out += 16;
    x += 16;
  }
}
