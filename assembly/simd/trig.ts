import { V } from "./lanes";

// 1.5 · 2⁵², with the quarter turns in the low bits of the sum; π/2 in two parts, the first of 33 bits.
const ROUND: f64 = 6755399441055744;
const TWO_OVER_PI: f64 = 0.6366197723675814;
const QUARTER_HIGH: f64 = 1.5707963267341256;
const QUARTER_LOW: f64 = 6.077100506506192e-11;

/** The argument minus its nearest multiple of π/2, and the multiple: in float64, where both are exact enough up to |x| = 2²⁰. */
class Turn {
  /** `round(2x/π)` of two lanes, in the low bits of each. */
  @inline static quarters(x: v128): v128 {
    return f64x2.add(f64x2.mul(x, f64x2.splat(TWO_OVER_PI)), f64x2.splat(ROUND));
  }

  @inline static rest(x: v128, quarters: v128): v128 {
    const n = f64x2.sub(quarters, f64x2.splat(ROUND));
    return f64x2.sub(f64x2.sub(x, f64x2.mul(n, f64x2.splat(QUARTER_HIGH))), f64x2.mul(n, f64x2.splat(QUARTER_LOW)));
  }

  /** `sin(x + shift π/2)` of four lanes. */
  @inline static sine(x: v128, shift: i32): v128 {
    const low = f64x2.promote_low_f32x4(x);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
    const a = Turn.quarters(low);
    const b = Turn.quarters(high);
    const near = v128.shuffle<f32>(f32x4.demote_f64x2_zero(Turn.rest(low, a)), f32x4.demote_f64x2_zero(Turn.rest(high, b)), 0, 1, 4, 5);
    // Keeps |sin| ≤ 1 for huge arguments, where the difference has no digits left.
    const r = f32x4.pmax(f32x4.pmin(near, V.splat(0.79)), V.splat(-0.79));
    const n = i32x4.add(v128.shuffle<f32>(a, b, 0, 2, 4, 6), i32x4.splat(shift));
    const odd = i32x4.ne(v128.and(n, i32x4.splat(1)), i32x4.splat(0));
    const y = v128.bitselect(Turn.cosOf(r), Turn.sinOf(r), odd);
    return v128.xor(y, i32x4.shl(v128.and(n, i32x4.splat(2)), 30));
  }

  /** r + r³ p(r²), |r| ≤ π/4; p from scripts/coefficients.py (`sin`). */
  @inline static sinOf(r: v128): v128 {
    const z = f32x4.mul(r, r);
    let p = V.madd(V.splat(-1.951828453e-4), z, V.splat(8.332189173e-3));
    p = V.madd(p, z, V.splat(-1.666665524e-1));
    return v128.or(V.madd(f32x4.mul(z, r), p, r), v128.and(r, V.splat(-0.0))); // −0 stays −0
  }

  /** 1 − r²/2 + r⁴ p(r²), |r| ≤ π/4; p from scripts/coefficients.py (`cos`). */
  @inline static cosOf(r: v128): v128 {
    const z = f32x4.mul(r, r);
    let p = V.madd(V.splat(2.443256381e-5), z, V.splat(-1.388731063e-3));
    p = V.madd(p, z, V.splat(4.166664556e-2));
    return f32x4.add(V.splat(1), V.madd(f32x4.mul(z, z), p, f32x4.mul(z, V.splat(-0.5))));
  }
}

/** `sin x` of four lanes, x in radians. */
export class Sin {
  @inline static of(x: v128): v128 {
    return Turn.sine(x, 0);
  }
}

/** `cos x` of four lanes, x in radians. */
export class Cos {
  @inline static of(x: v128): v128 {
    return Turn.sine(x, 1);
  }
}
