import type { DType } from '../runtime/backend.ts';
import { type Shape, show, sizeOf } from './shape.ts';
import { empty, Tensor } from './tensor.ts';

/** Numbers in nested arrays, one level an axis. */
export type Nested = number | boolean | readonly Nested[];

function shapeOf(values: Nested): number[] {
  const shape: number[] = [];
  for (let level: Nested = values; Array.isArray(level); level = level[0] as Nested) shape.push(level.length);
  return shape;
}

function flatten(values: Nested, shape: Shape, axis: number, into: (number | boolean)[]): void {
  if (!Array.isArray(values)) {
    if (axis !== shape.length) throw new RangeError(`tensor: nested arrays must be even, got a number at depth ${axis} of ${shape.length}`);
    into.push(values as number | boolean);
    return;
  }
  if (values.length !== shape[axis]) {
    throw new RangeError(`tensor: nested arrays must be even, got lengths ${shape[axis]} and ${values.length} at depth ${axis}`);
  }
  for (const value of values) flatten(value, shape, axis + 1, into);
}

/**
 * A tensor of given values: a number, nested arrays, or a typed array with a `shape`. The element type is float32 for numbers and
 * Float32Array/Float64Array, int32 for Int32Array, bool for booleans, unless `dtype` says otherwise.
 */
export function tensor(values: Nested | Float32Array | Float64Array | Int32Array, options: { shape?: Shape; dtype?: DType } = {}): Tensor {
  const typed = ArrayBuffer.isView(values);
  const inner = typed ? [values.length] : shapeOf(values);
  const shape = options.shape ?? inner;
  let flat: ArrayLike<number>;
  let natural: DType = 'float32';
  if (typed) {
    flat = values;
    if (values instanceof Int32Array) natural = 'int32';
  } else {
    const list: (number | boolean)[] = [];
    flatten(values, inner, 0, list);
    if (typeof list[0] === 'boolean') natural = 'bool';
    flat = list.map(Number);
  }
  if (sizeOf(shape) !== flat.length)
    throw new RangeError(`tensor: shape must hold the values, got ${show(shape)} for ${flat.length} values`);
  const dtype = options.dtype ?? natural;
  if (dtype !== 'float32') check(flat, dtype);
  const result = empty(shape, dtype);
  result.view().set(flat);
  return result;
}

function check(values: ArrayLike<number>, dtype: DType): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (dtype === 'bool' ? value !== 0 && value !== 1 : value !== (value | 0)) {
      throw new RangeError(`tensor: values must be ${dtype}, got ${value} at ${i}`);
    }
  }
}

/** Every element `value`. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  const result = empty(shape, dtype);
  result.view().fill(value);
  return result;
}

/** A tensor of zeros; `false` for bool. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 0, dtype);
}

/** A tensor of ones; `true` for bool. */
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 1, dtype);
}

/** `0, 1, … length - 1` as int32. */
export function arange(length: number): Tensor {
  const result = empty([length], 'int32');
  const view = result.view();
  for (let i = 0; i < length; i++) view[i] = i;
  return result;
}

/** The same elements under another tensor, with no gradient to what came before. */
export function detach(x: Tensor): Tensor {
  return new Tensor(x.storage, x.shape, x.dtype, x.offset);
}
