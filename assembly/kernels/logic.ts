// Comparisons of float32, logic and choice. Results of comparisons are bools.
import { Bool } from "../loops/bool";
import { map, Unary } from "../loops/map";
import { Binary, zip } from "../loops/zip";
import { V } from "../simd/lanes";

class Not extends Unary {
  @inline at(x: v128): v128 {
    return Bool.of(i32x4.eq(x, i32x4.splat(0)));
  }
}

export function not(out: usize, x: usize, n: i32): void {
  map<Not>(out, x, n);
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
