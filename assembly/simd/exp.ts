import { V } from "./lanes";

// 1.5 · 2²³: added to |x| < 2²², it leaves round(x) in the low bits of the sum.
const ROUND: f32 = 12582912;

/**
 * `e^x` of four lanes, with the steps that sigmoid and erf share: x = k ln 2 + r with |r| ≤ ln 2 / 2, where ln 2 has two parts and k times
 * the first is exact (Cody and Waite 1980); e^x = 2^k (1 + q(r)), q(r) = e^r − 1.
 */
export class Exp {
  @inline static of(x: v128): v128 {
    const t = f32x4.pmax(f32x4.pmin(x, V.splat(89)), V.splat(-104));
    // 2^k in two factors, so that results underflow gradually and overflow to infinity. Low bits of n: k + 254; of h: half of that.
    const n = Exp.round(t, 254);
    const q = Exp.fraction(Exp.rest(t, f32x4.sub(n, V.splat(ROUND + 254))));
    const h = i32x4.shr_s(n, 1);
    const half = f32x4.mul(f32x4.add(V.splat(1), q), i32x4.shl(h, 23));
    return f32x4.mul(half, i32x4.shl(i32x4.sub(n, h), 23));
  }

  /** `e^x` for −∞ ≤ x ≤ 70 (NaN for NaN), a quarter faster. The bits are those of {@link of}. */
  @inline static upTo70(x: v128): v128 {
    return Exp.ofNegative(f32x4.pmax(x, V.splat(-104)));
  }

  /** The same for -104 ≤ x. */
  @inline static ofNegative(x: v128): v128 {
    return f32x4.mul(Exp.scaled(x), V.splat(5.9604645e-8));
  }

  /** `2²⁴ e^x` for -104 ≤ x ≤ 70: no result is below the smallest normal number. */
  @inline static scaled(x: v128): v128 {
    const n = Exp.round(x, 127 + 24);
    const q = Exp.fraction(Exp.rest(x, f32x4.sub(n, V.splat(ROUND + 127 + 24))));
    return f32x4.mul(f32x4.add(V.splat(1), q), Exp.power(n));
  }

  /** `round(x / ln 2) + bias` in the low bits of the lanes; minus `ROUND + bias` it is the k of {@link rest}. */
  @inline static round(x: v128, bias: f32): v128 {
    return f32x4.add(f32x4.mul(x, V.splat(1.44269504)), V.splat(ROUND + bias));
  }

  /** 2^(i − 127) from the low bits i of the lanes. */
  @inline static power(n: v128): v128 {
    return i32x4.shl(n, 23);
  }

  /** `x − k ln 2`. */
  @inline static rest(x: v128, k: v128): v128 {
    const high = f32x4.sub(x, f32x4.mul(k, V.splat(0.693359375)));
    return f32x4.sub(high, f32x4.mul(k, V.splat(-2.12194442e-4)));
  }

  /** `k ln 2 − x`. */
  @inline static opposite(x: v128, k: v128): v128 {
    const high = f32x4.sub(f32x4.mul(k, V.splat(0.693359375)), x);
    return f32x4.add(high, f32x4.mul(k, V.splat(-2.12194442e-4)));
  }

  /** `e^r − 1 = r + r² p(r)`, |r| ≤ ln 2 / 2; p from scripts/coefficients.py (`expm1`), summed in pairs for a short chain. */
  @inline static fraction(r: v128): v128 {
    const z = f32x4.mul(r, r);
    const low = V.madd(V.splat(1.666654646e-1), r, V.splat(4.999999702e-1));
    let high = V.madd(V.splat(8.366258815e-3), r, V.splat(4.166743532e-2));
    high = V.madd(V.splat(1.387064694e-3), z, high);
    return V.madd(V.madd(high, z, low), z, r);
  }
}
