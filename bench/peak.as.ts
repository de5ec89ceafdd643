// The machine's own limits, for the bench: a separate module, not part of the kernel table.
import { Exp } from "../assembly/simd/exp";
import { V } from "../assembly/simd/lanes";

/** The arithmetic of one 4 × 8 tile over panels of `depth` steps that stay in the first-level cache, `times` over. */
export function compute(out: usize, a: usize, b: usize, depth: i32, times: i32): void {
  for (let t = 0; t < times; t++) {
    let p = a;
    let q = b;
    let c00 = V.splat(0);
    let c01 = V.splat(0);
    let c10 = V.splat(0);
    let c11 = V.splat(0);
    let c20 = V.splat(0);
    let c21 = V.splat(0);
    let c30 = V.splat(0);
    let c31 = V.splat(0);
    for (let k = 0; k < depth; k++) {
      const b0 = V.load(q);
      const b1 = V.load(q + 16);
      const a0 = V.broadcast(p);
      c00 = V.madd(a0, b0, c00);
      c01 = V.madd(a0, b1, c01);
      const a1 = V.broadcast(p + 4);
      c10 = V.madd(a1, b0, c10);
      c11 = V.madd(a1, b1, c11);
      const a2 = V.broadcast(p + 8);
      c20 = V.madd(a2, b0, c20);
      c21 = V.madd(a2, b1, c21);
      const a3 = V.broadcast(p + 12);
      c30 = V.madd(a3, b0, c30);
      c31 = V.madd(a3, b1, c31);
      p += 16;
      q += 32;
    }
    V.store(out, c00);
    V.store(out + 16, c01);
    V.store(out + 32, c10);
    V.store(out + 48, c11);
    V.store(out + 64, c20);
    V.store(out + 80, c21);
    V.store(out + 96, c30);
    V.store(out + 112, c31);
  }
}

/** Copies `n` elements, a multiple of 16, through vector registers. */
export function copy(out: usize, x: usize, n: i32): void {
  for (let i = 0; i < n; i += 16) {
    V.store(out, V.load(x));
    V.store(out + 16, V.load(x + 16));
    V.store(out + 32, V.load(x + 32));
    V.store(out + 48, V.load(x + 48));
    out += 64;
    x += 64;
  }
}

/** Reads `n` elements, a multiple of 16, and sums them. */
export function read(out: usize, x: usize, n: i32): void {
  let s0 = V.splat(0);
  let s1 = V.splat(0);
  let s2 = V.splat(0);
  let s3 = V.splat(0);
  for (let i = 0; i < n; i += 16) {
    s0 = f32x4.add(s0, V.load(x));
    s1 = f32x4.add(s1, V.load(x + 16));
    s2 = f32x4.add(s2, V.load(x + 32));
    s3 = f32x4.add(s3, V.load(x + 48));
    x += 64;
  }
  V.store(out, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** Writes `n` elements, a multiple of 16. */
export function fill(out: usize, n: i32): void {
  const zero = V.splat(0);
  for (let i = 0; i < n; i += 16) {
    V.store(out, zero);
    V.store(out + 16, zero);
    V.store(out + 32, zero);
    V.store(out + 48, zero);
    out += 64;
  }
}

/**
 * The exponentials of `n` elements, a multiple of 16, in the first-level cache, `times` over: summed, never written. The code after the
 * loop makes V8 keep the constants in registers.
 */
export function exp(out: usize, x: usize, n: i32, times: i32): void {
  let s0 = V.splat(0);
  let s1 = V.splat(0);
  let s2 = V.splat(0);
  let s3 = V.splat(0);
  for (let t = 0; t < times; t++) {
    let p = x;
    for (let i = 0; i < n; i += 16) {
      const y0 = Exp.of(V.load(p));
      const y1 = Exp.of(V.load(p + 16));
      const y2 = Exp.of(V.load(p + 32));
      const y3 = Exp.of(V.load(p + 48));
      s0 = f32x4.add(s0, y0);
      s1 = f32x4.add(s1, y1);
      s2 = f32x4.add(s2, y2);
      s3 = f32x4.add(s3, y3);
      p += 64;
    }
    s0 = f32x4.add(s0, Exp.of(V.load(x)));
  }
  V.store(out, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}
