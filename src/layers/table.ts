// The layers that are known, by Keras's class names.

import { buffer } from '../nn/buffer.ts';
import {
  add,
  batchNorm,
  concat,
  equal,
  expand,
  gather,
  greater,
  layerNorm,
  linear,
  max,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  not,
  permute,
  relu,
  reshape,
  softmax,
  sub,
  toFloat,
  where,
} from '../ops/index.ts';
import { shown } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { show } from '../tensor/shape.ts';
import { kindOf, type Tensor } from '../tensor/tensor.ts';
import { activationOf } from './activation.ts';
import { type Config, Layer, type Parts, type Signal, turned } from './layer.ts';
import { Bidirectional, KerasRecurrent } from './recurrent.ts';
import { averaged, Convolution, Dot, Merge, Pool } from './shape.ts';

/** A layer without weights of one input. */
class Mapped extends Layer {
  private readonly map: (x: Tensor) => Tensor;
  private readonly masked: boolean;

  /** `masked`: what is real before is real behind. */
  constructor(map: (x: Tensor) => Tensor, masked = true) {
    super();
    this.map = map;
    this.masked = masked;
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const { x, mask } = input as Signal;
    return [{ x: this.map(x), ...(this.masked && mask && { mask }) }];
  }
}

class Dense extends Layer {
  readonly weight: Tensor; // [O, I]
  readonly bias: Tensor | null;
  private readonly activation: (x: Tensor) => Tensor;

  constructor(parts: Parts) {
    super();
    const [input, output] = [parts.shape('kernel')[0] ?? 0, parts.size('units')];
    this.weight = parts.parameter('kernel', [input, output], (values) => turned(values, input, output), [output, input]);
    this.bias = parts.flag('use_bias', true) ? parts.parameter('bias', [output]) : null;
    this.activation = activationOf(parts.name, parts.config.activation);
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const { x, mask } = input as Signal;
    return [{ x: this.activation(linear(x, this.weight, this.bias ?? undefined)), mask }];
  }
}

class Embedding extends Layer {
  readonly weight: Tensor;
  private readonly masks: boolean;

  constructor(parts: Parts) {
    super();
    this.weight = parts.parameter('embeddings', [parts.size('input_dim'), parts.size('output_dim')]);
    this.masks = parts.flag('mask_zero', false);
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const { x } = input as Signal;
    if (x.dtype !== 'int32') throw new TypeError(`LayersModel: symbols must be int32 [B, T], got ${kindOf(x)}`);
    return [{ x: gather(this.weight, x), ...(this.masks && { mask: not(equal(x, 0)) }) }];
  }
}

/** Refuses a layer that is said to work along another axis than the last, which is known once there is an input. */
function lastOf(parts: Parts): (x: Tensor) => Tensor {
  const axes = [parts.config.axis ?? -1].flat();
  return (x) => {
    if (axes.length === 1 && (axes[0] === -1 || axes[0] === x.rank - 1)) return x;
    throw new Error(`LayersModel: axis of ${parts.name} must be the last one, got ${shown(parts.config.axis)} for ${show(x.shape)}`);
  };
}

class LayerNormalization extends Layer {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  private readonly along: (x: Tensor) => Tensor;
  private readonly eps: number;

  constructor(parts: Parts) {
    super();
    this.along = lastOf(parts);
    const size = parts.shape('gamma')[0] ?? 0;
    this.weight = parts.flag('scale', true) ? parts.parameter('gamma', [size]) : null;
    this.bias = parts.flag('center', true) ? parts.parameter('beta', [size]) : null;
    this.eps = parts.number('epsilon', 1e-3);
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const { x, mask } = input as Signal;
    return [{ x: layerNorm(this.along(x), { weight: this.weight ?? undefined, bias: this.bias ?? undefined, eps: this.eps }), mask }];
  }
}

/** By the running statistics, as in a prediction. */
class BatchNormalization extends Layer {
  readonly weight: Tensor | undefined;
  readonly bias: Tensor | undefined;
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
  private readonly along: (x: Tensor) => Tensor;
  private readonly eps: number;

  constructor(parts: Parts) {
    super();
    const shape = parts.shape('moving_mean');
    this.weight = parts.flag('scale', true) ? parts.parameter('gamma', shape) : undefined;
    this.bias = parts.flag('center', true) ? parts.parameter('beta', shape) : undefined;
    const kept = (name: string) => buffer(() => tensor(parts.raw(name).values));
    this.running_mean = kept('moving_mean');
    this.running_var = kept('moving_variance');
    this.along = lastOf(parts);
    this.eps = parts.number('epsilon', 1e-3);
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const { x, mask } = input as Signal;
    const { weight, bias, running_mean, running_var, eps } = this;
    return [{ x: batchNorm(this.along(x), { weight, bias, mean: running_mean, variance: running_var, eps }).output, mask }];
  }
}

/** A layer at every time: what is done to the last axis alone is the same without it. */
class TimeDistributed extends Layer {
  readonly layer: Layer;

  constructor(parts: Parts) {
    super();
    const inner = parts.config.layer as { class_name?: unknown; config?: Config } | undefined;
    this.layer = layerOf(String(inner?.class_name), parts.within('', inner?.config ?? {}));
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const { x, mask } = input as Signal; // [B, T, …]
    const [batch, steps, ...rest] = x.shape as [number, number, ...number[]];
    const [y] = this.layer.call([{ x: reshape(x, [batch * steps, ...rest]) }]);
    const found = (y as Signal).x;
    return [{ x: reshape(found, [batch, steps, ...found.shape.slice(1)]), mask }];
  }
}

class Masking extends Layer {
  private readonly value: number;

  constructor(parts: Parts) {
    super();
    this.value = parts.number('mask_value', 0);
  }

  call([input]: readonly Signal[]): readonly Signal[] {
    const { x } = input as Signal; // [B, T, C]
    const mask = greater(max(toFloat(not(equal(x, this.value))), { axis: -1 }), 0);
    return [{ x: where(reshape(mask, [...mask.shape, 1]), x, 0), mask }];
  }
}

const flat = (x: Tensor) => reshape(x, [x.shape[0] as number, -1]);
const over = (axes: readonly number[], reduce: (x: Tensor, options: { axis: number[] }) => Tensor) => (x: Tensor) =>
  reduce(x, { axis: [...axes] });
const largest = (axes: readonly number[]) => (x: Tensor) => axes.toReversed().reduce((y, axis) => max(y, { axis }), x);

/** Lengths of an option, where −1 or null is what is left. */
const shapeOf = (parts: Parts, name: string) => parts.list(name).map((length) => length ?? -1);

const reshaped = (lengths: readonly number[]) => (x: Tensor) => reshape(x, [x.shape[0] as number, ...lengths]);

function turnedBy(parts: Parts): (x: Tensor) => Tensor {
  const axes = [0, ...parts.list('dims')];
  return (x) => permute(x, axes);
}

function repeated(parts: Parts): (x: Tensor) => Tensor {
  const n = parts.size('n');
  return (x) => expand(reshape(x, [x.shape[0] as number, 1, x.shape[1] as number]), [x.shape[0] as number, n, x.shape[1] as number]);
}

const exponential = (slope: number) => (x: Tensor) => sub(relu(x), mul(relu(neg(activationOf('ELU', 'elu')(x))), slope));

function rectified(parts: Parts): (x: Tensor) => Tensor {
  parts.never('negative_slope', 0);
  parts.never('threshold', 0);
  const most = parts.number('max_value', Number.POSITIVE_INFINITY);
  return most === Number.POSITIVE_INFINITY ? relu : (x) => minimum(relu(x), most);
}

/** With channels last and every axis gone, as all that is read here. */
function usually(parts: Parts): Parts {
  parts.never('data_format', 'channels_last');
  parts.never('keepdims');
  return parts;
}

const leaky = (slope: number) => (x: Tensor) => sub(relu(x), mul(relu(neg(x)), slope));
const axisOf = (parts: Parts) => Number(parts.config.axis ?? -1);

/** A layer that does something in training alone. */
const untouched = () => new Mapped((x) => x);

const builders: Readonly<Record<string, (parts: Parts) => Layer>> = {
  Activation: (parts) => new Mapped(activationOf(parts.name, parts.config.activation)),
  ActivityRegularization: untouched,
  Add: () => new Merge((xs) => xs.reduce(add)),
  AlphaDropout: untouched,
  Average: () => new Merge((xs) => averaged(xs, add)),
  AveragePooling1D: (parts) => new Pool('average', 1, parts),
  AveragePooling2D: (parts) => new Pool('average', 2, parts),
  BatchNormalization: (parts) => new BatchNormalization(parts),
  Bidirectional: (parts) => new Bidirectional(parts),
  Concatenate: (parts) => new Merge((xs) => concat(xs, axisOf(parts)), axisOf(parts)),
  Conv1D: (parts) => new Convolution(1, parts),
  Conv2D: (parts) => new Convolution(2, parts),
  Dense: (parts) => new Dense(parts),
  Dot: (parts) => new Dot(parts),
  Dropout: untouched,
  ELU: (parts) => new Mapped(exponential(parts.number('alpha', 1))),
  Embedding: (parts) => new Embedding(parts),
  Flatten: (parts) => usually(parts) && new Mapped(flat, false),
  GRU: (parts) => new KerasRecurrent('GRU', parts),
  GaussianDropout: untouched,
  GaussianNoise: untouched,
  GlobalAveragePooling1D: (parts) => usually(parts) && new Mapped(over([1], mean), false),
  GlobalAveragePooling2D: (parts) => usually(parts) && new Mapped(over([1, 2], mean), false),
  GlobalMaxPooling1D: (parts) => usually(parts) && new Mapped(largest([1]), false),
  GlobalMaxPooling2D: (parts) => usually(parts) && new Mapped(largest([1, 2]), false),
  LSTM: (parts) => new KerasRecurrent('LSTM', parts),
  LayerNormalization: (parts) => new LayerNormalization(parts),
  LeakyReLU: (parts) => new Mapped(leaky(parts.number('alpha', parts.number('negative_slope', 0.3)))),
  Masking: (parts) => new Masking(parts),
  MaxPooling1D: (parts) => new Pool('max', 1, parts),
  MaxPooling2D: (parts) => new Pool('max', 2, parts),
  Maximum: () => new Merge((xs) => xs.reduce(maximum)),
  Minimum: () => new Merge((xs) => xs.reduce(minimum)),
  Multiply: () => new Merge((xs) => xs.reduce(mul)),
  Permute: (parts) => new Mapped(turnedBy(parts), false),
  ReLU: (parts) => new Mapped(rectified(parts)),
  RepeatVector: (parts) => new Mapped(repeated(parts), false),
  Reshape: (parts) => new Mapped(reshaped(shapeOf(parts, 'target_shape')), false),
  SimpleRNN: (parts) => new KerasRecurrent('SimpleRNN', parts),
  Softmax: (parts) => new Mapped((x) => softmax(x, { axis: axisOf(parts) })),
  SpatialDropout1D: untouched,
  Subtract: () => new Merge(([a, b]) => sub(a as Tensor, b as Tensor)),
  TimeDistributed: (parts) => new TimeDistributed(parts),
};

/** A layer of this class. */
export function layerOf(kind: string, parts: Parts): Layer {
  const build = Object.hasOwn(builders, kind) ? builders[kind] : undefined;
  if (build) return build(parts);
  throw new Error(`loadLayersModel: layers must be among ${Object.keys(builders).join(', ')}, got ${kind} (${parts.name})`);
}
