import { Binary, zip } from "../loops/zip";
import { Power } from "../simd/power";

class PowerOp extends Binary {
  @inline at(a: v128, b: v128): v128 {
    return Power.of(a, b);
  }
}

/** `a^b`: 1 where b is 0 or a is 1, NaN where a is below 0 and b is not whole; zeros and infinities as in C99's `pow`. */
export function pow(
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
  zip<PowerOp>(out, a, b, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3);
}
