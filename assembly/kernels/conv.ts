// Convolutions of images `[batch, height, width, depth]`, channels last, as products: a tile of patches at a time is packed as the product
// wants its left operand. An element's terms are added as any product adds them: ascending, in blocks of 256 from 0, the blocks in order.
import { packPatches, stripPatches } from "../loops/patches";
import { windowRow } from "../loops/window";
import { matmulPacked, packColumns } from "./matmul";

/** Pixels of a tile: with fewer terms each, more of them fit the second-level cache. src/runtime/convolutions.ts says the same. */
class Tile {
  @inline static pixels(terms: i32): i32 {
    return terms <= 384 ? 128 : 64;
  }
}

/**
 * `out[b, r, c] = beta·out + Σ weight[o, k] · patch[k]`, the patch's terms k in order of row, column and channel: it begins at row
 * `r·strideY − top` and column `c·strideX − left` of `x`, with zeros outside. For rows `from` to `to` of the batch's `rows` each. `weight`: the panels that
 * `packColumns` makes of `windowRows · windowColumns · depth` terms by `outputs`.
 */
export function conv2d(
  out: usize,
  x: usize,
  weight: usize,
  from: i32,
  to: i32,
  height: i32,
  width: i32,
  depth: i32,
  rows: i32,
  columns: i32,
  outputs: i32,
  windowRows: i32,
  windowColumns: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  beta: i32,
  scratch: usize,
): void {
  const pixel = (<usize>depth) << 2;
  const terms = windowRows * windowColumns * depth;
  const most = Tile.pixels(terms);
  const span = (columns - 1) * strideX + windowColumns;
  const high = max(most / columns, 1);
  const patches = scratch + <usize>(((high - 1) * strideY + windowRows) * span) * pixel;
  for (let u = from; u < to; ) {
    const r = u % rows;
    const count = min(min(high, rows - r), to - u);
    const image = x + <usize>((u / rows) * height * width) * pixel;
    for (let i = 0; i < (count - 1) * strideY + windowRows; i++) {
      windowRow(scratch + <usize>(i * span) * pixel, image, r * strideY - top + i, height, -left, width, span, pixel, false);
    }
    for (let t = 0; t < count * columns; t += most) {
      const m = min(most, count * columns - t);
      packPatches(
        patches,
        scratch,
        t,
        m,
        columns,
        <usize>(span * strideY) * pixel,
        <usize>strideX * pixel,
        windowRows,
        windowColumns * depth,
        <usize>span * pixel,
      );
      matmulPacked(out + ((<usize>((u * columns + t) * outputs)) << 2), patches, weight, m, outputs, terms, outputs, beta);
    }
    u += count;
  }
}

/**
 * The gradient by the weight: `dweight[k, o] = Σ patch[k] · g[o]` over the patches of all images, the same patches; tiles in order, in
 * each its patches in order, where they lie. For the places `from` to `to` of the window.
 */
export function conv2dWeightBackward(
  dweight: usize,
  g: usize,
  x: usize,
  from: i32,
  to: i32,
  batch: i32,
  height: i32,
  width: i32,
  depth: i32,
  rows: i32,
  columns: i32,
  outputs: i32,
  windowRows: i32,
  windowColumns: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  scratch: usize,
): void {
  const pixel = (<usize>depth) << 2;
  const most = Tile.pixels(windowRows * windowColumns * depth);
  const span = (columns - 1) * strideX + windowColumns;
  const high = max(most / columns, 1);
  const panels = scratch + <usize>(((high - 1) * strideY + windowRows) * span) * pixel;
  const line = (<usize>outputs) << 2;
  const place = (<usize>(depth * outputs)) << 2;
  const down = <usize>(span * strideY) * pixel;
  const right = <usize>strideX * pixel;
  memory.fill(dweight + <usize>from * place, 0, <usize>(to - from) * place);
  for (let u = 0; u < batch * rows; ) {
    const r = u % rows;
    const count = min(high, rows - r);
    const image = x + <usize>((u / rows) * height * width) * pixel;
    for (let i = 0; i < (count - 1) * strideY + windowRows; i++) {
      windowRow(scratch + <usize>(i * span) * pixel, image, r * strideY - top + i, height, -left, width, span, pixel, false);
    }
    for (let t = 0; t < count * columns; t += most) {
      const m = min(most, count * columns - t);
      packColumns(panels, g + ((<usize>((u * columns + t) * outputs)) << 2), m, outputs, outputs, 1);
      for (let k = from; k < to; ) {
        const first = k % windowColumns;
        const many = min(windowColumns - first, to - k) * depth;
        const start = scratch + <usize>((k / windowColumns) * span + first) * pixel;
        const o = dweight + <usize>k * place;
        for (let j = 0; j < outputs; j += 8) {
          const b = panels + ((<usize>(j * m)) << 2);
          stripPatches(o + ((<usize>j) << 2), line, start, t, m, columns, down, right, b, many, min(8, outputs - j));
        }
        k += windowColumns - first;
      }
    }
    u += count;
  }
}
