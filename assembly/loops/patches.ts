import { V } from "../simd/lanes";
import { Block } from "./pack";
import { Out } from "./tile";

class Pixel {
  /** The address of the patch of pixel `t` of a tile that is `columns` wide. */
  @inline static of(x: usize, t: i32, columns: i32, rowStep: usize, columnStep: usize): usize {
    return x + <usize>(t / columns) * rowStep + <usize>(t % columns) * columnStep;
  }
}

/**
 * Patches of `m` pixels from pixel `t` on, in panels of four: `out[p][k][l]` = term k of pixel t + 4p + l. A patch is `windowRows` runs of
 * `run` elements, `line` bytes apart. What is missing of the last four repeats the last pixel.
 */
export function packPatches(
  out: usize,
  x: usize,
  t: i32,
  m: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
  windowRows: i32,
  run: i32,
  line: usize,
): void {
  const last = t + m - 1;
  for (; t <= last; t += 4) {
    let p0 = Pixel.of(x, t, columns, rowStep, columnStep);
    let p1 = Pixel.of(x, min(t + 1, last), columns, rowStep, columnStep);
    let p2 = Pixel.of(x, min(t + 2, last), columns, rowStep, columnStep);
    let p3 = Pixel.of(x, min(t + 3, last), columns, rowStep, columnStep);
    for (let i = 0; i < windowRows; i++) {
      let k: usize = 0;
      const bytes = (<usize>run) << 2;
      for (; k + 16 <= bytes; k += 16) {
        Block.transpose(out, 16, V.load(p0 + k), V.load(p1 + k), V.load(p2 + k), V.load(p3 + k));
        out += 64;
      }
      for (; k < bytes; k += 4) {
        V.store(out, V.four(p0 + k, p1 + k, p2 + k, p3 + k));
        out += 16;
      }
      p0 += line;
      p1 += line;
      p2 += line;
      p3 += line;
    }
  }
}

/**
 * The first `run` elements of the same patches times `columns` (at most 8) columns of a panel `b`: `out[k, j] += Σ patch[k] · b[·, j]` over the `m` pixels
 * from pixel `t` on of a tile that is `wide` pixels wide, in order. The patches stay where they are, in tiles of four elements of a patch by eight columns;
 * up to three elements behind a run are read, and count for nothing.
 */
export function stripPatches(
  out: usize,
  outStep: usize,
  x: usize,
  t: i32,
  m: i32,
  wide: i32,
  rowStep: usize,
  columnStep: usize,
  b: usize,
  run: i32,
  columns: i32,
): void {
  const first = t % wide;
  x += <usize>(t / wide) * rowStep;
  for (let i = 0; i < run; i += 4) {
    let q = b;
    let line = x;
    let c00 = V.splat(0);
    let c01 = V.splat(0);
    let c10 = V.splat(0);
    let c11 = V.splat(0);
    let c20 = V.splat(0);
    let c21 = V.splat(0);
    let c30 = V.splat(0);
    let c31 = V.splat(0);
    let at = first;
    for (let left = m; left > 0; ) {
      const n = min(wide - at, left);
      let p = line + <usize>at * columnStep;
      for (let k = 0; k < n; k++) {
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
        p += columnStep;
        q += 32;
      }
      left -= n;
      at = 0;
      line += rowStep;
    }
    Out.row(out, c00, c01, columns, true);
    if (run - i > 1) Out.row(out + outStep, c10, c11, columns, true);
    if (run - i > 2) Out.row(out + 2 * outStep, c20, c21, columns, true);
    if (run - i > 3) Out.row(out + 3 * outStep, c30, c31, columns, true);
    out += 4 * outStep;
    x += 16;
  }
}
