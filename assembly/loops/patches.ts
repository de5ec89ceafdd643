import { V } from "../simd/lanes";
import { Block } from "./pack";
import { Part } from "./part";

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

/** The first `run` elements of the same patches, as rows of a left operand: `out[k/4][pixel][k mod 4]`, rows beyond `run` 0. */
export function packPatchesAcross(out: usize, x: usize, t: i32, m: i32, columns: i32, rowStep: usize, columnStep: usize, run: i32): void {
  const panel = (<usize>m) << 4;
  const end = t + m;
  // Four pixels at a time fill a line of the cache.
  for (; t < end; t += 4) {
    const rest = end - t;
    const p0 = Pixel.of(x, t, columns, rowStep, columnStep);
    const p1 = Pixel.of(x, min(t + 1, end - 1), columns, rowStep, columnStep);
    const p2 = Pixel.of(x, min(t + 2, end - 1), columns, rowStep, columnStep);
    const p3 = Pixel.of(x, min(t + 3, end - 1), columns, rowStep, columnStep);
    let o = out;
    for (let k = 0; k < run; k += 4) {
      const at = (<usize>k) << 2;
      V.store(o, Part.load(p0 + at, run - k));
      if (rest > 1) V.store(o + 16, Part.load(p1 + at, run - k));
      if (rest > 2) V.store(o + 32, Part.load(p2 + at, run - k));
      if (rest > 3) V.store(o + 48, Part.load(p3 + at, run - k));
      o += panel;
    }
    out += 64;
  }
}
