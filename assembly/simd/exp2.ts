import { V } from "./lanes";

// 1.5 · 2²³ + 127: added to |x| < 2²², it leaves round(x) + 127 in the low bits of the sum.
const ROUND: f32 = 12582912 + 127;

/**
 * `2^x` of four lanes for x ≤ 0, for weights of which the largest is 1: x = n + f with n whole and |f| ≤ ½, both exact, and 2^x = 2^n (1 +
 * f p(f)); p from scripts/coefficients.py (`exp2`). The error is within 1.9e-7; the result is 0 below −126.5 and NaN for NaN.
 */
export class Exp2 {
  @inline static of(x: v128): v128 {
    const t = f32x4.pmax(x, V.splat(-127)); // 2^n is 0 from there down
    const n = f32x4.add(t, V.splat(ROUND));
    const f = f32x4.sub(t, f32x4.sub(n, V.splat(ROUND)));
    const z = f32x4.mul(f, f);
    const low = V.madd(V.splat(2.402224541e-1), f, V.splat(6.931470037e-1));
    const high = V.madd(V.splat(1.32715411e-3), z, V.madd(V.splat(9.671360254e-3), f, V.splat(5.550706387e-2)));
    return f32x4.mul(V.madd(V.madd(high, z, low), f, V.splat(1)), i32x4.shl(n, 23));
  }
}
