import { Exp } from "./exp";
import { V } from "./lanes";

/** `erf x = 2/√π ∫₀ˣ e^(−t²) dt` of four lanes. */
export class Erf {
  /** x + x p(x²) up to 0.9; beyond it 1 − e^(−q(|x|)) with the sign of x. p and q from scripts/coefficients.py (`erf`, `erfc`). */
  @inline static of(x: v128): v128 {
    const magnitude = i32x4.splat(0x7fffffff);
    const a = f32x4.pmin(v128.and(x, magnitude), V.splat(3.95));
    const far = f32x4.sub(V.splat(1), Exp.ofNegative(f32x4.neg(Erf.exponent(a))));
    const near = Erf.series(a);
    return v128.bitselect(v128.bitselect(near, far, f32x4.lt(a, V.splat(0.9))), x, magnitude);
  }

  @inline static series(x: v128): v128 {
    const z = f32x4.mul(x, x);
    let p = V.madd(V.splat(7.94310763e-5), z, V.splat(-8.039753302e-4));
    p = V.madd(p, z, V.splat(5.191753153e-3));
    p = V.madd(p, z, V.splat(-2.685556002e-2));
    p = V.madd(p, z, V.splat(1.128362417e-1));
    p = V.madd(p, z, V.splat(-3.761262894e-1));
    p = V.madd(p, z, V.splat(1.283791661e-1));
    return V.madd(p, x, x);
  }

  /** `−ln(1 − erf x)` for 0.88 ≤ x ≤ 3.95. */
  @inline static exponent(x: v128): v128 {
    let p = V.madd(V.splat(2.053673597e-5), x, V.splat(-4.280420835e-4));
    p = V.madd(p, x, V.splat(4.140156321e-3));
    p = V.madd(p, x, V.splat(-2.503866702e-2));
    p = V.madd(p, x, V.splat(1.081563085e-1));
    p = V.madd(p, x, V.splat(6.334582567e-1));
    p = V.madd(p, x, V.splat(1.129460454));
    return V.madd(p, x, V.splat(-1.634936343e-4));
  }
}
