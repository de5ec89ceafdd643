// One class a function: the arithmetic of four lanes. The loops are in loops/.
import { map, Unary } from "../loops/map";
import { Binary, zip } from "../loops/zip";

class Neg extends Unary {
  @inline at(x: v128): v128 {
    return f32x4.neg(x);
  }
}

export function neg(out: usize, x: usize, n: i32): void {
  map<Neg>(out, x, n);
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
