import { Exp2 } from "./exp2";
import { V } from "./lanes";

/** The normal distribution in four lanes, from `e^(−x²/2)`, which density and distribution share. */
export class Normal {
  /** `e^(−x²/2)`. */
  @inline static bell(x: v128): v128 {
    return Exp2.of(f32x4.mul(f32x4.mul(x, x), V.splat(-0.72134752)));
  }

  /** φ(x), the density, from the bell of x. */
  @inline static density(bell: v128): v128 {
    return f32x4.mul(bell, V.splat(0.39894228));
  }

  /** Φ(x) from the bell of x: small values have the same relative precision as large ones. */
  @inline static distribution(x: v128, bell: v128): v128 {
    const below = f32x4.mul(bell, Normal.ratio(f32x4.abs(x)));
    return v128.bitselect(below, f32x4.sub(V.splat(1), below), f32x4.lt(x, V.splat(0)));
  }

  /** `Φ(−a) e^(a²/2) = t p(t)` for a ≥ 0, t = 1 / (1 + a/4); p from scripts/coefficients.py (`mills`). */
  @inline static ratio(a: v128): v128 {
    const t = f32x4.div(V.splat(4), f32x4.add(V.splat(4), a));
    let p = V.madd(V.splat(-9.36915502e-2), t, V.splat(3.518565297e-1));
    p = V.madd(p, t, V.splat(-2.874277532e-1));
    p = V.madd(p, t, V.splat(3.023579419e-1));
    p = V.madd(p, t, V.splat(1.277058385e-2));
    p = V.madd(p, t, V.splat(1.15735583e-1));
    p = V.madd(p, t, V.splat(9.839873016e-2));
    return f32x4.mul(p, t);
  }
}
