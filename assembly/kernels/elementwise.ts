// One class per function: the arithmetic of four lanes. The loops are in loops/.
import { Lane, Long, map, mapWith, Unary } from "../loops/map";
import { Erf } from "../simd/erf";
import { Exp } from "../simd/exp";
import { V } from "../simd/lanes";
import { Log, Softplus } from "../simd/log";
import { Sigmoid, Tanh } from "../simd/tanh";
import { Cos, Sin } from "../simd/trig";

class Neg extends Unary {
  @inline at(x: v128): v128 {
    return f32x4.neg(x);
  }
}

export function neg(out: usize, x: usize, n: i32): void {
  map<Neg>(out, x, n);
}

class Abs extends Unary {
  @inline at(x: v128): v128 {
    return f32x4.abs(x);
  }
}

export function abs(out: usize, x: usize, n: i32): void {
  map<Abs>(out, x, n);
}

class Sign extends Unary {
  @inline at(x: v128): v128 {
    const one = v128.or(V.splat(1), v128.and(x, V.splat(-0.0)));
    return v128.bitselect(x, one, v128.or(f32x4.eq(x, V.splat(0)), f32x4.ne(x, x)));
  }
}

/** −1, ±0 or 1; NaN stays NaN. */
export function sign(out: usize, x: usize, n: i32): void {
  map<Sign>(out, x, n);
}

class ExpOp extends Long {
  @inline at(x: v128): v128 {
    return Exp.of(x);
  }
}

export function exp(out: usize, x: usize, n: i32): void {
  map<ExpOp>(out, x, n);
}

class LogOp extends Unary {
  @inline at(x: v128): v128 {
    return Log.of(x);
  }
}

export function log(out: usize, x: usize, n: i32): void {
  map<LogOp>(out, x, n);
}

class TanhOp extends Long {
  @inline at(x: v128): v128 {
    return Tanh.of(x);
  }
}

export function tanh(out: usize, x: usize, n: i32): void {
  map<TanhOp>(out, x, n);
}

class SigmoidOp extends Long {
  @inline at(x: v128): v128 {
    return Sigmoid.of(x);
  }
}

export function sigmoid(out: usize, x: usize, n: i32): void {
  map<SigmoidOp>(out, x, n);
}

class SoftplusOp extends Unary {
  @inline at(x: v128): v128 {
    return Softplus.of(x);
  }
}

export function softplus(out: usize, x: usize, n: i32): void {
  map<SoftplusOp>(out, x, n);
}

class ErfOp extends Unary {
  @inline at(x: v128): v128 {
    return Erf.of(x);
  }
}

export function erf(out: usize, x: usize, n: i32): void {
  map<ErfOp>(out, x, n);
}

class SinOp extends Unary {
  @inline at(x: v128): v128 {
    return Sin.of(x);
  }
}

export function sin(out: usize, x: usize, n: i32): void {
  map<SinOp>(out, x, n);
}

class CosOp extends Unary {
  @inline at(x: v128): v128 {
    return Cos.of(x);
  }
}

export function cos(out: usize, x: usize, n: i32): void {
  map<CosOp>(out, x, n);
}

class Sqrt extends Unary {
  @inline at(x: v128): v128 {
    return f32x4.sqrt(x);
  }
}

export function sqrt(out: usize, x: usize, n: i32): void {
  map<Sqrt>(out, x, n);
}

class Relu extends Unary {
  @inline at(x: v128): v128 {
    return f32x4.pmax(x, V.splat(0)); // x where neither is larger, so NaN stays NaN
  }
}

export function relu(out: usize, x: usize, n: i32): void {
  map<Relu>(out, x, n);
}

class ToFloat extends Unary {
  @inline at(x: v128): v128 {
    return f32x4.convert_i32x4_s(x);
  }
}

/** int32 or bool to float32, rounded to nearest beyond 2²⁴. */
export function toFloat(out: usize, x: usize, n: i32): void {
  map<ToFloat>(out, x, n);
}

class Affine extends Lane {
  @inline at(x: v128, scale: v128, shift: v128): v128 {
    return V.madd(x, scale, shift);
  }
}

/** `scale · x + shift`. */
export function affine(out: usize, x: usize, n: i32, scale: f32, shift: f32): void {
  mapWith<Affine>(out, x, n, scale, shift);
}

class Clamp extends Lane {
  @inline at(x: v128, low: v128, high: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, low), high);
  }
}

/** `min(max(x, low), high)`; NaN stays NaN. */
export function clamp(out: usize, x: usize, n: i32, low: f32, high: f32): void {
  mapWith<Clamp>(out, x, n, low, high);
}
