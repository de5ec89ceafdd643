// Ops of images on three threads of a pool that nothing has used before have the bits of one.
import { expect, it } from 'vitest';
import type * as Package from '../../src/all.ts';

const rooms = await Promise.all(['index', 'ops'].map((room) => import(new URL(`../../dist/${room}.js`, import.meta.url).href)));
const built = Object.assign({}, ...rooms) as typeof Package;

type Backend = Awaited<ReturnType<typeof built.wasmBackend>>;

/** Results and gradients of a call, as bits. */
function bits(on: Backend, shapes: readonly (readonly number[])[], f: (...xs: Package.Tensor[]) => Package.Tensor): Int32Array[] {
  const { backward, key, normal, parameter, scope, withBackend } = built;
  return withBackend(on, () =>
    scope(() => {
      const xs = shapes.map((shape, i) => parameter(normal(key(i + 1), shape)));
      const y = f(...xs);
      backward(y, { gradient: normal(key(9), y.shape) });
      return [y, ...xs.map((x) => x.grad as Package.Tensor)].map((x) => new Int32Array(x.toArray().buffer));
    }),
  );
}

const { avgPool2d, batchNorm, conv2d, convTranspose2d, crop, gridSample, maxPool2d, tensor } = built;
const image = [6, 20, 18, 16];
const corners = () =>
  tensor(
    Int32Array.from({ length: 12 }, (_, i) => ((i * 7) % 20) - 3),
    { shape: [6, 2] },
  );

const calls: Record<string, readonly [shapes: readonly (readonly number[])[], f: (...xs: Package.Tensor[]) => Package.Tensor]> = {
  conv2d: [[image, [24, 16, 3, 3], [24]], (x, w, b) => conv2d(x as Package.Tensor, w as Package.Tensor, b, { padding: 1 })],
  'conv2d, strides': [
    [image, [9, 16, 5, 5]],
    (x, w) => conv2d(x as Package.Tensor, w as Package.Tensor, undefined, { stride: 2, padding: 2 }),
  ],
  convTranspose2d: [
    [
      [6, 10, 9, 16],
      [16, 8, 4, 4],
    ],
    (x, w) => convTranspose2d(x as Package.Tensor, w as Package.Tensor, undefined, { stride: 2, padding: 1 }),
  ],
  pools: [[image], (x) => avgPool2d(maxPool2d(x as Package.Tensor, 2), 3, { stride: 2 })],
  batchNorm: [[[6, 20, 18, 40], [40], [40]], (x, weight, bias) => batchNorm(x as Package.Tensor, { weight, bias }).output],
  gridSample: [[image, [6, 15, 15, 2]], (x, grid) => gridSample(x as Package.Tensor, grid as Package.Tensor)],
  crop: [[image], (x) => crop(x as Package.Tensor, corners(), 12)],
};

it.each(Object.entries(calls))('%s', async (_, [shapes, f]) => {
  const wanted = bits(await built.wasmBackend(), shapes, f);
  const on = await built.wasmBackend({ threads: 3 });
  try {
    for (let call = 0; call < 3; call++) {
      bits(on, shapes, f).forEach((values, i) => {
        expect(values.filter((value, j) => value !== wanted[i]?.[j]).length, `elements of result ${i}`).toBe(0);
      });
    }
  } finally {
    on.close?.();
  }
});
