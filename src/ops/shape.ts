// Ops that move elements. All use the strided copy kernel except `reshape`, which moves nothing.

import { record, recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import { expectNames, isCount, type Names, shown } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import { axisOf, expectShape, type Shape, sameShape, show, sizeOf, stridesOf } from '../tensor/shape.ts';
import { empty, expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';
import { joined, placed, taken } from './runs.ts';
import { viewed } from './view.ts';
import { copyInto, dense } from './walk.ts';

/** The same elements in another shape; one length may be −1 and is inferred. No copy. Gradient: reshaped back. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  expectTensor('reshape', 'x', x);
  expectShape('reshape', shape, -1);
  const open = shape.indexOf(-1);
  const full = open < 0 ? shape : shape.with(open, x.size / -sizeOf(shape));
  if (!full.every((length) => Number.isInteger(length) && length >= 0) || sizeOf(full) !== x.size) {
    throw new RangeError(`reshape: shape must hold ${x.size} elements with at most one −1, got ${show(shape)} for ${show(x.shape)}`);
  }
  return viewed(x, full);
}

/** Axis i of the result is axis `axes[i]` of `x`. Gradient: the inverse permutation. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  expectTensor('permute', 'x', x);
  if (!Array.isArray(axes)) throw new TypeError(`permute: axes must be an array, got ${shown(axes)}`);
  const order = axes.map((axis) => axisOf('permute', axis, x.rank));
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new RangeError(`permute: axes must name each of ${x.rank} axes once, got ${show(axes)}`);
  }
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis] as number);
  const y = empty(shape, x.dtype);
  copyInto(y, dense(shape), x, { at: 0, strides: order.map((axis) => strides[axis] as number) }, shape);
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return record('permute', y, { inputs: [x], attributes: { axes: order } }, (g) => [permute(g, inverse)]);
}

/** Swaps two axes, the last two by default. Gradient: swapped back. */
export function transpose(x: Tensor, a = -2, b = -1): Tensor {
  expectTensor('transpose', 'x', x);
  const [p, q] = [axisOf('transpose', a, x.rank), axisOf('transpose', b, x.rank)];
  return permute(
    x,
    x.shape.map((_, axis) => (axis === p ? q : axis === q ? p : axis)),
  );
}

/** Options of {@link slice}. */
export interface SliceOptions {
  /** Distance between indices; negative steps run backwards. Default 1. */
  step?: number | undefined;
}

const sliceOptions: Names<SliceOptions> = { step: 0 };

/**
 * Indices from `start` to before `end` along an axis, `step` apart; negative ones count from the end. Without `end`, up to the last; with a
 * negative step, down to the first. Gradient: each element's, at its place between zeros.
 */
export function slice(x: Tensor, axis: number, start: number, end?: number, options: SliceOptions = {}): Tensor {
  expectTensor('slice', 'x', x);
  expectNames('slice', options, sliceOptions);
  const { step = 1 } = options;
  const at = axisOf('slice', axis, x.rank);
  const length = x.shape[at] as number;
  if (!Number.isSafeInteger(step) || step === 0)
    throw new RangeError(`slice: step must be a whole number other than 0, got ${shown(step)}`);
  const from = start < 0 ? start + length : start;
  const to = end === undefined ? (step > 0 ? length : -1) : end < 0 ? end + length : end;
  const inOrder = step > 0 ? 0 <= from && from <= to && to <= length : -1 <= to && to <= from && from < length;
  if (!(Number.isInteger(from) && Number.isInteger(to) && inOrder)) {
    throw new RangeError(
      `slice: start and end must lie in order within [0, ${length}], got ${start} and ${end ?? (step > 0 ? length : 'the first')}${step === 1 ? '' : ` in steps of ${step}`}`,
    );
  }
  if (from === 0 && to === length && step === 1) return x;
  return taken(x, at, { from, step, count: Math.ceil((to - from) / step) });
}

/** Zeros of `length` along an axis, with `x` from index `start` on. Gradient: the {@link slice} where `x` is. */
export function place(x: Tensor, axis: number, start: number, length: number): Tensor {
  expectTensor('place', 'x', x);
  const at = axisOf('place', axis, x.rank);
  const own = x.shape[at] as number;
  isCount('place', 'start', start);
  isCount('place', 'length', length);
  if (start + own > length) {
    throw new RangeError(`place: x must fit into ${length} from ${start} on, got length ${own}`);
  }
  return placed(x, at, { from: start, step: 1, count: own }, length);
}

/** One index of an axis, which is removed. Gradient: placed between zeros. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  expectTensor('select', 'x', x);
  const at = axisOf('select', axis, x.rank);
  const i = index < 0 ? index + (x.shape[at] as number) : index;
  if (!(Number.isInteger(i) && i >= 0 && i < (x.shape[at] as number))) {
    throw new RangeError(`select: index must be within an axis of length ${x.shape[at]}, got ${index}`);
  }
  return reshape(
    slice(x, at, i, i + 1),
    x.shape.filter((_, k) => k !== at),
  );
}

/** The first of a list of tensors; throws unless all elements are tensors. */
function firstOf(op: string, tensors: readonly Tensor[]): Tensor {
  if (!Array.isArray(tensors)) throw new TypeError(`${op}: tensors must be an array, got ${shown(tensors)}`);
  const [first] = tensors as readonly Tensor[];
  if (!first) throw new RangeError(`${op}: tensors must be at least one, got none`);
  for (const x of tensors) expectTensor(op, 'tensors', x);
  return first;
}

const kindOf = ({ dtype, shape }: Tensor) => `${dtype} ${show(shape)}`;

/** Joins tensors along an axis; the other lengths must agree. Gradient: each tensor's slice. */
export function concat(list: readonly Tensor[], axis = 0): Tensor {
  const first = firstOf('concat', list);
  const tensors = [...list]; // the caller may change the list before the gradient is computed
  const at = axisOf('concat', axis, first.rank);
  for (const x of tensors) {
    const agrees = x.rank === first.rank && x.shape.every((n, i) => i === at || n === first.shape[i]);
    if (!agrees || x.dtype !== first.dtype) {
      throw new RangeError(`concat: tensors must agree except along axis ${at}, got ${kindOf(first)} and ${kindOf(x)}`);
    }
  }
  return joined(tensors, at);
}

/** Joins tensors of one shape along a new axis. Gradient: each tensor's index. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = firstOf('stack', tensors);
  const at = axisOf('stack', axis, first.rank + 1);
  const widened = [...first.shape.slice(0, at), 1, ...first.shape.slice(at)];
  for (const x of tensors) {
    expectDType('stack', 'tensors', x, first.dtype);
    if (!sameShape(x.shape, first.shape)) throw new RangeError(`stack: shapes must agree, got ${show(first.shape)} and ${show(x.shape)}`);
  }
  return concat(
    tensors.map((x) => reshape(x, widened)),
    at,
  );
}

/** Every index of an axis as its own tensor, with the axis removed: the reverse of {@link stack}. Gradient: stacked, once for all. */
export function unstack(x: Tensor, axis = 0): Tensor[] {
  expectTensor('unstack', 'x', x);
  const at = axisOf('unstack', axis, x.rank);
  const strides = stridesOf(x.shape);
  const shape = x.shape.filter((_, i) => i !== at);
  const steps = strides.filter((_, i) => i !== at);
  const part = (i: number) => {
    const y = empty(shape, x.dtype);
    copyInto(y, dense(shape), x, { at: i * (strides[at] as number), strides: steps }, shape);
    return y;
  };
  return unstacked(x, at, part, (gs) => stack(gs, at));
}

/**
 * {@link unstack} along the first axis without a copy, for a tensor that nobody else writes to or keeps. Gradients that lie side by side are not
 * copied either.
 */
export function sections(x: Tensor): Tensor[] {
  const shape = x.shape.slice(1);
  const size = sizeOf(shape);
  const part = (i: number) => new Tensor(x.storage, shape, x.dtype, x.offset + i * size);
  return unstacked(x, 0, part, (gs) => {
    const [{ storage, offset }] = gs as [Tensor];
    if (recording() || !gs.every((g, i) => g.storage === storage && g.offset === offset + i * size)) return stack(gs);
    const inputs = gs.map((g) => viewed(g, [1, ...shape]));
    return record('concat', new Tensor(storage, x.shape, x.dtype, offset), { inputs, attributes: { axis: 0 } });
  });
}

function unstacked(x: Tensor, axis: number, part: (i: number) => Tensor, joined: (gs: readonly Tensor[]) => Tensor): Tensor[] {
  const ys = Array.from({ length: x.shape[axis] as number }, (_, i) => part(i));
  recordSeveral('unstack', ys, { inputs: [x], attributes: { axis } }, (gs) => [
    joined(gs.map((g, i) => g ?? zeros((ys[i] as Tensor).shape))),
  ]);
  return ys;
}

/** Reverses the order along an axis. Gradient: reversed back. */
export function flip(x: Tensor, axis: number): Tensor {
  expectTensor('flip', 'x', x);
  const at = axisOf('flip', axis, x.rank);
  const strides = stridesOf(x.shape);
  const step = strides[at] as number;
  const y = empty(x.shape, x.dtype);
  const reversed = strides.map((stride, i) => (i === at ? -stride : stride));
  copyInto(y, dense(x.shape), x, { at: ((x.shape[at] as number) - 1) * step, strides: reversed }, x.shape);
  return record('flip', y, { inputs: [x], attributes: { axis: at } }, (g) => [flip(g, at)]);
}
