// Parts of images: what their tables do not say.
import { expect, it } from 'vitest';
import { BatchNorm } from '../../src/nn/batch-norm.ts';
import { Conv2d } from '../../src/nn/conv2d.ts';
import { avgPool2d, conv2d, convTranspose2d, crop, gridSample, maxPool2d } from '../../src/ops/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { list, real } from './row.ts';

it('a norm of batches moves its statistics only where it is told to', () => {
  const norm = new BatchNorm({ size: 2, momentum: 0.5 });
  const x = tensor([1, 2, 3, 6], { shape: [2, 2] });
  expect(list(norm.forward(x))).toEqual([1, 2, 3, 6].map((v) => expect.closeTo(v / Math.sqrt(1 + 1e-5), 5)));
  expect(list(norm.running_mean)).toEqual([0, 0]);
  expect(list(norm.forward(x, { update: true }))).toEqual([-1, -1, 1, 1].map((v) => expect.closeTo(v, 4)));
  expect([list(norm.running_mean), list(norm.running_var), norm.num_batches_tracked.item()]).toEqual([[1, 2], [1.5, 4.5], 1]); // (1 + 2) / 2, (1 + 8) / 2
  expect(() => norm.forward(zeros([1, 2]), { update: true })).toThrow(
    'BatchNorm: x must have more than one value a channel to update by, got 1',
  );
  expect(() => norm.forward(x, { train: true } as object)).toThrow('BatchNorm: options must be among update, got train');
});

it('ops of images refuse what does not fit, by name', () => {
  const [x, weight] = [real([0, 1], [5, 6, 3], 1), real([0, 1, 2, 3], [3, 3, 3], 2)];
  expect(() => conv2d(x, zeros([4, 2, 3, 3]))).toThrow(
    'conv2d: x must be [B, height, width, I] and weight [O, I, rows, columns], got [2, 5, 6, 3] and [4, 2, 3, 3]',
  );
  expect(() => conv2d(x, zeros([4, 3, 6, 3]))).toThrow(
    'conv2d: weight must be no larger than x with its padding, got [6, 3] for [2, 5, 6, 3]',
  );
  expect(() => conv2d(x, weight, undefined, { padding: 'valid' as 'same' })).toThrow(
    "conv2d: padding must be same or whole numbers from 0, got 'valid'",
  );
  expect(() => conv2d(x, weight, zeros([3]))).toThrow('conv2d: bias must be [4], got [3]');
  expect(() => conv2d(x, zeros([4, 3, 2, 2]), undefined, { padding: 'same' })).toThrow(
    'conv2d: padding same needs a weight of odd size, got [2, 2]',
  );
  expect(() => convTranspose2d(x, zeros([3, 4, 3, 3]), undefined, { stride: 2, outputPadding: 2 })).toThrow(
    'outputPadding must be below stride, got [2, 2] and [2, 2]',
  );
  expect(() => maxPool2d(x, 3, { padding: 2 })).toThrow('maxPool2d: padding must be at most half the size, got [2, 2] for [3, 3]');
  expect(() => avgPool2d(x, [6, 1])).toThrow('avgPool2d: size must fit into the image, got [6, 1] for [2, 5, 6, 3]');
  expect(() => crop(x, tensor(Int32Array.of(1, 2)), 2)).toThrow('crop: corner must be [2, 2], got [2]');
  expect(() => gridSample(x, zeros([1, 2, 2, 2]))).toThrow('gridSample: grid must be [2, rows, columns, 2], got [1, 2, 2, 2]');
  expect(() => new Conv2d({ input: 3, output: 4, size: 3, padding: 'full' as 'same' }, key(1))).toThrow(/^Conv2d: padding must be/);
});
