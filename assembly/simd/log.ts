import { Exp } from "./exp";
import { V } from "./lanes";

/** `ln x` of four lanes: −∞ at ±0, NaN below 0. */
export class Log {
  /**
   * x = m 2^k with √½ ≤ m < √2, f = m − 1: ln x = k ln 2 + f − f²/2 + f³ p(f), p from scripts/coefficients.py (`log`), ln 2 in two
   * parts. Subnormals are scaled by 2²⁴ first.
   */
  @inline static of(x: v128): v128 {
    const small = f32x4.lt(x, V.splat(1.17549435e-38));
    const t = v128.bitselect(f32x4.mul(x, V.splat(16777216)), x, small);
    // The exponent of m / √½, rounded down.
    const shifted = i32x4.sub(t, i32x4.splat(0x3f3504f3));
    const exponent = i32x4.shr_s(shifted, 23);
    const f = f32x4.sub(i32x4.sub(t, i32x4.shl(exponent, 23)), V.splat(1));
    const k = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(small, V.splat(24)));
    const y = Log.reduced(f, k);
    const finite = v128.bitselect(y, x, f32x4.lt(x, V.splat(Infinity))); // ∞ and NaN are their own logarithms
    const zero = f32x4.eq(x, V.splat(0));
    const negative = f32x4.lt(x, V.splat(0));
    return v128.or(v128.bitselect(V.splat(-Infinity), finite, zero), negative);
  }

  /** `k ln 2 + ln(1 + f)`. */
  @inline static reduced(f: v128, k: v128): v128 {
    const z = f32x4.mul(f, f);
    let p = V.madd(V.splat(6.750956178e-2), f, V.splat(-1.167145297e-1));
    p = V.madd(p, f, V.splat(1.188356951e-1));
    p = V.madd(p, f, V.splat(-1.240603179e-1));
    p = V.madd(p, f, V.splat(1.422032714e-1));
    p = V.madd(p, f, V.splat(-1.666799635e-1));
    p = V.madd(p, f, V.splat(2.000207305e-1));
    p = V.madd(p, f, V.splat(-2.500000894e-1));
    p = V.madd(p, f, V.splat(3.333331347e-1));
    let y = f32x4.mul(f32x4.mul(p, f), z);
    y = V.madd(k, V.splat(-2.12194442e-4), y);
    y = f32x4.sub(y, f32x4.mul(z, V.splat(0.5)));
    return f32x4.add(f32x4.mul(k, V.splat(0.693359375)), f32x4.add(f, y));
  }
}

/** `ln(1 + e^x)` of four lanes. */
export class Softplus {
  /**
   * max(x, 0) + ln(1 + e), e = exp(−|x|). What 1 + e loses to rounding is given back as (e − (u − 1)) / u, u = 1 + e
   * (after Kahan; e ≤ 1, so u − 1 is exact).
   */
  @inline static of(x: v128): v128 {
    const one = V.splat(1);
    const e = Exp.of(f32x4.neg(f32x4.abs(x)));
    const u = f32x4.add(one, e);
    const lost = f32x4.div(f32x4.sub(e, f32x4.sub(u, one)), u);
    return f32x4.add(f32x4.pmax(x, V.splat(0)), f32x4.add(Log.of(u), lost));
  }
}
