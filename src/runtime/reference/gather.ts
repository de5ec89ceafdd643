import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** Bag, place and row of every index that is not skipped. */
function* bags(h: Float64Array, index: number, count: number, length: number, skip: number): Generator<[i: number, j: number, k: number]> {
  for (let i = 0; i < count; i++)
    for (let j = 0; j < length; j++) {
      const k = h[index + i * length + j] as number;
      if (k !== skip) yield [i, j, k];
    }
}

/** The kernels of assembly/kernels/gather.ts in float64. */
export function gathering(cells: Cells) {
  return {
    gather(out, x, index, count, width) {
      const h = cells();
      for (let i = 0; i < count; i++) {
        const from = x + (h[index + i] as number) * width;
        h.copyWithin(out + i * width, from, from + width);
      }
    },
    scatterAdd(out, x, index, count, width) {
      const h = cells();
      for (let i = 0; i < count; i++)
        for (let j = 0; j < width; j++) {
          const to = out + (h[index + i] as number) * width + j;
          h[to] = (h[to] as number) + (h[x + i * width + j] as number);
        }
    },
    pick(out, x, index, outer, n, inner) {
      const h = cells();
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          const k = h[index + o * inner + i] as number;
          h[out + o * inner + i] = k < 0 ? 0 : (h[x + (o * n + k) * inner + i] as number);
        }
    },
    pickBackward(dx, g, index, outer, n, inner) {
      const h = cells();
      h.fill(0, dx, dx + outer * n * inner);
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          const k = h[index + o * inner + i] as number;
          if (k >= 0) h[dx + (o * n + k) * inner + i] = h[g + o * inner + i] as number;
        }
    },
    embeddingBag(out, x, weights, index, count, length, width, skip) {
      const h = cells();
      h.fill(0, out, out + count * width);
      for (const [i, j, k] of bags(h, index, count, length, skip))
        for (let d = 0; d < width; d++) {
          const to = out + i * width + d;
          h[to] = (h[to] as number) + (weights ? (h[weights + j * width + d] as number) : 1) * (h[x + k * width + d] as number);
        }
    },
    embeddingBagBackward(dx, g, weights, index, count, length, width, skip) {
      const h = cells();
      for (const [i, j, k] of bags(h, index, count, length, skip))
        for (let d = 0; d < width; d++) {
          const to = dx + k * width + d;
          h[to] = (h[to] as number) + (weights ? (h[weights + j * width + d] as number) : 1) * (h[g + i * width + d] as number);
        }
    },
    embeddingBagWeights(dw, g, x, index, count, length, width, skip) {
      const h = cells();
      for (const [i, j, k] of bags(h, index, count, length, skip))
        for (let d = 0; d < width; d++) {
          const to = dw + j * width + d;
          h[to] = (h[to] as number) + (h[g + i * width + d] as number) * (h[x + k * width + d] as number);
        }
    },
  } satisfies Partial<Kernels>;
}
