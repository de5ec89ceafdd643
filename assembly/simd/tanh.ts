import { Exp } from "./exp";
import { V } from "./lanes";

// As in exp.ts: what rounds, with room for an exponent.
const ROUND: f32 = 12582912;

/** `tanh x` of four lanes. */
export class Tanh {
  /**
   * x + x³ p(x²) up to 0.55, p from scripts/coefficients.py (`tanh`). Beyond, where a half is passed and the subtraction costs nothing:
   * 1 − 2s / (1 + s + q) with e^(2|x|) = (1 + q) / s, s a power of two. Then the sign of x. From 9.02 on the result rounds to 1.
   */
  @inline static of(x: v128): v128 {
    const one = V.splat(1);
    const a = f32x4.pmin(f32x4.abs(x), V.splat(9.1));
    const twice = f32x4.add(a, a);
    const n = f32x4.sub(V.splat(ROUND + 127), f32x4.mul(twice, V.splat(1.44269504)));
    const s = Exp.power(n);
    const q = Exp.fraction(Exp.rest(twice, f32x4.sub(V.splat(ROUND + 127), n)));
    const far = f32x4.sub(one, f32x4.div(f32x4.add(s, s), f32x4.add(f32x4.add(one, s), q)));
    const y = v128.bitselect(Tanh.near(a), far, f32x4.lt(a, V.splat(0.55)));
    return v128.or(y, v128.and(x, V.splat(-0.0)));
  }

  @inline static near(x: v128): v128 {
    const z = f32x4.mul(x, x);
    const low = V.madd(V.splat(1.332073063e-1), z, V.splat(-3.33329469e-1));
    const high = V.madd(V.splat(1.643813774e-2), z, V.splat(-5.267213657e-2));
    return V.madd(V.madd(high, f32x4.mul(z, z), low), f32x4.mul(z, x), x);
  }
}

/** `1 / (1 + e^(-x))` of four lanes. */
export class Sigmoid {
  /**
   * With e^|x| = (1 + q) / s, s a power of two: y = s / (1 + (q + s)) below 0, 1 − y from 0 on. Nothing overflows, and small results
   * keep all their digits: s itself underflows gradually, as 2^-24 times a larger power.
   */
  @inline static of(x: v128): v128 {
    const one = V.splat(1);
    const a = f32x4.pmin(f32x4.abs(x), V.splat(104));
    const n = f32x4.sub(V.splat(ROUND + 151), f32x4.mul(a, V.splat(1.44269504)));
    const s = f32x4.mul(Exp.power(n), V.splat(5.9604645e-8));
    const q = Exp.fraction(Exp.rest(a, f32x4.sub(V.splat(ROUND + 151), n)));
    const y = f32x4.div(s, f32x4.add(one, f32x4.add(q, s)));
    return v128.bitselect(y, f32x4.sub(one, y), f32x4.lt(x, V.splat(0)));
  }
}
