import { Exp } from "./exp";
import { V } from "./lanes";

/** `ln x` of four lanes: −∞ at ±0, NaN below 0. */
export class Log {
  /**
   * x = m 2^k with √½ ≤ m < √2, f = m − 1: ln x = k ln 2 + f − f²/2 + f³ p(f), p from scripts/coefficients.py (`log`), ln 2 in two
   * parts. Subnormals are scaled by 2²⁴ first.
   */
  @inline static of(x: v128): v128 {
    let t = x;
    let down = V.splat(0);
    const usual = Log.usual(x);
    if (!usual) {
      const small = f32x4.lt(x, V.splat(1.17549435e-38));
      t = v128.bitselect(f32x4.mul(x, V.splat(16777216)), x, small);
      down = v128.and(small, V.splat(24));
    }
    // The exponent of t / √½, rounded down.
    const exponent = i32x4.shr_s(i32x4.sub(t, i32x4.splat(0x3f3504f3)), 23);
    const f = f32x4.sub(i32x4.sub(t, i32x4.shl(exponent, 23)), V.splat(1));
    const y = Log.reduced(f, f32x4.sub(f32x4.convert_i32x4_s(exponent), down));
    return usual ? y : Log.unusual(x, y);
  }

  /** Whether every lane is positive, normal and finite. */
  @inline static usual(x: v128): bool {
    return v128.all_true<i32>(i32x4.lt_u(i32x4.sub(x, i32x4.splat(0x00800000)), i32x4.splat(0x7f000000)));
  }

  /** `y` with the special values filled in: −∞ at ±0, NaN below 0; ∞ and NaN are their own logarithms. */
  @inline static unusual(x: v128, y: v128): v128 {
    const finite = v128.bitselect(y, x, f32x4.lt(x, V.splat(Infinity)));
    const zero = f32x4.eq(x, V.splat(0));
    return v128.or(v128.bitselect(V.splat(-Infinity), finite, zero), f32x4.lt(x, V.splat(0)));
  }

  /** `k ln 2 + ln(1 + f)`, the polynomial summed in pairs for a short chain. */
  @inline static reduced(f: v128, k: v128): v128 {
    const z = f32x4.mul(f, f);
    const p1 = V.madd(V.splat(-2.500000894e-1), f, V.splat(3.333331347e-1));
    const p3 = V.madd(V.splat(-1.666799635e-1), f, V.splat(2.000207305e-1));
    const p5 = V.madd(V.splat(-1.240603179e-1), f, V.splat(1.422032714e-1));
    const p7 = V.madd(V.splat(-1.167145297e-1), f, V.splat(1.188356951e-1));
    const high = V.madd(V.madd(V.splat(6.750956178e-2), z, p7), z, p5);
    const p = V.madd(V.madd(high, z, p3), z, p1);
    let y = V.madd(k, V.splat(-2.12194442e-4), f32x4.mul(p, f32x4.mul(z, f)));
    y = f32x4.sub(y, f32x4.mul(z, V.splat(0.5)));
    return f32x4.add(f32x4.mul(k, V.splat(0.693359375)), f32x4.add(f, y));
  }
}

/** `ln(1 + e^x)` of four lanes. */
export class Softplus {
  /**
   * max(x, 0) + ln(1 + e), e = exp(−|x|). The rounding error of 1 + e is added back as (e − (u − 1)) / u, u = 1 + e (after Kahan; e ≤ 1, so
   * u − 1 is exact).
   */
  @inline static of(x: v128): v128 {
    const one = V.splat(1);
    const e = Exp.ofNegative(f32x4.neg(f32x4.pmin(f32x4.abs(x), V.splat(104))));
    const u = f32x4.add(one, e);
    const upper = f32x4.gt(u, V.splat(1.41421354)); // ln u = ln 2 + ln(u/2)
    const lost = f32x4.div(f32x4.sub(e, f32x4.sub(u, one)), u);
    return f32x4.add(
      f32x4.pmax(x, V.splat(0)),
      f32x4.add(Log.reduced(f32x4.sub(v128.bitselect(f32x4.mul(u, V.splat(0.5)), u, upper), one), v128.and(upper, one)), lost),
    );
  }
}
