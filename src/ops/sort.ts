// Order of elements along an axis. NaN sorts above every number (as in PyTorch), −0 as 0; equal elements keep their order.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectOptions, isFlag, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { axisOf } from '../tensor/shape.ts';
import { empty, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { rowsOf } from './along.ts';
import { transpose } from './shape.ts';
import { takeAlongAxis } from './take.ts';

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Default −1. */
  axis?: number | undefined;
  /** The largest first. Default false. */
  descending?: boolean | undefined;
}

/** Options of {@link topk}. */
export interface TopkOptions {
  /** Default −1. */
  axis?: number | undefined;
  /** False for the smallest, the smallest first. Default true. */
  largest?: boolean | undefined;
}

const isAxis = /* @__PURE__ */ maybe(ruleOf('a whole number', Number.isInteger));
const isChoice = /* @__PURE__ */ maybe(isFlag);
const sortOptions: Rules<SortOptions> = { axis: isAxis, descending: isChoice };
const topkOptions: Rules<TopkOptions> = { axis: isAxis, largest: isChoice };

/** Indices (int32) of the first `k` along an axis, or of all without `k`; of float32 or int32. */
export function placesOf(op: string, x: Tensor, axis: number, descending: boolean, k?: number): Tensor {
  const at = axisOf(op, axis, x.rank);
  if (at !== x.rank - 1) return transpose(placesOf(op, transpose(x, at, -1), -1, descending, k), at, -1);
  const [rows, n] = rowsOf(x);
  const y = empty([...x.shape.slice(0, -1), k ?? n], 'int32');
  kernels.topk(y.ptr, x.ptr, rows, n, k ?? n, descending ? 1 : 0, x.dtype === 'int32' ? 1 : 0);
  if (k === undefined) return record('argsort', y, { inputs: [x], attributes: { descending } });
  return record('topk', y, { inputs: [x], attributes: { k, largest: descending } });
}

function expectOrdered(op: string, x: Tensor): void {
  expectTensor(op, 'x', x);
  if (x.dtype === 'bool') throw new TypeError(`${op}: x must be float32 or int32, got bool`);
  if (x.rank === 0) throw new RangeError(`${op}: x must have an axis, got []`);
}

/** The indices (int32) that sort an axis in ascending or descending order; stable. No gradient. */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  expectOrdered('argsort', x);
  expectOptions('argsort', options, sortOptions);
  return placesOf('argsort', x, options.axis ?? -1, options.descending ?? false);
}

/** Sorts an axis in ascending or descending order; NaN last, or first. Gradient: back to the place each element came from. */
export function sort(x: Tensor, options: SortOptions = {}): Tensor {
  expectOrdered('sort', x);
  expectOptions('sort', options, sortOptions);
  const { axis = -1, descending = false } = options;
  return takeAlongAxis(x, placesOf('sort', x, axis, descending), { axis });
}

/**
 * The `k` largest along an axis, the largest first, and their indices (int32); among equals the lower index first. Gradient: back to the
 * place each element came from.
 */
export function topk(x: Tensor, k: number, options: TopkOptions = {}): { values: Tensor; indices: Tensor } {
  expectOrdered('topk', x);
  expectOptions('topk', options, topkOptions);
  const { axis = -1, largest = true } = options;
  const n = x.shape[axisOf('topk', axis, x.rank)] as number;
  if (!(Number.isInteger(k) && k >= 0 && k <= n)) throw new RangeError(`topk: k must be a whole number from 0 to ${n}, got ${k}`);
  const indices = placesOf('topk', x, axis, largest, k);
  return { values: takeAlongAxis(x, indices, { axis }), indices };
}
