// Parts of images once more in plain float64: an image is a list of rows of pixels of channels.
import { at, type Matrix, range, rowsOf, total, type Vector } from './plain.ts';

export type Image = readonly (readonly Vector[])[];
type Two = readonly [number, number];

/** A flat list as an image. */
export const imageOf = (flat: Vector, width: number, depth: number): Image => {
  const pixels = rowsOf(flat, depth);
  return range(pixels.length / width).map((i) => pixels.slice(i * width, (i + 1) * width));
};

export const flatten = (x: Image): Vector => x.flat(2);

/** The pixel of an image, or nothing outside. */
export const pixelOf = (x: Image, i: number, j: number): Vector | undefined => x[i]?.[j];

/** A convolution: `weight` a row for each output, of inputs, rows and columns (PyTorch's `conv2d`). */
export function convolve(x: Image, weight: Matrix, bias: Vector, [high, wide]: Two, stride: Two, padding: Two): Image {
  const count = (n: number, size: number, i: 0 | 1) => Math.floor((n + 2 * padding[i] - size) / stride[i]) + 1;
  const inputs = at(at(x, 0), 0).length;
  return range(count(x.length, high, 0)).map((r) =>
    range(count(at(x, 0).length, wide, 1)).map((c) =>
      weight.map((filter, o) => {
        const terms = range(inputs * high * wide).map((k) => {
          const [i, p, q] = [Math.floor(k / (high * wide)), Math.floor(k / wide) % high, k % wide];
          const pixel = pixelOf(x, r * stride[0] + p - padding[0], c * stride[1] + q - padding[1]);
          return at(filter, k) * (pixel ? at(pixel, i) : 0);
        });
        return at(bias, o) + total(terms);
      }),
    ),
  );
}

/** Each pixel puts its filters, weighed, where a convolution would read it from: `weight` a row for each input (PyTorch's `conv_transpose2d`). */
export function spread(x: Image, weight: Matrix, bias: Vector, [high, wide]: Two, stride: number, padding: number): Image {
  const outputs = bias.length;
  const count = (n: number, size: number) => (n - 1) * stride - 2 * padding + size;
  const y = range(count(x.length, high)).map(() => range(count(at(x, 0).length, wide)).map(() => [...bias]));
  x.forEach((row, r) => {
    row.forEach((pixel, c) => {
      pixel.forEach((value, i) => {
        for (const k of range(outputs * high * wide)) {
          const [o, p, q] = [Math.floor(k / (high * wide)), Math.floor(k / wide) % high, k % wide];
          const to = y[r * stride + p - padding]?.[c * stride + q - padding];
          if (to) to[o] = at(to, o) + value * at(at(weight, i), k);
        }
      });
    });
  });
  return y;
}

/** The largest, or the mean, of windows that tile the image. */
export function pool(x: Image, size: number, kind: 'max' | 'mean'): Image {
  return range(Math.floor(x.length / size)).map((r) =>
    range(Math.floor(at(x, 0).length / size)).map((c) =>
      at(at(x, 0), 0).map((_, d) => {
        const window = range(size * size).map((k) => at(at(at(x, r * size + Math.floor(k / size)), c * size + (k % size)), d));
        return kind === 'max' ? Math.max(...window) : total(window) / window.length;
      }),
    ),
  );
}
