// Reads and writes by index within each row of a batch, all by `gather` and `segmentSum` on the flattened batch.

import { record, taped } from '../autograd/record.ts';
import { expectNames, isCount } from '../tensor/check.ts';
import { ones } from '../tensor/create.ts';
import { asOne } from '../tensor/observe.ts';
import { axisOf, sameShape, show, sizeOf } from '../tensor/shape.ts';
import { alias, elementsOf, empty, expectDType, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { axisOption } from './along.ts';
import { gather, segmentSum, unpick } from './gather.ts';
import { expectIndices } from './indices.ts';
import { reshape, transpose } from './shape.ts';

/** `index`, whose leading axes have `rows` elements in all, as indices into `rows` consecutive blocks of `n`. */
function flat(op: string, index: Tensor, rows: number, n: number): Tensor {
  expectDType(op, 'index', index, 'int32');
  const y = empty(index.shape, 'int32');
  const [from, to] = [elementsOf(index), y.view()];
  const width = rows === 0 ? 0 : from.length / rows;
  for (let i = 0; i < from.length; i++) {
    const value = from[i] as number;
    if (!(value >= 0 && value < n)) throw new RangeError(`${op}: index must be in [0, ${n}), got ${value} at ${i}`);
    to[i] = value + Math.floor(i / width) * n;
  }
  return y;
}

/** {@link batchGather} under the caller's name. */
function taken(op: string, x: Tensor, index: Tensor, batch: number): Tensor {
  expectTensor(op, 'x', x);
  expectDType(op, 'index', index, 'int32');
  if (!(Number.isInteger(batch) && batch >= 0 && batch < x.rank) || !sameShape(x.shape.slice(0, batch), index.shape.slice(0, batch))) {
    throw new RangeError(`${op}: x and index must share ${batch} leading axes, got ${show(x.shape)} and ${show(index.shape)}`);
  }
  const rows = sizeOf(x.shape.slice(0, batch));
  const [n, ...rest] = x.shape.slice(batch) as [number, ...number[]];
  const call = { inputs: [x, index], attributes: { batchDims: batch } };
  return asOne(
    'batchGather',
    call,
    () => gather(reshape(x, [rows * n, ...rest]), flat(op, index, rows, n)),
    (y) => [y],
  );
}

const batchGatherOptions = { batchDims: 0 };

/**
 * `y[b, k, …] = x[b, index[b, k], …]`: `x` `[B, N, …]` and `index` int32 `[B, …M]` give `[B, …M, …]`; from values `[B, S, D]` an index `[B,
 * T]` selects `[B, T, D]`. `batchDims` is the number of leading axes that both share; default 1. Gradient: added up at the places it was
 * taken from.
 */
export function batchGather(x: Tensor, index: Tensor, options: { batchDims?: number | undefined } = {}): Tensor {
  expectNames('batchGather', options, batchGatherOptions);
  return taken('batchGather', x, index, options.batchDims ?? 1);
}

/**
 * `y[…, k] = x[…, index[…, k]]` (NumPy's `take_along_axis`, PyTorch's `gather`) along `axis`, the last by default; the other lengths
 * agree. Gradient: {@link scatterAddAlongAxis}.
 */
export function takeAlongAxis(x: Tensor, index: Tensor, options: { axis?: number | undefined } = {}): Tensor {
  expectTensor('takeAlongAxis', 'x', x);
  expectDType('takeAlongAxis', 'index', index, 'int32');
  expectNames('takeAlongAxis', options, axisOption);
  const at = axisOf('takeAlongAxis', options.axis ?? -1, x.rank);
  const last = x.rank - 1;
  if (at !== last) return transpose(takeAlongAxis(transpose(x, at, -1), transpose(index, at, -1)), at, -1);
  if (index.rank !== x.rank) throw new RangeError(`takeAlongAxis: index must have rank ${x.rank}, got ${show(index.shape)}`);
  return taken('takeAlongAxis', x, index, last);
}

/**
 * `y[…, n] = Σ x[…, k]` over the k with `index[…, k] = n`, in order of k: `x` and int32 `index` `[…, M]` give `[…, length]`. It turns
 * weights of the items of a sentence into weights of words. Gradient: {@link takeAlongAxis}.
 */
export function scatterAddAlongAxis(x: Tensor, index: Tensor, length: number): Tensor {
  expectDType('scatterAddAlongAxis', 'x', x, 'float32');
  expectDType('scatterAddAlongAxis', 'index', index, 'int32');
  isCount('scatterAddAlongAxis', 'length', length);
  if (x.rank === 0 || !sameShape(x.shape, index.shape)) {
    throw new RangeError(`scatterAddAlongAxis: x and index must have one shape, got ${show(x.shape)} and ${show(index.shape)}`);
  }
  const outer = x.shape.slice(0, -1);
  const rows = sizeOf(outer);
  const call = { inputs: [x, index], attributes: { length } };
  const summed = () => reshape(segmentSum(x, flat('scatterAddAlongAxis', index, rows, length), rows * length), [...outer, length]);
  return asOne('scatterAddAlongAxis', call, summed, (y) => [y]);
}

/** 1 at the index and 0 elsewhere on a new last axis of `length`: int32 `[…]` gives float32 `[…, length]`; zeros where the index is −1. No gradient. */
export function oneHot(index: Tensor, length: number): Tensor {
  isCount('oneHot', 'length', length);
  expectIndices('oneHot', index, -1, length);
  const marked = () => unpick(ones(index.shape), index, [...index.shape, length], index.rank);
  return asOne('oneHot', { inputs: [index], attributes: { length } }, marked, (y) => [y]);
}

/**
 * The value of `hard` with the gradient of `soft`: the straight-through estimator (Bengio et al. 2013, "Estimating or propagating
 * gradients", §4). The bits are those of `hard`. Gradient: `g` to `soft`, none to `hard`.
 */
export function straightThrough(hard: Tensor, soft: Tensor): Tensor {
  expectDType('straightThrough', 'hard', hard, 'float32');
  expectDType('straightThrough', 'soft', soft, 'float32');
  if (!sameShape(hard.shape, soft.shape)) {
    throw new RangeError(`straightThrough: hard and soft must have one shape, got ${show(hard.shape)} and ${show(soft.shape)}`);
  }
  const y = taped('straightThrough', alias(hard), [soft], (g) => [g]); // a history of hard alone is none
  return record('straightThrough', y, { inputs: [hard, soft] });
}
