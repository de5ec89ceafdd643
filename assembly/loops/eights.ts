// Panels of eight lines side by side, `x[k][8]`: line l is lane l of two vectors, so that work along a line is done lane by lane and lines
// do not affect each other.
import { V } from "../simd/lanes";
import { weave } from "./pack";

/** Packs eight lines: `out[k][l] = x[l, k]`; only `lines` of them exist, the rest are 0. Rows of `out` are `step` bytes apart. */
export function weaveEight(out: usize, step: usize, x: usize, lines: i32, depth: i32, lineStride: i32, depthStride: i32): void {
  weave(out, step, x, lines, depth, lineStride, depthStride);
  weave(out + 16, step, x + ((<usize>lineStride) << 4), lines - 4, depth, lineStride, depthStride);
}

/** Unpacks the first `lines`: `out[l, k] = x[k][l]`, k < n, with adjacent lines of `out`. `aux` holds 8 · n, n rounded up to fours. */
export function unweaveEight(out: usize, x: usize, lines: i32, n: i32, aux: usize): void {
  const step = (<usize>((n + 3) & -4)) << 2;
  const line = (<usize>n) << 2;
  const to = step == line ? out : aux;
  for (let k = 0; k < n; k += 4) {
    weave(to + ((<usize>k) << 2), step, x, n - k, lines, 8, 1);
    x += 128;
  }
  if (to == out) return;
  for (let l = 0; l < lines; l++) {
    memory.copy(out, aux, line);
    out += line;
    aux += step;
  }
}

/** `x[k][l] *= a[l]`. */
export function scaleEight(x: usize, n: i32, a: usize): void {
  const a0 = V.load(a);
  const a1 = V.load(a + 16);
  for (let k = 0; k < n; k++) {
    V.store(x, f32x4.mul(V.load(x), a0));
    V.store(x + 16, f32x4.mul(V.load(x + 16), a1));
    x += 32;
  }
}

/** `x[k][l] = 0` for rows from `k` on, `step` bytes apart. */
export function clearEight(x: usize, step: usize, k: i32, n: i32): void {
  x += <usize>k * step;
  for (; k < n; k++) {
    V.store(x, V.splat(0));
    V.store(x + 16, V.splat(0));
    x += step;
  }
}

/**
 * `out[r][l] += Σₖ a[k, r] · b[k][l]` where any product with 0 counts as 0, even with NaN: `strip` (loops/tile.ts) with eight columns, for
 * operands with masked values. The order, and for finite operands the bits, are the same.
 */
export function guardedStrip(out: usize, a: usize, aPanel: usize, aStep: usize, b: usize, bStep: usize, depth: i32, rows: i32): void {
  const zero = V.splat(0);
  for (let r = 0; r < rows; r++) {
    let p = a + <usize>(r >> 2) * aPanel + ((<usize>(r & 3)) << 2);
    let q = b;
    let c0 = zero;
    let c1 = zero;
    for (let k = 0; k < depth; k++) {
      const x = V.broadcast(p);
      const y0 = V.load(q);
      const y1 = V.load(q + 16);
      c0 = V.madd(v128.andnot(x, f32x4.eq(y0, zero)), y0, c0);
      c1 = V.madd(v128.andnot(x, f32x4.eq(y1, zero)), y1, c1);
      p += aStep;
      q += bStep;
    }
    V.store(out, f32x4.add(V.load(out), c0));
    V.store(out + 16, f32x4.add(V.load(out + 16), c1));
    out += 32;
  }
}

/** False if any of `n` elements is infinite or NaN. */
export function allFinite(x: usize, n: i32): bool {
  let s0 = V.splat(0);
  let s1 = V.splat(0);
  let i = 0;
  for (; i <= n - 8; i += 8) {
    s0 = f32x4.add(s0, f32x4.mul(V.load(x), V.splat(0)));
    s1 = f32x4.add(s1, f32x4.mul(V.load(x + 16), V.splat(0)));
    x += 32;
  }
  let rest = V.sum(f32x4.add(s0, s1));
  for (; i < n; i++) {
    rest += load<f32>(x) * 0;
    x += 4;
  }
  return rest == 0;
}

/** `out[l, s] = x[s, l]`, l < lines, s < n; rows of `out` are `outStride`, those of `x` `stride` elements apart. */
export function transposeOut(out: usize, outStride: i32, x: usize, stride: i32, lines: i32, n: i32): void {
  let s = 0;
  for (; s <= n - 4; s += 4) {
    weave(out, (<usize>outStride) << 2, x, 4, lines, stride, 1);
    out += 16;
    x += (<usize>stride) << 4;
  }
  for (; s < n; s++) {
    let p = out;
    for (let l = 0; l < lines; l++) {
      store<f32>(p, load<f32>(x + ((<usize>l) << 2)));
      p += (<usize>outStride) << 2;
    }
    out += 4;
    x += (<usize>stride) << 2;
  }
}
