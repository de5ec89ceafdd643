import { V } from "./lanes";

// 1.5 · 2²³: added to |x| < 2²², it leaves round(x) in the low bits of the sum.
const ROUND: f32 = 12582912;

/** `e^x` of four lanes. */
export class Exp {
  /**
   * x = k ln 2 + r with |r| ≤ ln 2 / 2, ln 2 in two parts (Cody and Waite 1980), e^x = 2^k (1 + r + r² p(r)), p from
   * scripts/coefficients.py (`exp`). 2^k in two factors, so that results underflow gradually and overflow to infinity.
   */
  @inline static of(x: v128): v128 {
    const t = f32x4.pmax(f32x4.pmin(x, V.splat(89)), V.splat(-104));
    // Low bits of h: ⌊k/2⌉ + 127; of n: k + 254.
    const h = f32x4.add(f32x4.mul(t, V.splat(0.72134752)), V.splat(ROUND + 127));
    const n = f32x4.add(f32x4.mul(t, V.splat(1.44269504)), V.splat(ROUND + 254));
    const y = Exp.reduced(t, f32x4.sub(n, V.splat(ROUND + 254)));
    const halved = f32x4.mul(y, i32x4.shl(h, 23));
    return f32x4.mul(halved, i32x4.shl(i32x4.sub(n, h), 23));
  }

  /** `e^(x - k ln 2)`, k a whole number. */
  @inline static reduced(x: v128, k: v128): v128 {
    const r = Exp.rest(x, k);
    const p = Exp.tail(r);
    return f32x4.add(V.splat(1), V.madd(f32x4.mul(r, r), p, r));
  }

  /** `x - k ln 2`. */
  @inline static rest(x: v128, k: v128): v128 {
    const high = f32x4.sub(x, f32x4.mul(k, V.splat(0.693359375)));
    return f32x4.sub(high, f32x4.mul(k, V.splat(-2.12194442e-4)));
  }

  /** `(e^r - 1 - r) / r²`. */
  @inline static tail(r: v128): v128 {
    let p = V.madd(V.splat(1.38210447e-3), r, V.splat(8.368674666e-3));
    p = V.madd(p, r, V.splat(4.166826233e-2));
    p = V.madd(p, r, V.splat(1.666652113e-1));
    return V.madd(p, r, V.splat(4.999999404e-1));
  }
}

/** `e^(-x)` and `e^(-x) - 1` of four lanes, x in [0, 87]: what tanh, sigmoid and erf are made of. */
export class ExpNegative {
  @inline static of(x: v128): v128 {
    const n = f32x4.add(f32x4.mul(x, V.splat(-1.44269504)), V.splat(ROUND + 127));
    const y = Exp.reduced(f32x4.neg(x), f32x4.sub(n, V.splat(ROUND + 127)));
    return f32x4.mul(y, i32x4.shl(n, 23));
  }

  /** `e^(-x) - 1` = s (r + r² p(r)) + (s - 1) with s = 2^k. */
  @inline static minusOne(x: v128): v128 {
    const n = f32x4.add(f32x4.mul(x, V.splat(-1.44269504)), V.splat(ROUND + 127));
    const r = Exp.rest(f32x4.neg(x), f32x4.sub(n, V.splat(ROUND + 127)));
    const s = i32x4.shl(n, 23);
    let p = V.madd(V.splat(1.387064694e-3), r, V.splat(8.366258815e-3));
    p = V.madd(p, r, V.splat(4.166743532e-2));
    p = V.madd(p, r, V.splat(1.666654646e-1));
    p = V.madd(p, r, V.splat(4.999999702e-1));
    return V.madd(V.madd(f32x4.mul(r, r), p, r), s, f32x4.sub(s, V.splat(1)));
  }
}
