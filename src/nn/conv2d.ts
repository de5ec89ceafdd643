import { type Conv2dOptions, type ConvTranspose2dOptions, conv2d, convTranspose2d, type Pair, uniform } from '../ops/index.ts';
import { isPair, pairOf } from '../ops/pair.ts';
import { anything, expectKey, expectOptions, isFlag, isSize, maybe } from '../tensor/check.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, param } from './module.ts';

/** Options of {@link Conv2d}: channels in and out, and the filter's rows and columns (one number for both). */
export interface Conv2dSizes extends Conv2dOptions {
  /** Channels in. */
  input: number;
  /** Channels out. */
  output: number;
  /** Rows and columns of the filter; one number for both. */
  size: Pair;
  /** Default true. */
  bias?: boolean | undefined;
}

/** Options of {@link ConvTranspose2d}. */
export interface ConvTranspose2dSizes extends ConvTranspose2dOptions {
  /** Channels in. */
  input: number;
  /** Channels out. */
  output: number;
  /** Rows and columns of the filter; one number for both. */
  size: Pair;
  /** Default true. */
  bias?: boolean | undefined;
}

const own = { input: isSize, output: isSize, bias: maybe(isFlag), stride: isPair(1), size: anything };

/** U(−1/√n, 1/√n), n the terms of a sum, as PyTorch's. */
function drawn(key: Key, shape: readonly number[], terms: number): Tensor {
  const bound = 1 / Math.sqrt(terms);
  return param(() => uniform(key, shape, { low: -bound, high: bound }));
}

/**
 * A convolution of images with channels last. `weight` `[output, input, rows, columns]`, `bias` `[output]`, both U(−1/√n, 1/√n) as
 * PyTorch's, n = input · rows · columns.
 */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly options: Conv2dOptions;

  constructor(sizes: Conv2dSizes, key: Key) {
    super();
    expectOptions('Conv2d', sizes, { ...own, padding: anything });
    expectKey('Conv2d', key);
    const { input, output, size, bias = true, stride = 1, padding = 0 } = sizes;
    const [rows, columns] = pairOf('Conv2d', 'size', size, 1);
    if (padding !== 'same') pairOf('Conv2d', 'padding', padding, 0);
    const [forWeight, forBias] = split(key);
    const terms = input * rows * columns;
    this.weight = drawn(forWeight, [output, input, rows, columns], terms);
    this.bias = bias ? drawn(forBias, [output], terms) : null;
    this.options = { stride, padding };
  }

  /** Maps `[B, height, width, input]` to `[B, height′, width′, output]`. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias ?? undefined, this.options);
  }
}

/**
 * The transpose of a convolution, of images with channels last. `weight` `[input, output, rows, columns]`, `bias` `[output]`, both
 * U(−1/√n, 1/√n) as PyTorch's, n = output · rows · columns.
 */
export class ConvTranspose2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly options: ConvTranspose2dOptions;

  constructor(sizes: ConvTranspose2dSizes, key: Key) {
    super();
    expectOptions('ConvTranspose2d', sizes, { ...own, padding: isPair(0), outputPadding: isPair(0) });
    expectKey('ConvTranspose2d', key);
    const { input, output, size, bias = true, stride = 1, padding = 0, outputPadding = 0 } = sizes;
    const [rows, columns] = pairOf('ConvTranspose2d', 'size', size, 1);
    const [forWeight, forBias] = split(key);
    const terms = output * rows * columns;
    this.weight = drawn(forWeight, [input, output, rows, columns], terms);
    this.bias = bias ? drawn(forBias, [output], terms) : null;
    this.options = { stride, padding, outputPadding };
  }

  /** Maps `[B, height, width, input]` to `[B, height′, width′, output]`. */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias ?? undefined, this.options);
  }
}
