import { Exp, ExpNegative } from "./exp";
import { V } from "./lanes";

// Everything but the sign.
const MAGNITUDE: i32 = 0x7fffffff;

/** `tanh x` of four lanes. */
export class Tanh {
  /** −e / (2 + e) with e = exp(−2|x|) − 1, and the sign of x. From 9.02 on the result rounds to 1. */
  @inline static of(x: v128): v128 {
    const magnitude = i32x4.splat(MAGNITUDE);
    const a = f32x4.pmin(v128.and(x, magnitude), V.splat(9.1));
    const e = ExpNegative.minusOne(f32x4.add(a, a));
    const y = f32x4.div(e, f32x4.add(e, V.splat(2)));
    return v128.bitselect(y, x, magnitude);
  }
}

/** `1 / (1 + e^(-x))` of four lanes. */
export class Sigmoid {
  /** e / (1 + e) below 0 and 1 / (1 + e) from 0 on, e = exp(−|x|): nothing overflows and small results keep all their digits. */
  @inline static of(x: v128): v128 {
    const e = Exp.of(f32x4.neg(f32x4.abs(x)));
    const one = V.splat(1);
    return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, V.splat(0))), f32x4.add(one, e));
  }
}
