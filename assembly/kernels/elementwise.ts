// One class a function: the arithmetic of four lanes. The loops are in loops/.
import { map, mapScaled, Scaled, Unary } from "../loops/map";
import { Binary, zip } from "../loops/zip";
import { Erf } from "../simd/erf";
import { Exp } from "../simd/exp";
import { V } from "../simd/lanes";
import { Log, Softplus } from "../simd/log";
import { Sigmoid, Tanh } from "../simd/tanh";
import { Cos, Sin } from "../simd/trig";

// Comparisons give lanes of all ones or none; a bool in memory is 1 or 0.
class Bool {
  @inline static of(mask: v128): v128 {
    return v128.and(mask, i32x4.splat(1));
  }
}

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

class ExpOp extends Unary {
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

class TanhOp extends Unary {
  @inline at(x: v128): v128 {
    return Tanh.of(x);
  }
}

export function tanh(out: usize, x: usize, n: i32): void {
  map<TanhOp>(out, x, n);
}

class SigmoidOp extends Unary {
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
    return f32x4.pmax(x, V.splat(0)); // x where neither is larger: NaN stays NaN
  }
}

export function relu(out: usize, x: usize, n: i32): void {
  map<Relu>(out, x, n);
}

class Not extends Unary {
  @inline at(x: v128): v128 {
    return Bool.of(i32x4.eq(x, i32x4.splat(0)));
  }
}

export function not(out: usize, x: usize, n: i32): void {
  map<Not>(out, x, n);
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

class Affine extends Scaled {
  @inline at(x: v128, scale: v128, shift: v128): v128 {
    return V.madd(x, scale, shift);
  }
}

/** `scale · x + shift`. */
export function affine(out: usize, x: usize, n: i32, scale: f32, shift: f32): void {
  mapScaled<Affine>(out, x, n, scale, shift);
}

class Clamp extends Scaled {
  @inline at(x: v128, low: v128, high: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, low), high);
  }
}

/** `min(max(x, low), high)`; NaN stays NaN. */
export function clamp(out: usize, x: usize, n: i32, low: f32, high: f32): void {
  mapScaled<Clamp>(out, x, n, low, high);
}

class Add extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return f32x4.add(a, b);
  }
}

export function add(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Add>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class Sub extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return f32x4.sub(a, b);
  }
}

export function sub(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Sub>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class Mul extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return f32x4.mul(a, b);
  }
}

export function mul(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Mul>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class Div extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return f32x4.div(a, b);
  }
}

export function div(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Div>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class Maximum extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return f32x4.max(a, b);
  }
}

/** The larger; NaN where either is. */
export function maximum(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Maximum>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class Minimum extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return f32x4.min(a, b);
  }
}

/** The smaller; NaN where either is. */
export function minimum(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Minimum>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class Equal extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return Bool.of(f32x4.eq(a, b));
  }
}

export function equal(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Equal>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class Less extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return Bool.of(f32x4.lt(a, b));
  }
}

export function less(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Less>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class LessEqual extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return Bool.of(f32x4.le(a, b));
  }
}

export function lessEqual(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<LessEqual>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class And extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return v128.and(a, b);
  }
}

export function and(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<And>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class Or extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return v128.or(a, b);
  }
}

export function or(
  out: usize,
  a: usize,
  b: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  zip<Or>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

/** `out[i] = mask[i] ? a[i] : b[i]`. Moves bits, of any element type. */
export function where(out: usize, mask: usize, a: usize, b: usize, n: i32): void {
  const zero = i32x4.splat(0);
  let i = 0;
  for (; i <= n - 4; i += 4) {
    V.store(out, v128.bitselect(V.load(a), V.load(b), i32x4.ne(V.load(mask), zero)));
    out += 16;
    mask += 16;
    a += 16;
    b += 16;
  }
  const rest = n - i;
  if (rest > 0) {
    const chosen = i32x4.ne(V.loadTail(mask, rest), zero);
    V.storeTail(out, v128.bitselect(V.loadTail(a, rest), V.loadTail(b, rest), chosen), rest);
  }
}
