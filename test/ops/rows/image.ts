import { affineGrid, avgPool2d, crop, gridSample, maxPool2d } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { at, make, type Plain, weighed as plainly, range, shaped, total } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

const [coloured, grey] = [{ shape: [2, 4, 5, 3] }, { shape: [2, 4, 5] }];

const CORNERS = [[-1, 2], [3, -6]]; // biome-ignore format: rows
const corner = () => tensor(Int32Array.from(CORNERS.flat()), { shape: [2, 2] });

/** The pixel of an image [B, height, width, …], 0 outside. */
function pixel(x: Plain, b: number, i: number, j: number, ...rest: number[]): number {
  const [, height = 0, width = 0] = x.shape;
  return i < 0 || i >= height || j < 0 || j >= width ? 0 : at(x, [b, i, j, ...rest]);
}

const cropped = (x: Plain, rows: number, columns: number) =>
  make([2, rows, columns, ...x.shape.slice(3)], ([b = 0, r = 0, c = 0, ...rest]) => {
    const [top = 0, left = 0] = CORNERS[b] as number[];
    return pixel(x, b, top + r, left + c, ...rest);
  });

type Two = readonly [number, number];

/** `f` of what is inside of each window. */
const pooled = (x: Plain, size: Two, stride: Two, padding: Two, f: (inside: number[]) => number) => {
  const [batch = 0, height = 0, width = 0, ...channels] = x.shape;
  const count = [height, width].map((n, i) => Math.floor((n + 2 * (padding[i] ?? 0) - (size[i] ?? 0)) / (stride[i] ?? 1)) + 1);
  return make([batch, ...count, ...channels], ([b = 0, r = 0, c = 0, ...rest]) => {
    const places = range(size[0]).flatMap((p) =>
      range(size[1]).map((q) => [r * stride[0] + p - padding[0], c * stride[1] + q - padding[1]] as const),
    );
    return f(places.filter(([i, j]) => i >= 0 && i < height && j >= 0 && j < width).map(([i, j]) => at(x, [b, i, j, ...rest])));
  });
};

const largest = (list: number[]) => Math.max(...list);
const mean = (n: number) => (list: number[]) => total(list) / n;

const bilinear = (x: Plain, grid: Plain, align: boolean) => {
  const [batch = 0, height = 0, width = 0, ...channels] = x.shape;
  const place = (u: number, n: number) => (align ? ((u + 1) / 2) * (n - 1) : ((u + 1) * n - 1) / 2);
  const hat = (distance: number) => Math.max(0, 1 - Math.abs(distance));
  return make([batch, ...grid.shape.slice(1, 3), ...channels], ([b = 0, r = 0, c = 0, ...rest]) => {
    const [u, v] = [place(at(grid, [b, r, c, 0]), width), place(at(grid, [b, r, c, 1]), height)];
    return total(range(height).flatMap((j) => range(width).map((i) => hat(u - i) * hat(v - j) * at(x, [b, j, i, ...rest]))));
  });
};

const beyond = { shape: [2, 3, 4, 2], domain: [-1.3, 1.3] as const };

/** Rows and columns of places from −1 to 1. */
const placesOf = (theta: Plain, rows: number, columns: number, align: boolean) => {
  const along = (i: number, n: number) => (align ? -1 + (2 * i) / (n - 1) : -1 + (2 * i + 1) / n);
  return make([theta.shape[0] as number, rows, columns, 2], ([b = 0, r = 0, c = 0, k = 0]) =>
    total([along(c, columns), along(r, rows), 1].map((value, i) => value * at(theta, [b, k, i]))),
  );
};

const identity = () => tensor([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0], { shape: [2, 2, 3] });
const itself = (x: Tensor) => gridSample(x, affineGrid(identity(), [4, 5], { alignCorners: true }), { alignCorners: true });

export const picturing: OpRow[] = [
  { op: 'crop', f: (x) => weighed(crop(x, corner(), [3, 4])), inputs: [coloured], value: (x) => plainly(cropped(x, 3, 4)) },
  {
    op: 'crop',
    name: 'grey, a square beyond',
    f: (x) => weighed(crop(x, corner(), 9)),
    inputs: [grey],
    value: (x) => plainly(cropped(x, 9, 9)),
  },
  {
    op: 'maxPool2d',
    f: (x) => weighed(maxPool2d(x, 2)),
    inputs: [coloured],
    value: (x) => plainly(pooled(x, [2, 2], [2, 2], [0, 0], largest)),
  },
  {
    op: 'maxPool2d',
    name: 'grey, overlapping, with padding',
    f: (x) => weighed(maxPool2d(x, [3, 2], { stride: [2, 1], padding: [1, 0] })),
    inputs: [grey],
    value: (x) => plainly(pooled(x, [3, 2], [2, 1], [1, 0], largest)),
  },
  {
    op: 'avgPool2d',
    f: (x) => weighed(avgPool2d(x, 2)),
    inputs: [coloured],
    value: (x) => plainly(pooled(x, [2, 2], [2, 2], [0, 0], mean(4))),
  },
  {
    op: 'avgPool2d',
    name: 'grey, overlapping, with padding',
    f: (x) => weighed(avgPool2d(x, [2, 3], { stride: [1, 2], padding: 1 })),
    inputs: [grey],
    value: (x) => plainly(pooled(x, [2, 3], [1, 2], [1, 1], mean(6))),
  },
  ...[false, true].flatMap((alignCorners): OpRow[] => [
    {
      op: 'gridSample',
      name: alignCorners ? 'corners aligned' : 'edges aligned',
      f: (x, grid) => weighed(gridSample(x, grid, { alignCorners })),
      inputs: [coloured, beyond],
      value: (x, grid) => plainly(bilinear(x, grid, alignCorners)),
    },
    {
      op: 'affineGrid',
      name: alignCorners ? 'corners aligned' : 'edges aligned',
      f: (theta) => weighed(affineGrid(theta, [3, 4], { alignCorners })),
      inputs: [{ shape: [2, 2, 3] }],
      value: (theta) => plainly(placesOf(theta, 3, 4, alignCorners)),
    },
  ]),
  {
    op: 'gridSample',
    name: 'grey',
    f: (x, grid) => weighed(gridSample(x, grid)),
    inputs: [grey, beyond],
    value: (x, grid) => plainly(bilinear(x, grid, false)),
  },
  {
    op: 'gridSample',
    name: 'the image itself',
    f: (x) => weighed(itself(x)),
    inputs: [coloured],
    value: (x) => plainly(shaped(x.shape, x)),
  },
];
