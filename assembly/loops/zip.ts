import { V } from "../simd/lanes";

/** A lane function of two operands, without fields. */
export abstract class Binary {
  abstract at(a: v128, b: v128): v128;
}

/** Four elements of an operand with any stride; lanes from `n` on are 0. */
function take(p: usize, stride: i32, n: i32): v128 {
  if (stride == 0) return V.broadcast(p);
  if (stride == 1) return n == 4 ? V.load(p) : V.loadTail(p, n);
  return V.gather(p, stride, n);
}

/** One row: `out` contiguous, operands `s` and `t` elements apart. */
function row<F extends Binary>(out: usize, a: usize, b: usize, n: i32, s: i32, t: i32): void {
  const f = changetype<F>(0);
  let i = 0;
  if (s == 1 && t == 1) {
    for (; i <= n - 4; i += 4) {
      V.store(out, f.at(V.load(a), V.load(b)));
      out += 16;
      a += 16;
      b += 16;
    }
  } else if (s == 1 && t == 0) {
    const y = V.broadcast(b);
    for (; i <= n - 4; i += 4) {
      V.store(out, f.at(V.load(a), y));
      out += 16;
      a += 16;
    }
  } else if (s == 0 && t == 1) {
    const x = V.broadcast(a);
    for (; i <= n - 4; i += 4) {
      V.store(out, f.at(x, V.load(b)));
      out += 16;
      b += 16;
    }
  } else {
    for (; i <= n - 4; i += 4) {
      V.store(out, f.at(take(a, s, 4), take(b, t, 4)));
      out += 16;
      a += (<usize>s) << 4;
      b += (<usize>t) << 4;
    }
  }
  const rest = n - i;
  if (rest > 0) V.storeTail(out, f.at(take(a, s, rest), take(b, t, rest)), rest);
}

/** `out = F(a, b)` over four axes of lengths n0…n3; `out` is contiguous, `a` and `b` have a stride per axis (0 broadcasts). */
export function zip<F extends Binary>(
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
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      let p = a + ((<usize>(i * a0 + j * a1)) << 2);
      let q = b + ((<usize>(i * b0 + j * b1)) << 2);
      for (let k = 0; k < n2; k++) {
        row<F>(out, p, q, n3, a3, b3);
        out += (<usize>n3) << 2;
        p += (<usize>a2) << 2;
        q += (<usize>b2) << 2;
      }
    }
  }
}
