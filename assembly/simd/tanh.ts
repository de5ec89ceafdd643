import { Exp } from "./exp";
import { V } from "./lanes";

// As in exp.ts: the number that rounds, with room for an exponent.
const ROUND: f32 = 12582912;

/** `tanh x` of four lanes. */
export class Tanh {
  /**
   * |x| = k ln 2 / 2 + h with 0 ≤ h < ln 2 / 2, up to rounding, and e^2h = (c + h) / (c − h) with c = h coth h, which is 1 + h² p(h²) (p
   * from scripts/coefficients.py, `coth`). With s = 2^-k the quotient (c (1 − s) + h (1 + s)) / (c (1 + s) + h (1 − s)) loses nothing near
   * 0, where it is h / c. The denominator is the numerator + 2s (c − h), so their errors cancel where the quotient is near 1. The sign of x
   * follows at the end. From 9.02 on the result rounds to 1.
   */
  @inline static of(x: v128): v128 {
    const one = V.splat(1);
    const a = f32x4.pmin(f32x4.abs(x), V.splat(9.1));
    const n = f32x4.sub(V.splat(ROUND + 127), f32x4.mul(f32x4.sub(a, V.splat(0.17)), V.splat(2.88539008)));
    const h = f32x4.sub(a, f32x4.mul(f32x4.sub(V.splat(ROUND + 127), n), V.splat(0.34657359)));
    const c = Tanh.coth(h);
    const s = Exp.power(n);
    const top = V.madd(h, f32x4.add(one, s), f32x4.mul(c, f32x4.sub(one, s)));
    const bottom = V.madd(f32x4.add(s, s), f32x4.sub(c, h), top);
    return v128.or(f32x4.div(top, bottom), v128.and(x, V.splat(-0.0)));
  }

  /** `h coth h`, |h| ≤ ln 2 / 2. */
  @inline static coth(h: v128): v128 {
    const z = f32x4.mul(h, h);
    let p = V.madd(V.splat(2.065174282e-3), z, V.splat(-2.221843973e-2));
    p = V.madd(p, z, V.splat(3.333332539e-1));
    return V.madd(p, z, V.splat(1));
  }
}

/** `1 / (1 + e^(-x))` of four lanes. */
export class Sigmoid {
  /**
   * With e^-x = (1 + q) / s, s a power of two: s / (1 + (q + s)). Nothing overflows, and small results keep all their digits: s itself
   * underflows gradually, as 2^-24 times a larger power. From 17.4 on the result rounds to 1.
   */
  @inline static of(x: v128): v128 {
    const t = f32x4.pmax(f32x4.pmin(x, V.splat(18)), V.splat(-104));
    const n = Exp.round(t, 127 + 24);
    const s = f32x4.mul(Exp.power(n), V.splat(5.9604645e-8));
    const q = Exp.fraction(Exp.opposite(t, f32x4.sub(n, V.splat(ROUND + 127 + 24))));
    return f32x4.div(s, f32x4.add(V.splat(1), f32x4.add(q, s)));
  }
}
