import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/image.ts in float64. */
export function picturing(cells: Cells) {
  return {
    crop(out, x, corner, batch, height, width, depth, rows, columns) {
      const h = cells();
      for (let b = 0; b < batch; b++)
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++)
            for (let d = 0; d < depth; d++) {
              const [i, j] = [(h[corner + 2 * b] as number) + r, (h[corner + 2 * b + 1] as number) + c];
              const inside = i >= 0 && i < height && j >= 0 && j < width;
              h[out++] = inside ? (h[x + ((b * height + i) * width + j) * depth + d] as number) : 0;
            }
    },
    cropBackward(dx, g, corner, batch, height, width, depth, rows, columns) {
      const h = cells();
      h.fill(0, dx, dx + batch * height * width * depth);
      for (let b = 0; b < batch; b++)
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++)
            for (let d = 0; d < depth; d++) {
              const [i, j] = [(h[corner + 2 * b] as number) + r, (h[corner + 2 * b + 1] as number) + c];
              const value = h[g++] as number;
              if (i >= 0 && i < height && j >= 0 && j < width) h[dx + ((b * height + i) * width + j) * depth + d] = value;
            }
    },
    maxPool2d(out, place, x, batch, height, width, depth, rows, columns, windowRows, windowColumns, strideY, strideX, top, left) {
      const h = cells();
      for (let b = 0; b < batch; b++)
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++)
            for (let d = 0; d < depth; d++) {
              let [best, at] = [Number.NEGATIVE_INFINITY, -1];
              for (let i = r * strideY - top; i < r * strideY - top + windowRows; i++)
                for (let j = c * strideX - left; j < c * strideX - left + windowColumns; j++) {
                  if (i < 0 || i >= height || j < 0 || j >= width) continue;
                  const value = h[x + ((b * height + i) * width + j) * depth + d] as number;
                  if (at < 0 || value > best || Number.isNaN(value)) [best, at] = [value, i * width + j];
                }
              h[out++] = best;
              h[place++] = at;
            }
    },
    maxPool2dBackward(dx, g, index, batch, pixels, n, depth) {
      const h = cells();
      h.fill(0, dx, dx + batch * pixels * depth);
      for (let b = 0; b < batch; b++)
        for (let i = 0; i < n; i++)
          for (let d = 0; d < depth; d++) {
            const at = (b * n + i) * depth + d;
            const to = dx + (b * pixels + (h[index + at] as number)) * depth + d;
            h[to] = (h[to] as number) + (h[g + at] as number);
          }
    },
  } satisfies Partial<Kernels>;
}
