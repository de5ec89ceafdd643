// Arithmetic of two operands, broadcast: one class per function; the loop is in loops/zip.
import { Binary, zip } from "../loops/zip";

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

/** The larger; NaN where either is NaN. */
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

/** The smaller; NaN where either is NaN. */
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
