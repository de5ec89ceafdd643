import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** A coordinate in pixels; one within 2⁻²² of `n` of a whole number is that number. */
function placeOf(u: number, n: number, align: number): number {
  const p = align ? ((u + 1) * (n - 1)) / 2 : ((u + 1) * n - 1) / 2;
  return Math.abs(p - Math.round(p)) <= n * 2 ** -22 ? Math.round(p) : p;
}

/** The kernels of assembly/kernels/grid-sample.ts in float64. */
export function sampling(cells: Cells) {
  /** Calls `f` with each pixel round a place: its address within an image, its weight, and the slopes of that by the coordinates. */
  const corners = (
    [px, py]: readonly [number, number],
    height: number,
    width: number,
    f: (pixel: number, weight: number, across: number, down: number) => void,
  ) => {
    if (!(px >= -1 && px < width && py >= -1 && py < height)) return;
    for (const j of [Math.floor(py), Math.floor(py) + 1])
      for (const i of [Math.floor(px), Math.floor(px) + 1]) {
        const [u, v] = [1 - Math.abs(i - px), 1 - Math.abs(j - py)];
        const [du, dv] = [i > px ? 1 : -1, j > py ? 1 : -1];
        if (i >= 0 && i < width && j >= 0 && j < height) f(j * width + i, u * v, du * v, dv * u);
      }
  };
  return {
    gridSample(out, x, grid, batch, height, width, depth, points, align) {
      const h = cells();
      for (let b = 0; b < batch; b++)
        for (let p = 0; p < points; p++) {
          const at = grid + 2 * (b * points + p);
          const place = [placeOf(h[at] as number, width, align), placeOf(h[at + 1] as number, height, align)] as const;
          const blank = place.every(Number.isFinite) ? 0 : Number.NaN;
          const to = out + (b * points + p) * depth;
          h.fill(blank, to, to + depth);
          corners(place, height, width, (pixel, weight) => {
            for (let d = 0; d < depth; d++)
              h[to + d] = (h[to + d] as number) + weight * (h[x + (b * height * width + pixel) * depth + d] as number);
          });
        }
    },
    gridSampleBackward(dx, dgrid, g, x, grid, batch, height, width, depth, points, align) {
      const h = cells();
      if (dx !== 0) h.fill(0, dx, dx + batch * height * width * depth);
      for (let b = 0; b < batch; b++)
        for (let p = 0; p < points; p++) {
          const at = b * points + p;
          const place = [
            placeOf(h[grid + 2 * at] as number, width, align),
            placeOf(h[grid + 2 * at + 1] as number, height, align),
          ] as const;
          const blank = place.every(Number.isFinite) ? 0 : Number.NaN;
          let [across, down] = [blank, blank];
          corners(place, height, width, (pixel, weight, du, dv) => {
            for (let d = 0; d < depth; d++) {
              const own = (b * height * width + pixel) * depth + d;
              const slope = h[g + at * depth + d] as number;
              if (dx !== 0) h[dx + own] = (h[dx + own] as number) + slope * weight;
              across += slope * du * (h[x + own] as number);
              down += slope * dv * (h[x + own] as number);
            }
          });
          if (dgrid === 0) continue;
          h[dgrid + 2 * at] = (across * (width - (align ? 1 : 0))) / 2;
          h[dgrid + 2 * at + 1] = (down * (height - (align ? 1 : 0))) / 2;
        }
    },
  } satisfies Partial<Kernels>;
}
