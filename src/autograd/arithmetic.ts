// The ops that the tape itself needs: the sum of gradients, the sum that undoes broadcasting, its gradient, and the copy.

import { type DType, type Kernels, kernels } from '../runtime/backend.ts';
import * as call from '../runtime/generated/calls.ts';
import {
  broadcastShapes,
  collapse,
  eachInner,
  expectShape,
  type Four,
  type Shape,
  sameShape,
  show,
  sizeOf,
  stretchedStrides,
  stridesOf,
} from '../tensor/shape.ts';
import { elementsOf, empty, expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';
import { record } from './record.ts';

/** A kernel of two broadcast operands: `out` contiguous, four lengths, four strides of `a`, four of `b`. */
export type BinaryKernel = Kernels['add'];

const FLOATS: readonly [DType, DType] = ['float32', 'float32'];

/** One run of `n` contiguous elements of both operands. Positional: an object here makes small ops a sixth slower. */
function inOrder(kernel: BinaryKernel, out: number, a: number, b: number, n: number): void {
  kernel(out, a, b, 1, 1, 1, n, 0, 0, 0, 1, 0, 0, 0, 1);
}

/** `out = kernel(a, b)` with both operands broadcast; operands have one of the types `of`, the result has `dtype`. */
export function binary(op: string, kernel: BinaryKernel, a: Tensor, b: Tensor, dtype: DType = 'float32', of = FLOATS): Tensor {
  expectDType(op, 'a', a, of[0]);
  expectDType(op, 'b', b, of[1]);
  const shape = broadcastShapes(op, a.shape, b.shape);
  const out = empty(shape, dtype);
  const { unit } = out.storage.backend;
  const contiguous = a.size === out.size && b.size === out.size;
  if (contiguous) {
    inOrder(kernel, out.ptr, a.ptr, b.ptr, out.size);
    return out;
  }
  const nest = collapse(shape, [stridesOf(shape), stretchedStrides(a.shape, shape), stretchedStrides(b.shape, shape)]);
  eachInner<Four, [number, number, number]>(4, nest, (lengths, [o, p, q], [, aStrides, bStrides]) => {
    call.binary(kernel, { out: out.ptr + o * unit, a: a.ptr + p * unit, b: b.ptr + q * unit, lengths, aStrides, bStrides });
  });
  return out;
}

/** `a + b`, broadcast. */
export function add(a: Tensor, b: Tensor): Tensor {
  return record('add', binary('add', kernels.add, a, b), { inputs: [a, b] }, (g) => [g, g]);
}

/** A copy of the elements. Gradient: `g`. */
export function copy(x: Tensor): Tensor {
  const y = empty(x.shape, x.dtype);
  y.view().set(elementsOf(x));
  return record('copy', y, { inputs: [x] }, (g) => [g]);
}

/** `sum += x` in place, for equal shapes. Only for sums that nobody else holds. */
export function addInto(sum: Tensor, x: Tensor): void {
  inOrder(kernels.add, sum.ptr, sum.ptr, x.ptr, sum.size);
}

/** Whether `shape` broadcasts to `target`. */
function stretches(shape: Shape, target: Shape): boolean {
  const missing = target.length - shape.length;
  let fits = missing >= 0;
  for (let axis = 0; fits && axis < shape.length; axis++) fits = shape[axis] === 1 || shape[axis] === target[axis + missing];
  return fits;
}

/** The kernel sums up to `most` terms directly. Longer sums go block by block, then over the block sums: rows one after the other, neighbours sixteen at a time. */
const ROWS = { most: 4096, block: 256 };
const NEIGHBOURS = { most: 2 ** 20, block: 4096 };

/**
 * Sums `x`, seen as `[outer, n, inner]`, over n: `[outer, inner]`. Long sums go block by block, whole blocks first, so the rounding error grows
 * with the block length rather than with n. The order depends on n alone.
 */
export function sumAxis(x: Tensor, outer: number, n: number, inner: number): Tensor {
  const { unit } = x.storage.backend;
  const to = empty([outer, inner]);
  if (n <= (inner === 1 ? NEIGHBOURS : ROWS).most) kernels.sum(to.ptr, x.ptr, outer, n, inner);
  else for (let o = 0; o < outer; o++) sumByBlocks(to.ptr + o * inner * unit, x.ptr + o * n * inner * unit, n, inner, unit);
  return to;
}

function sumByBlocks(out: number, x: number, n: number, inner: number, unit: number): void {
  const { most, block } = inner === 1 ? NEIGHBOURS : ROWS;
  if (n <= most) {
    kernels.sum(out, x, 1, n, inner);
    return;
  }
  const [whole, rest] = [Math.floor(n / block), n % block];
  const blocks = whole + (rest > 0 ? 1 : 0);
  const sums = empty([blocks, inner]);
  kernels.sum(sums.ptr, x, whole, block, inner);
  if (rest > 0) kernels.sum(sums.ptr + whole * inner * unit, x + whole * block * inner * unit, 1, rest, inner);
  sumByBlocks(out, sums.ptr, blocks, inner, unit);
  sums.storage.free();
}

/** Undoes broadcasting: sums the axes along which `shape` was stretched to `x.shape`. Gradient: {@link expand}. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  expectDType('sumTo', 'x', x, 'float32');
  expectShape('sumTo', shape);
  if (sameShape(x.shape, shape)) return x;
  if (!stretches(shape, x.shape)) {
    throw new RangeError(`sumTo: shape must be one that stretches to that of x, got ${show(shape)} and ${show(x.shape)}`);
  }
  const missing = x.rank - shape.length;
  const goes = (axis: number) => axis < missing || (shape[axis - missing] === 1 && x.shape[axis] !== 1);
  let from = x;
  let inner = 1;
  // One kernel call per run of adjacent summed axes, the last run first.
  for (let end = x.rank; end > 0; ) {
    let start = end - 1;
    if (!goes(start)) inner *= x.shape[start] as number;
    else {
      while (start > 0 && goes(start - 1)) start--;
      from = sumAxis(from, sizeOf(x.shape, 0, start), sizeOf(x.shape, start, end), inner);
    }
    end = start;
  }
  const y = new Tensor(from.storage, shape, 'float32', from.offset);
  return record('sumTo', y, { inputs: [x], attributes: { shape } }, (g) => [stretched(g, x.shape)]);
}

/** Broadcasts `x` to `shape`. Gradient: the sum over the stretched axes. */
export function expand(x: Tensor, shape: Shape): Tensor {
  expectTensor('expand', 'x', x);
  expectShape('expand', shape);
  if (!stretches(x.shape, shape)) {
    throw new RangeError(`expand: shape must be reachable by stretching, got ${show(x.shape)} to ${show(shape)}`);
  }
  return stretched(x, shape);
}

/** {@link expand} to a shape that is known to fit. */
export function stretched(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return record('expand', spread(x, shape), { inputs: [x], attributes: { shape } }, (g) => [g]);
}

/** {@link stretched} that neither records nor notifies observers, for use inside ops. */
export function spread(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const y = empty(shape, x.dtype);
  const { unit } = y.storage.backend;
  eachInner<Four, [number, number]>(
    4,
    collapse(shape, [stridesOf(shape), stretchedStrides(x.shape, shape)]),
    (lengths, [o, p], [oStrides, xStrides]) => {
      call.copy({ out: y.ptr + o * unit, x: x.ptr + p * unit, lengths, oStrides, xStrides });
    },
  );
  return y;
}
