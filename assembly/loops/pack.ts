import { V } from "../simd/lanes";

/** Four lines of four neighbours, written as columns `width` bytes apart. */
export class Block {
  @inline static transpose(out: usize, width: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
    const low01 = V.zipLow(x0, x1);
    const low23 = V.zipLow(x2, x3);
    const high01 = V.zipHigh(x0, x1);
    const high23 = V.zipHigh(x2, x3);
    V.store(out, V.joinLow(low01, low23));
    V.store(out + width, V.joinHigh(low01, low23));
    V.store(out + 2 * width, V.joinLow(high01, high23));
    V.store(out + 3 * width, V.joinHigh(high01, high23));
  }
}

/**
 * Four lines (`lines` of them exist, the rest are 0) side by side: `out[k·width + l] = x[l, k]` for k < depth. In bytes: `width`, from one
 * step of `out` to the next. In elements: `lineStride` and `depthStride` of `x`.
 */
export function weave(out: usize, width: usize, x: usize, lines: i32, depth: i32, lineStride: i32, depthStride: i32): void {
  const step = (<usize>depthStride) << 2;
  let k = 0;
  if (lines <= 0) {
    for (; k < depth; k++) {
      V.store(out, V.splat(0));
      out += width;
    }
    return;
  }
  if (lines >= 4 && depthStride == 1) {
    for (; k <= depth - 4; k += 4) {
      const line = (<usize>lineStride) << 2;
      Block.transpose(out, width, V.load(x), V.load(x + line), V.load(x + 2 * line), V.load(x + 3 * line));
      out += 4 * width;
      x += 16;
    }
  } else if (lines >= 4 && lineStride == 1) {
    for (; k < depth; k++) {
      V.store(out, V.load(x));
      out += width;
      x += step;
    }
  }
  for (; k < depth; k++) {
    V.store(out, V.gather(x, lineStride, lines));
    out += width;
    x += step;
  }
}

/** One panel of up to 8 columns, missing columns 0. */
export function packPanel(out: usize, x: usize, columns: i32, depth: i32, depthStride: i32, columnStride: i32): void {
  weave(out, 32, x, columns, depth, columnStride, depthStride);
  weave(out + 16, 32, x + ((<usize>columnStride) << 4), columns - 4, depth, columnStride, depthStride);
}

/**
 * Neighbouring lines, eight at a time: `out[k·width + l] = x[l, k]` for l < 8, and for each further eight lines `panel` bytes later; lanes
 * from the fifth on are `second` bytes after the first. It takes four steps of depth at a time over all lines, so memory is read in runs.
 * If it took one panel after the other, rows a multiple of 4,096 bytes apart would evict each other from the cache half used.
 */
export function slices(out: usize, width: usize, second: usize, panel: usize, x: usize, eights: i32, depth: i32, depthStride: i32): void {
  const step = (<usize>depthStride) << 2;
  let k = 0;
  for (; k <= depth - 4; k += 4) {
    let o = out;
    let p = x;
    for (let i = 0; i < eights; i++) {
      V.store(o, V.load(p));
      V.store(o + second, V.load(p + 16));
      V.store(o + width, V.load(p + step));
      V.store(o + width + second, V.load(p + step + 16));
      V.store(o + 2 * width, V.load(p + 2 * step));
      V.store(o + 2 * width + second, V.load(p + 2 * step + 16));
      V.store(o + 3 * width, V.load(p + 3 * step));
      V.store(o + 3 * width + second, V.load(p + 3 * step + 16));
      o += panel;
      p += 32;
    }
    out += 4 * width;
    x += 4 * step;
  }
  for (; k < depth; k++) {
    let o = out;
    for (let i = 0; i < eights; i++) {
      V.store(o, V.load(x + ((<usize>i) << 5)));
      V.store(o + second, V.load(x + ((<usize>i) << 5) + 16));
      o += panel;
    }
    out += width;
    x += step;
  }
}
