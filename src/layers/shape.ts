// Convolutions, pools and merges as Keras computes them: images and sequences with channels last, as here.

import { and, avgPool2d, concat, conv2d, div, matmul, maximum, maxPool2d, mul, permute, reshape, sqrt, square, sum } from '../ops/index.ts';
import { full, ones } from '../tensor/create.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activationOf } from './activation.ts';
import { Layer, type Parts, type Signal } from './layer.ts';

/** Elements put before and after each of the two axes. */
function padded(x: Tensor, ends: readonly (readonly [number, number])[], value = 0): Tensor {
  return ends.reduce((all, [before, after], i) => {
    const side = (length: number) => (length ? [full(all.shape.with(i + 1, length), value)] : []);
    return before || after ? concat([...side(before), all, ...side(after)], i + 1) : all;
  }, x);
}

/** The padding of TensorFlow: with `same`, as many outputs as inputs over the stride; more behind than before. */
function endsOf(x: Tensor, sizes: readonly number[], strides: readonly number[], padding: string): [number, number][] {
  return sizes.map((size, i) => {
    const length = x.shape[i + 1] as number;
    if (padding === 'causal') return i ? [size - 1, 0] : [0, 0];
    if (padding !== 'same') return [0, 0];
    const stride = strides[i] as number;
    const all = Math.max(0, (Math.ceil(length / stride) - 1) * stride + size - length);
    return [Math.floor(all / 2), all - Math.floor(all / 2)];
  });
}

const paddingOf = (parts: Parts): string => {
  const padding = String(parts.config.padding ?? 'valid');
  if (['valid', 'same', 'causal'].includes(padding)) return padding;
  throw new Error(`loadLayersModel: padding of ${parts.name} must be among valid, same, causal, got ${padding}`);
};

/** A sequence `[B, T, C]` as an image of one row, or an image as it is. */
const asImage = (x: Tensor, axes: number) => (axes === 1 ? reshape(x, [x.shape[0] as number, 1, ...x.shape.slice(1)]) : x);
const asBefore = (y: Tensor, axes: number) => (axes === 1 ? reshape(y, [y.shape[0] as number, ...y.shape.slice(2)]) : y);

/** `[B, T, C]` along time or `[B, height, width, C]` along both. */
export class Convolution extends Layer {
  readonly weight: Tensor; // [O, I, rows, columns]
  readonly bias: Tensor | null;
  private readonly axes: number;
  private readonly stride: number[];
  private readonly padding: string;
  private readonly activation: (x: Tensor) => Tensor;

  constructor(axes: number, parts: Parts) {
    super();
    parts.never('data_format', 'channels_last');
    parts.never('groups', 1);
    this.axes = axes;
    this.padding = paddingOf(parts);
    const one = axes === 1 ? [1] : [];
    const size = parts.sizes('kernel_size', axes);
    const dilation = [...one, ...parts.sizes('dilation_rate', axes, 1)] as [number, number];
    this.stride = [...one, ...parts.sizes('strides', axes, 1)];
    const outputs = parts.size('filters');
    const inputs = parts.shape('kernel').at(-2) ?? 0;
    const rows = [...one, ...size] as [number, number];
    const wide = rows.map((each, i) => (each - 1) * (dilation[i] as number) + 1) as [number, number];
    const spread = outputs * inputs * wide[0] * wide[1];
    if (spread > 2 ** 30)
      throw new RangeError(`loadLayersModel: dilation_rate of ${parts.name} must leave a filter that fits, got ${dilation}`);
    // Zeros between the rows and columns of a filter are its dilation.
    const laid = (values: Float32Array) => {
      const found = new Float32Array(spread);
      values.forEach((value, at) => {
        const [o, i, k] = [at % outputs, Math.floor(at / outputs) % inputs, Math.floor(at / outputs / inputs)];
        const [r, c] = [Math.floor(k / rows[1]) * dilation[0], (k % rows[1]) * dilation[1]];
        found[((o * inputs + i) * wide[0] + r) * wide[1] + c] = value;
      });
      return found;
    };
    this.weight = parts.parameter('kernel', [...size, inputs, outputs], laid, [outputs, inputs, ...wide]);
    this.bias = parts.flag('use_bias', true) ? parts.parameter('bias', [outputs]) : null;
    this.activation = activationOf(parts.name, parts.config.activation);
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const image = asImage((input as Signal).x, this.axes);
    const x = padded(image, endsOf(image, this.weight.shape.slice(2), this.stride, this.padding));
    const y = conv2d(x, this.weight, this.bias ?? undefined, { stride: this.stride as [number, number] });
    return [{ x: this.activation(asBefore(y, this.axes)) }];
  }
}

/** The largest or the mean of each window. */
export class Pool extends Layer {
  private readonly kind: 'max' | 'average';
  private readonly axes: number;
  private readonly size: number[];
  private readonly stride: number[];
  private readonly padding: string;

  constructor(kind: 'max' | 'average', axes: number, parts: Parts) {
    super();
    parts.never('data_format', 'channels_last');
    this.kind = kind;
    this.axes = axes;
    const one = axes === 1 ? [1] : [];
    const size = parts.sizes('pool_size', axes, 2);
    this.size = [...one, ...size];
    this.stride = [...one, ...(parts.config.strides ? parts.sizes('strides', axes) : size)];
    this.padding = paddingOf(parts);
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const image = asImage((input as Signal).x, this.axes);
    const ends = endsOf(image, this.size, this.stride, this.padding);
    const [size, options] = [this.size as [number, number], { stride: this.stride as [number, number] }];
    if (this.kind === 'max') return [{ x: asBefore(maxPool2d(padded(image, ends, Number.NEGATIVE_INFINITY), size, options), this.axes) }];
    const whole = avgPool2d(padded(image, ends), size, options);
    const real = ends.flat().some(Boolean) ? avgPool2d(padded(ones(image.shape), ends), size, options) : undefined; // padding does not count
    return [{ x: asBefore(real ? div(whole, real) : whole, this.axes) }];
  }
}

/** Products of two inputs along an axis of each: `layers.dot`, with which attention is built. */
export class Dot extends Layer {
  private readonly along: readonly [number, number];
  private readonly normalize: boolean;

  constructor(parts: Parts) {
    super();
    const { axes } = parts.config;
    const pair = Array.isArray(axes) ? axes : [axes, axes];
    if (pair.length !== 2 || !pair.every(Number.isInteger))
      throw new RangeError(`loadLayersModel: axes of ${parts.name} must be one or two whole numbers, got ${String(axes)}`);
    this.along = pair as [number, number];
    this.normalize = parts.flag('normalize', false);
  }

  call(inputs: readonly Signal[]): readonly Signal[] {
    const [a, b] = inputs.map(({ x }, i) => {
      const axis = ((this.along[i] as number) + x.rank) % x.rank;
      const rest = x.shape.flatMap((_, at) => (at && at !== axis ? [at] : []));
      const y = this.normalize ? div(x, sqrt(maximum(sum(square(x), { axis, keepDims: true }), 1e-12))) : x;
      const lengths = rest.map((at) => x.shape[at] as number);
      return { rows: reshape(permute(y, [0, ...rest, axis]), [x.shape[0] as number, sizeOf(lengths), x.shape[axis] as number]), lengths };
    }) as [{ rows: Tensor; lengths: number[] }, { rows: Tensor; lengths: number[] }];
    const y = matmul(a.rows, b.rows, { transposeB: true }); // [B, M, N]
    const lengths = [...a.lengths, ...b.lengths];
    return [{ x: reshape(y, [y.shape[0] as number, ...(lengths.length ? lengths : [1])]) }];
  }
}

/** Several inputs as one, element by element or, with an axis, side by side. */
export class Merge extends Layer {
  private readonly join: (xs: readonly Tensor[]) => Tensor;
  private readonly axis: number | undefined;

  constructor(join: (xs: readonly Tensor[]) => Tensor, axis?: number) {
    super();
    this.join = join;
    this.axis = axis;
  }

  call(inputs: readonly Signal[]): readonly Signal[] {
    return [{ x: this.join(inputs.map(({ x }) => x)), mask: this.maskOf(inputs) }];
  }

  /** A step is real if it is in every input that masks; one after the other, each input brings its own steps. */
  private maskOf(inputs: readonly Signal[]): Tensor | undefined {
    const masks = inputs.flatMap(({ mask }) => (mask ? [mask] : []));
    if (masks.length === 0) return undefined;
    const inTime = this.axis === 1 || this.axis === 1 - (inputs[0]?.x.rank ?? 0);
    return inTime ? concat(inputs.map(({ x, mask }) => mask ?? full(x.shape.slice(0, 2), true, 'bool')), 1) : masks.reduce(and); // biome-ignore format: two ways
  }
}

/** The mean of tensors. */
export const averaged = (xs: readonly Tensor[], add: (a: Tensor, b: Tensor) => Tensor): Tensor => mul(xs.reduce(add), 1 / xs.length);
