import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/matmul.ts in float64. */
export function products(cells: Cells) {
  return {
    packRows(out, x, rows, depth, rowStride, depthStride) {
      const h = cells();
      let o = out;
      for (let i = 0; i < rows; i += 4)
        for (let k = 0; k < depth; k++)
          for (let r = i; r < i + 4; r++) h[o++] = r < rows ? (h[x + r * rowStride + k * depthStride] as number) : 0;
    },
    packColumns(out, x, depth, columns, depthStride, columnStride) {
      const h = cells();
      let o = out;
      for (let j = 0; j < columns; j += 8)
        for (let k = 0; k < depth; k++)
          for (let c = j; c < j + 8; c++) h[o++] = c < columns ? (h[x + k * depthStride + c * columnStride] as number) : 0;
    },
    matmulPacked(out, a, b, m, n, k, outStride, beta) {
      const h = cells();
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          const p = a + (i >> 2) * 4 * k + (i & 3);
          const q = b + (j >> 3) * 8 * k + (j & 7);
          for (let l = 0; l < k; l++) sum += (h[p + 4 * l] as number) * (h[q + 8 * l] as number);
          const at = out + i * outStride + j;
          h[at] = beta ? (h[at] as number) + sum : sum;
        }
    },
    matmulPanels(out, a, b, bias, m, n, k, aRow, aDepth, outStride) {
      const h = cells();
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          const q = b + (j >> 3) * 8 * k + (j & 7);
          for (let l = 0; l < k; l++) sum += (h[a + i * aRow + l * aDepth] as number) * (h[q + 8 * l] as number);
          h[out + i * outStride + j] = sum + (bias ? (h[bias + j] as number) : 0);
        }
    },
    matmul(out, a, b, bias, m, n, k, aRow, aDepth, bDepth, bColumn, outStride) {
      const h = cells();
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += (h[a + i * aRow + l * aDepth] as number) * (h[b + l * bDepth + j * bColumn] as number);
          h[out + i * outStride + j] = sum + (bias ? (h[bias + j] as number) : 0);
        }
    },
    matmulBatch(out, a, b, m, n, k, aRow, aDepth, bDepth, bColumn, outer, inner, aOuter, aInner, bOuter, bInner) {
      const h = cells();
      for (let o = 0; o < outer; o++)
        for (let p = 0; p < inner; p++)
          for (let i = 0; i < m; i++)
            for (let j = 0; j < n; j++) {
              let sum = 0;
              for (let l = 0; l < k; l++) {
                const x = h[a + o * aOuter + p * aInner + i * aRow + l * aDepth] as number;
                sum += x * (h[b + o * bOuter + p * bInner + l * bDepth + j * bColumn] as number);
              }
              h[out + ((o * inner + p) * m + i) * n + j] = sum;
            }
    },
  } satisfies Partial<Kernels>;
}
