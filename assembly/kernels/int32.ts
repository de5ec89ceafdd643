// Arithmetic and comparisons of int32, broadcast. Sums, differences and products are modulo 2³².
import { Bool } from "../loops/bool";
import { Binary, zip } from "../loops/zip";

class AddInt extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return i32x4.add(a, b);
  }
}

export function addInt(
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
  zip<AddInt>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class SubInt extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return i32x4.sub(a, b);
  }
}

export function subInt(
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
  zip<SubInt>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class MulInt extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return i32x4.mul(a, b);
  }
}

export function mulInt(
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
  zip<MulInt>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class EqualInt extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return Bool.of(i32x4.eq(a, b));
  }
}

export function equalInt(
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
  zip<EqualInt>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class LessInt extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return Bool.of(i32x4.lt_s(a, b));
  }
}

export function lessInt(
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
  zip<LessInt>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}

class LessEqualInt extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return Bool.of(i32x4.le_s(a, b));
  }
}

export function lessEqualInt(
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
  zip<LessEqualInt>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}
