import { V } from "../simd/lanes";

class Block {
  /** Four lines of four neighbours, `step` bytes apart, written as columns `width` bytes apart. */
  @inline static transpose(out: usize, width: usize, x: usize, step: usize): void {
    const x0 = V.load(x);
    const x1 = V.load(x + step);
    const x2 = V.load(x + 2 * step);
    const x3 = V.load(x + 3 * step);
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
 * Four lines (of them `lines` exist, the rest are 0) side by side: `out[k·width + l] = x[l, k]` for k < depth. Bytes: `width` from
 * one step of `out` to the next. Elements: `lineStride` and `depthStride` of `x`.
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
      Block.transpose(out, width, x, (<usize>lineStride) << 2);
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
