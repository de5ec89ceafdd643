// Windows and pools of images `[batch, height, width, depth]`, channels last.
import { Part } from "../loops/part";
import { windowRow } from "../loops/window";

/** Crops out of images, or back into them. */
function crops(
  crop: usize,
  image: usize,
  corner: usize,
  batch: i32,
  height: i32,
  width: i32,
  depth: i32,
  rows: i32,
  columns: i32,
  back: bool,
): void {
  const pixel = (<usize>depth) << 2;
  for (let b = 0; b < batch; b++) {
    const top = load<i32>(corner);
    const left = load<i32>(corner + 4);
    for (let r = 0; r < rows; r++) {
      windowRow(crop, image, top + r, height, left, width, columns, pixel, back);
      crop += <usize>columns * pixel;
    }
    image += <usize>(height * width) * pixel;
    corner += 8;
  }
}

/** `out[b, r, c] = x[b, top + r, left + c]` with `(top, left) = corner[b]`, 0 outside `x`. Moves bits, of any element type. */
export function crop(out: usize, x: usize, corner: usize, batch: i32, height: i32, width: i32, depth: i32, rows: i32, columns: i32): void {
  crops(out, x, corner, batch, height, width, depth, rows, columns, false);
}

/** `dx[b, top + r, left + c] = g[b, r, c]` where that is inside, 0 elsewhere. */
export function cropBackward(
  dx: usize,
  g: usize,
  corner: usize,
  batch: i32,
  height: i32,
  width: i32,
  depth: i32,
  rows: i32,
  columns: i32,
): void {
  memory.fill(dx, 0, (<usize>(batch * height * width * depth)) << 2);
  crops(g, dx, corner, batch, height, width, depth, rows, columns, true);
}

/**
 * The largest of each window of an image, and its place `y · width + x` there; of equals the first, and NaN is larger than any number. A
 * window begins at `r · strideY − top`, `c · strideX − left`; what lies outside does not count, and each window has something inside.
 */
export function maxPool2d(
  out: usize,
  place: usize,
  x: usize,
  batch: i32,
  height: i32,
  width: i32,
  depth: i32,
  rows: i32,
  columns: i32,
  windowRows: i32,
  windowColumns: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
): void {
  const pixel = (<usize>depth) << 2;
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < rows; r++) {
      const y0 = max(r * strideY - top, 0);
      const y1 = min(r * strideY - top + windowRows, height);
      for (let c = 0; c < columns; c++) {
        const x0 = max(c * strideX - left, 0);
        const x1 = min(c * strideX - left + windowColumns, width);
        for (let d = 0; d < depth; d += 4) {
          const rest = depth - d;
          const plane = x + ((<usize>d) << 2);
          let best = Part.load(plane + <usize>(y0 * width + x0) * pixel, rest);
          let at = i32x4.splat(y0 * width + x0);
          for (let i = y0; i < y1; i++) {
            for (let j = x0; j < x1; j++) {
              const v = Part.load(plane + <usize>(i * width + j) * pixel, rest);
              const more = v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
              best = v128.bitselect(v, best, more);
              at = v128.bitselect(i32x4.splat(i * width + j), at, more);
            }
          }
          Part.store(out + ((<usize>d) << 2), best, rest);
          Part.store(place + ((<usize>d) << 2), at, rest);
        }
        out += pixel;
        place += pixel;
      }
    }
    x += <usize>(height * width) * pixel;
  }
}

/** `dx[b, index[b, i, d], d] += g[b, i, d]` from 0, in order of i < n; images of `pixels` pixels. */
export function maxPool2dBackward(dx: usize, g: usize, index: usize, batch: i32, pixels: i32, n: i32, depth: i32): void {
  const image = (<usize>(pixels * depth)) << 2;
  memory.fill(dx, 0, image * <usize>batch);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < n; i++) {
      for (let d = 0; d < depth; d++) {
        const to = dx + ((<usize>(load<i32>(index) * depth + d)) << 2);
        store<f32>(to, load<f32>(to) + load<f32>(g));
        g += 4;
        index += 4;
      }
    }
    dx += image;
  }
}
