// Windows of images `[height, width, depth]`, channels last.

/**
 * Row `y` of an image from column `left` on, `columns` pixels: zeros outside. Out of a window into the image if `back`, which leaves out what
 * lies outside. `width` and `columns` in pixels, `pixel` in bytes; `x` is the image.
 */
export function windowRow(row: usize, x: usize, y: i32, height: i32, left: i32, width: i32, columns: i32, pixel: usize, back: bool): void {
  const inside = y >= 0 && y < height;
  const from = inside ? min(max(-left, 0), columns) : columns;
  const to = inside ? max(min(width - left, columns), from) : columns;
  const image = x + <usize>(y * width + left + from) * pixel;
  const start = row + <usize>from * pixel;
  const bytes = <usize>(to - from) * pixel;
  if (back) {
    if (to > from) memory.copy(image, start, bytes);
    return;
  }
  memory.fill(row, 0, <usize>from * pixel);
  if (to > from) memory.copy(start, image, bytes); // elsewhere the address is nobody's
  memory.fill(start + bytes, 0, <usize>(columns - to) * pixel);
}
