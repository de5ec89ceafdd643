import { conv2d, convTranspose2d } from '../../../src/ops/index.ts';
import { at, make, type Plain, weighed as plainly, range, total } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

type Two = readonly [number, number];
interface Lie {
  stride: Two;
  padding: Two;
  outputPadding?: Two;
}

/** Every place of a filter. */
const places = (weight: Plain) =>
  range(weight.shape[2] as number).flatMap((p) => range(weight.shape[3] as number).map((q) => [p, q] as const));

/** `bias[o] + Σ weight[o, i, p, q] · x[b, r·s + p − top, c·s + q − left, i]`, 0 outside. */
function convolved(x: Plain, weight: Plain, bias: Plain | undefined, { stride, padding }: Lie): Plain {
  const [batch = 0, height = 0, width = 0, inputs = 0] = x.shape;
  const [outputs = 0, , high = 0, wide = 0] = weight.shape;
  const count = (n: number, size: number, i: 0 | 1) => Math.floor((n + 2 * padding[i] - size) / stride[i]) + 1;
  return make([batch, count(height, high, 0), count(width, wide, 1), outputs], ([b = 0, r = 0, c = 0, o = 0]) => {
    const terms = places(weight).flatMap(([p, q]) => {
      const [i, j] = [r * stride[0] + p - padding[0], c * stride[1] + q - padding[1]];
      const inside = i >= 0 && i < height && j >= 0 && j < width;
      return inside ? range(inputs).map((k) => at(weight, [o, k, p, q]) * at(x, [b, i, j, k])) : [];
    });
    return (bias?.values[o] ?? 0) + total(terms);
  });
}

/** Each element of `x` puts a filter, weighed by it, where a convolution would read it from. */
function spread(x: Plain, weight: Plain, bias: Plain | undefined, { stride, padding, outputPadding = [0, 0] }: Lie): Plain {
  const [batch = 0, height = 0, width = 0, inputs = 0] = x.shape;
  const [, outputs = 0, high = 0, wide = 0] = weight.shape;
  const count = (n: number, size: number, i: 0 | 1) => (n - 1) * stride[i] - 2 * padding[i] + size + outputPadding[i];
  return make([batch, count(height, high, 0), count(width, wide, 1), outputs], ([b = 0, i = 0, j = 0, o = 0]) => {
    const terms = range(height).flatMap((r) =>
      range(width).flatMap((c) => {
        const [p, q] = [i + padding[0] - r * stride[0], j + padding[1] - c * stride[1]];
        const reached = p >= 0 && p < high && q >= 0 && q < wide;
        return reached ? range(inputs).map((k) => at(weight, [k, o, p, q]) * at(x, [b, r, c, k])) : [];
      }),
    );
    return (bias?.values[o] ?? 0) + total(terms);
  });
}

const plain: Lie = { stride: [1, 1], padding: [0, 0] };
const [x, weight, bias] = [{ shape: [2, 5, 4, 3] }, { shape: [4, 3, 3, 2] }, { shape: [4] }];
const uneven: Lie = { stride: [2, 3], padding: [1, 2] };
const wider: Lie = { stride: [3, 2], padding: [1, 0], outputPadding: [2, 1] };

export const filtering: OpRow[] = [
  {
    op: 'conv2d',
    f: (x, w, b) => weighed(conv2d(x, w, b)),
    inputs: [x, weight, bias],
    value: (x, w, b) => plainly(convolved(x, w, b, plain)),
  },
  {
    op: 'conv2d',
    name: 'strides and padding',
    f: (x, w, b) => weighed(conv2d(x, w, b, uneven)),
    inputs: [x, weight, bias],
    value: (x, w, b) => plainly(convolved(x, w, b, uneven)),
  },
  {
    op: 'conv2d',
    name: 'same size',
    f: (x, w) => weighed(conv2d(x, w, undefined, { padding: 'same' })),
    inputs: [{ shape: [1, 4, 5, 2] }, { shape: [9, 2, 3, 3] }],
    value: (x, w) => plainly(convolved(x, w, undefined, { stride: [1, 1], padding: [1, 1] })),
  },
  {
    op: 'convTranspose2d',
    f: (x, w, b) => weighed(convTranspose2d(x, w, b)),
    inputs: [x, { shape: [3, 4, 3, 2] }, bias],
    value: (x, w, b) => plainly(spread(x, w, b, plain)),
  },
  {
    op: 'convTranspose2d',
    name: 'strides, padding, larger',
    f: (x, w, b) => weighed(convTranspose2d(x, w, b, wider)),
    inputs: [{ shape: [2, 3, 2, 3] }, { shape: [3, 4, 4, 3] }, bias],
    value: (x, w, b) => plainly(spread(x, w, b, wider)),
  },
  {
    op: 'convTranspose2d',
    name: 'strides beyond the filter',
    f: (x, w, b) => weighed(convTranspose2d(x, w, b, { stride: 3 })),
    inputs: [{ shape: [1, 3, 2, 2] }, { shape: [2, 4, 2, 1] }, bias],
    value: (x, w, b) => plainly(spread(x, w, b, { stride: [3, 3], padding: [0, 0] })),
  },
];
