// One row times a matrix in place: each element is used only a few times, so nothing is packed.
import { V } from "../simd/lanes";

/** The first `depth` rows, and the last few columns. */
function addSomeRows(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, depth: i32, n: i32, start: bool): void {
  for (let j = 0; j < n; j += 4) {
    const lanes = n - j;
    let c = V.splat(0);
    if (!start) c = lanes >= 4 ? V.load(out) : V.loadTail(out, lanes);
    let p = a;
    let q = b;
    for (let k = 0; k < depth; k++) {
      c = V.madd(V.broadcast(p), lanes >= 4 ? V.load(q) : V.loadTail(q, lanes), c);
      p += aStep;
      q += bStep;
    }
    if (lanes >= 4) V.store(out, c);
    else V.storeTail(out, c, lanes);
    out += 16;
    b += 16;
  }
}

/** `out[j] += Σₖ a[k] · b[k, j]` over `depth` ≤ 8 rows of `b` in ascending order, from 0 where they `start`. Steps in bytes. */
export function addRows(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, depth: i32, n: i32, start: bool): void {
  let j = 0;
  if (depth == 8) {
    const a0 = V.broadcast(a);
    const a1 = V.broadcast(a + aStep);
    const a2 = V.broadcast(a + 2 * aStep);
    const a3 = V.broadcast(a + 3 * aStep);
    const a4 = V.broadcast(a + 4 * aStep);
    const a5 = V.broadcast(a + 5 * aStep);
    const a6 = V.broadcast(a + 6 * aStep);
    const a7 = V.broadcast(a + 7 * aStep);
    for (; j <= n - 4; j += 4) {
      let c = start ? V.splat(0) : V.load(out);
      let q = b;
      c = V.madd(a0, V.load(q), c);
      q += bStep;
      c = V.madd(a1, V.load(q), c);
      q += bStep;
      c = V.madd(a2, V.load(q), c);
      q += bStep;
      c = V.madd(a3, V.load(q), c);
      q += bStep;
      c = V.madd(a4, V.load(q), c);
      q += bStep;
      c = V.madd(a5, V.load(q), c);
      q += bStep;
      c = V.madd(a6, V.load(q), c);
      q += bStep;
      c = V.madd(a7, V.load(q), c);
      V.store(out, c);
      out += 16;
      b += 16;
    }
  }
  if (j < n) addSomeRows(out, a, aStep, b, bStep, depth, n - j, start);
}

/** `out += x`. */
export function addTo(out: usize, x: usize, n: i32): void {
  let j = 0;
  for (; j <= n - 4; j += 4) {
    V.store(out, f32x4.add(V.load(out), V.load(x)));
    out += 16;
    x += 16;
  }
  if (j < n) V.storeTail(out, f32x4.add(V.loadTail(out, n - j), V.loadTail(x, n - j)), n - j);
}

class Four {
  /** `c[l] + Σₖ a[k] · x[l, k]` for four k, `aStep` bytes apart, and four lines of `x`, `step` apart: a transpose in registers. */
  @inline static lines(x: usize, step: usize, a: usize, aStep: usize, c: v128): v128 {
    const a0 = V.broadcast(a);
    const a1 = V.broadcast(a + aStep);
    const a2 = V.broadcast(a + 2 * aStep);
    const a3 = V.broadcast(a + 3 * aStep);
    const x0 = V.load(x);
    const x1 = V.load(x + step);
    const x2 = V.load(x + 2 * step);
    const x3 = V.load(x + 3 * step);
    const low01 = V.zipLow(x0, x1);
    const low23 = V.zipLow(x2, x3);
    const high01 = V.zipHigh(x0, x1);
    const high23 = V.zipHigh(x2, x3);
    c = V.madd(a0, V.joinLow(low01, low23), c);
    c = V.madd(a1, V.joinHigh(low01, low23), c);
    c = V.madd(a2, V.joinLow(high01, high23), c);
    return V.madd(a3, V.joinHigh(high01, high23), c);
  }

  /** The same for one k and `lines` of them. */
  @inline static neighbours(x: usize, stride: i32, lines: i32, a0: v128, c: v128): v128 {
    return V.madd(a0, V.gather(x, stride, lines), c);
  }

  @inline static put(out: usize, outStep: usize, c: v128, lines: i32, add: bool): void {
    if (outStep == 4 && lines >= 4) {
      V.store(out, add ? f32x4.add(V.load(out), c) : c);
      return;
    }
    V.scatter(out, outStep, add ? f32x4.add(V.gather(out, <i32>(outStep >> 2), lines), c) : c, lines);
  }
}

/**
 * `out[j] (+)= Σₖ a[k] · x[j, k]`: sums along `lines` lines of `x`, eight at a time. `outStep` and `aStep` are in bytes, `stride` in
 * elements.
 */
export function dots(out: usize, outStep: usize, a: usize, aStep: usize, x: usize, stride: i32, depth: i32, lines: i32, add: bool): void {
  const step = (<usize>stride) << 2;
  const half = step << 2;
  let j = 0;
  // With more than eight lines a multiple of 4,096 bytes apart, lines would evict each other from the cache.
  for (; j <= lines - 8; j += 8) {
    let c0 = V.splat(0);
    let c1 = V.splat(0);
    let q0 = x;
    let q1 = x + half;
    let p0 = a;
    let p1 = a;
    // The two groups of four lines alternate: the additions of two sums overlap, and their loads, in one block, would not fit the
    // registers.
    for (let turn = (depth >> 2) << 1; turn > 0; turn--) {
      const c = Four.lines(q0, step, p0, aStep, c0);
      const q = q0 + 16;
      const p = p0 + 4 * aStep;
      c0 = c1;
      c1 = c;
      q0 = q1;
      q1 = q;
      p0 = p1;
      p1 = p;
    }
    for (let k = depth & ~3; k < depth; k++) {
      const a0 = V.broadcast(p0);
      c0 = Four.neighbours(q0, stride, 4, a0, c0);
      c1 = Four.neighbours(q1, stride, 4, a0, c1);
      p0 += aStep;
      q0 += 4;
      q1 += 4;
    }
    Four.put(out, outStep, c0, 4, add);
    Four.put(out + 4 * outStep, outStep, c1, 4, add);
    out += 8 * outStep;
    x += 2 * half;
  }
  for (; j < lines; j += 4) {
    let c = V.splat(0);
    let p = a;
    let q = x;
    let k = 0;
    if (lines - j >= 4) {
      for (; k <= depth - 4; k += 4) {
        c = Four.lines(q, step, p, aStep, c);
        p += 4 * aStep;
        q += 16;
      }
    }
    for (; k < depth; k++) {
      c = Four.neighbours(q, stride, lines - j, V.broadcast(p), c);
      p += aStep;
      q += 4;
    }
    Four.put(out, outStep, c, lines - j, add);
    out += 4 * outStep;
    x += half;
  }
}
