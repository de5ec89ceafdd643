// Samples of images at places between pixels: the read of a spatial transformer.

import { recompose } from '../autograd/recompose.ts';
import { record, recording } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectOptions, isFlag, maybe, type Rules } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { elementsOf, empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { add, mul, sub } from './binary.ts';
import { gather } from './gather.ts';
import { matmul } from './matmul.ts';
import { imagesOf, type Pair, pairOf, resized } from './pair.ts';
import { select } from './shape.ts';
import { viewed } from './view.ts';

/** Options of {@link gridSample} and {@link affineGrid}. */
export interface GridOptions {
  /** Whether −1 and 1 are the centres of the first and last pixel; by default their outer edges (PyTorch's `align_corners`). Default false. */
  alignCorners?: boolean | undefined;
}

const gridOptions: Rules<GridOptions> = /* @__PURE__ */ (() => ({ alignCorners: maybe(isFlag) }))();

/**
 * `x` at the places of `grid`, bilinear between the four pixels round each, zeros outside: `x` `[B, height, width]` or `[B, height, width,
 * C]`, `grid` `[B, rows, columns, 2]` holds x and then y from −1 (left, top) to 1, in PyTorch's manner; gives `[B, rows, columns]` with the
 * same channels. A place as near to a pixel's centre as the digits of a coordinate tell, 2⁻²² of the image, is that pixel, so that an
 * identity returns the image's bits. A coordinate that is not finite gives NaN. Gradients: to `x`, added up place by place, and to `grid`,
 * at a pixel's centre the slope towards the next one (Jaderberg et al. 2015, "Spatial transformer networks", eq. 5 to 7).
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridOptions = {}): Tensor {
  const [batch, height, width, depth] = imagesOf('gridSample', x);
  expectDType('gridSample', 'grid', grid, 'float32');
  expectOptions('gridSample', options, gridOptions);
  const [, rows = 0, columns = 0] = grid.shape;
  if (!sameShape(grid.shape, [batch, rows, columns, 2])) {
    throw new RangeError(`gridSample: grid must be [${batch}, rows, columns, 2], got ${show(grid.shape)}`);
  }
  if (height * width === 0) throw new RangeError(`gridSample: x must have pixels, got ${show(x.shape)}`);
  const { alignCorners = false } = options;
  const [points, align] = [rows * columns, alignCorners ? 1 : 0];
  const y = empty(resized(x, rows, columns));
  kernels.gridSample(y.ptr, x.ptr, grid.ptr, batch, height, width, depth, points, align);
  return record('gridSample', y, { inputs: [x, grid], attributes: { alignCorners } }, (g) => {
    if (recording()) return recompose((from, at) => sampled(from, at, alignCorners), [x, grid], g);
    const dx = x.requiresGrad ? empty(x.shape) : null;
    const dgrid = grid.requiresGrad ? empty(grid.shape) : null;
    kernels.gridSampleBackward(dx?.ptr ?? 0, dgrid?.ptr ?? 0, g.ptr, x.ptr, grid.ptr, batch, height, width, depth, points, align);
    return [dx, dgrid];
  });
}

/** A coordinate's pixels before it, and whether they and the ones after them exist. */
function before(at: Tensor, n: number): { first: Float64Array; inside: readonly [Uint8Array, Uint8Array] } {
  const first = Float64Array.from(elementsOf(at), (p) => {
    const near = Math.round(p);
    return Math.floor(Math.abs(p - near) <= n / 2 ** 22 ? near : p);
  });
  const exists = (shift: number) => Uint8Array.from(first, (i) => (i + shift >= 0 && i + shift < n ? 1 : 0));
  return { first, inside: [exists(0), exists(1)] };
}

/** {@link gridSample} composed of ops, for gradients of gradients. */
function sampled(x: Tensor, grid: Tensor, align: boolean): Tensor {
  const [batch, height, width, depth] = imagesOf('gridSample', x);
  const points = grid.size / (2 * batch);
  const edge = align ? 1 : 0;
  // [B · points]
  const [u, v] = [width, height].map((n, axis) => {
    const part = viewed(select(grid, -1, axis), [batch * points]);
    return add(mul(part, (n - edge) / 2), (n - 1) / 2);
  }) as [Tensor, Tensor];
  const [columns, rows] = [before(u, width), before(v, height)];
  const shares = ([at, { first }]: readonly [Tensor, { first: Float64Array }]) => {
    const later = sub(at, tensor(first, { shape: at.shape }));
    return [sub(1, later), later] as const;
  };
  const [across, down] = [shares([u, columns]), shares([v, rows])];
  const pixels = viewed(x, [batch * height * width, depth]);
  const corner = (j: 0 | 1, i: 0 | 1) => {
    const inside = rows.inside[j].map((is, k) => is * (columns.inside[i][k] as number));
    const index = Int32Array.from(inside, (is, k) => {
      const [row, column] = [(rows.first[k] as number) + j, (columns.first[k] as number) + i];
      return is ? (Math.floor(k / points) * height + row) * width + column : 0;
    });
    const weight = mul(mul(down[j], across[i]), tensor(Float64Array.from(inside), { shape: u.shape }));
    return mul(gather(pixels, tensor(index)), viewed(weight, [batch * points, 1]));
  };
  const sums = [corner(0, 0), corner(0, 1), corner(1, 0), corner(1, 1)].reduce((total, part) => add(total, part));
  return viewed(sums, resized(x, grid.shape[1] as number, grid.shape[2] as number));
}

/** n coordinates from −1 to 1: pixels' centres, the outer ones on −1 and 1 with `align`, or half a pixel inside. */
const coordinates = (n: number, align: boolean) =>
  Array.from({ length: n }, (_, i) => (align ? (n === 1 ? 0 : (2 * i) / (n - 1) - 1) : (2 * i + 1) / n - 1));

/**
 * The grid of an affine map, for {@link gridSample}: `theta` `[B, 2, 3]` takes the place `(x, y, 1)` of each pixel of a picture of `size`
 * rows and columns (one number for both) to where it is sampled; gives `[B, rows, columns, 2]`. `[[1, 0, 0], [0, 1, 0]]` is the whole image (Jaderberg et al. 2015, eq. 1).
 * Gradient: that of the product.
 */
export function affineGrid(theta: Tensor, size: Pair, options: GridOptions = {}): Tensor {
  expectDType('affineGrid', 'theta', theta, 'float32');
  expectOptions('affineGrid', options, gridOptions);
  const [rows, columns] = pairOf('affineGrid', 'size', size, 1);
  const [batch = 0] = theta.shape;
  if (!sameShape(theta.shape, [batch, 2, 3])) throw new RangeError(`affineGrid: theta must be [B, 2, 3], got ${show(theta.shape)}`);
  const [xs, ys] = [coordinates(columns, options.alignCorners ?? false), coordinates(rows, options.alignCorners ?? false)];
  const places = tensor(Float64Array.from(ys.flatMap((y) => xs.flatMap((x) => [x, y, 1]))), { shape: [rows * columns, 3] });
  return viewed(matmul(places, theta, { transposeB: true }), [batch, rows, columns, 2]);
}
