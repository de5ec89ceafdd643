import { record, taped } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { asOne } from '../tensor/observe.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { expectIndices, expectSame } from './indices.ts';
import { imagesOf, type Pair, pairOf, resized } from './pair.ts';

const [LOW, HIGH] = [-(2 ** 31), 2 ** 31];

/**
 * A window of whole pixels from each image, `y[b, r, c] = x[b, top + r, left + c]`, zeros outside: `x` `[B, height, width]` or `[B, height,
 * width, C]`, `corner` int32 `[B, 2]` the `(top, left)` of each, which may lie outside. `size` is rows and columns, or one number for both;
 * gives `[B, rows, columns]` with the same channels. Gradient: to `x`, placed where it was cut out.
 */
export function crop(x: Tensor, corner: Tensor, size: Pair): Tensor {
  const [batch, height, width, depth] = imagesOf('crop', x);
  const mark = expectIndices('crop', corner, LOW, HIGH, 'corner');
  if (!sameShape(corner.shape, [batch, 2])) throw new RangeError(`crop: corner must be ${show([batch, 2])}, got ${show(corner.shape)}`);
  const [rows, columns] = pairOf('crop', 'size', size, 1);
  const y = empty(resized(x, rows, columns));
  kernels.crop(y.ptr, x.ptr, corner.ptr, batch, height, width, depth, rows, columns);
  return record('crop', y, { inputs: [x, corner], attributes: { size: [rows, columns] } }, (g) => {
    expectSame('crop', corner, LOW, HIGH, mark);
    return [uncrop(g, corner, x.shape), null];
  });
}

/** {@link crop}'s gradient: `g` where it was cut out, zeros elsewhere. Its own gradient is {@link crop}. */
function uncrop(g: Tensor, corner: Tensor, shape: Shape): Tensor {
  expectDType('uncrop', 'g', g, 'float32');
  const [batch, rows, columns, depth = 1] = g.shape as [number, number, number, number?];
  const [, height, width] = shape as [number, number, number];
  const placed = () => {
    const dx = empty(shape);
    kernels.cropBackward(dx.ptr, g.ptr, corner.ptr, batch, height, width, depth, rows, columns);
    return taped('uncrop', dx, [g], (h) => [crop(h, corner, [rows, columns])]);
  };
  return asOne('uncrop', { inputs: [g, corner], attributes: { shape } }, placed, (dx) => [dx]);
}
