import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/conv.ts in float64. */
export function convolving(cells: Cells) {
  return {
    conv2d(out, x, weight, from, to, height, width, depth, rows, columns, outputs, wRows, wColumns, strideY, strideX, top, left, beta) {
      const h = cells();
      const terms = wRows * wColumns * depth;
      for (let u = from; u < to; u++)
        for (let c = 0; c < columns; c++)
          for (let o = 0; o < outputs; o++) {
            let sum = 0;
            for (let k = 0; k < terms; k++) {
              const i = (u % rows) * strideY - top + Math.floor(k / (wColumns * depth));
              const j = c * strideX - left + (Math.floor(k / depth) % wColumns);
              if (i < 0 || i >= height || j < 0 || j >= width) continue;
              const value = h[x + ((Math.floor(u / rows) * height + i) * width + j) * depth + (k % depth)] as number;
              sum += value * (h[weight + (o >> 3) * 8 * terms + 8 * k + (o & 7)] as number);
            }
            const at = out + (u * columns + c) * outputs + o;
            h[at] = beta ? (h[at] as number) + sum : sum;
          }
    },
    conv2dWeightBackward(...args) {
      const [dweight, g, x, from, to, batch, height, width, depth, rows, columns, outputs, , wColumns, strideY, strideX, top, left] = args;
      const h = cells();
      for (let place = from; place < to; place++)
        for (let d = 0; d < depth; d++)
          for (let o = 0; o < outputs; o++) {
            let sum = 0;
            for (let u = 0; u < batch * rows; u++)
              for (let c = 0; c < columns; c++) {
                const i = (u % rows) * strideY - top + Math.floor(place / wColumns);
                const j = c * strideX - left + (place % wColumns);
                if (i < 0 || i >= height || j < 0 || j >= width) continue;
                const value = h[x + ((Math.floor(u / rows) * height + i) * width + j) * depth + d] as number;
                sum += value * (h[g + (u * columns + c) * outputs + o] as number);
              }
            h[dweight + (place * depth + d) * outputs + o] = sum;
          }
    },
  } satisfies Partial<Kernels>;
}
