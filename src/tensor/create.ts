import type { DType } from '../runtime/backend.ts';
import { expectNames, isWhole, ruleOf, shown } from './check.ts';
import { observer } from './observe.ts';
import { checkedSize, type Shape, show } from './shape.ts';
import { alias, empty, expectKind, expectTensor, type Tensor } from './tensor.ts';

/** A typed array of numbers. */
export type Typed =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Numbers in nested arrays, one level per axis; the innermost rows may be typed arrays. */
export type Nested = number | boolean | Typed | readonly Nested[];

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function shapeOf(values: Nested): number[] {
  const shape: number[] = [];
  for (let level: unknown = values; isList(level); level = level[0]) {
    if (shape.push(level.length) > 64) throw new RangeError('tensor: nested arrays must be at most 64 deep, got more');
  }
  return shape;
}

/** Appends the numbers in `values` to `into`; returns whether all of them are booleans. */
function flatten(values: unknown, shape: Shape, axis: number, into: number[]): boolean {
  if (!isList(values)) {
    if (typeof values !== 'number' && typeof values !== 'boolean')
      throw new TypeError(`tensor: values must be numbers or booleans, got ${shown(values)}`);
    if (axis !== shape.length) throw new RangeError(`tensor: nested arrays must be even, got a number at depth ${axis} of ${shape.length}`);
    into.push(Number(values));
    return typeof values === 'boolean';
  }
  if (values.length !== shape[axis])
    throw new RangeError(
      `tensor: nested arrays must be even, got lengths ${shape[axis] ?? 'of none'} and ${values.length} at depth ${axis}`,
    );
  let flags = true;
  for (let i = 0; i < values.length; i++) flags = flatten(values[i], shape, axis + 1, into) && flags; // a hole is undefined
  return flags;
}

/** The values as one flat list, and the element type they have by default. */
function rowOf(values: Nested, shape: Shape): { flat: ArrayLike<number>; natural: DType } {
  const natural = values instanceof Int32Array ? 'int32' : 'float32';
  if (isList(values) && !Array.isArray(values) && typeof values[0] !== 'bigint') return { flat: values as Typed, natural };
  const flat: number[] = [];
  const flags = flatten(values, shape, 0, flat) && flat.length > 0;
  return { flat, natural: flags ? 'bool' : natural };
}

/**
 * A tensor of given values: a number, nested arrays, or a typed array with a `shape`. The element type is int32 for an Int32Array, bool
 * for booleans and float32 for all other numbers, unless `dtype` says otherwise.
 */
export function tensor(values: Nested, options: { shape?: Shape | undefined; dtype?: DType | undefined } = {}): Tensor {
  expectNames('tensor', options, { shape: 0, dtype: 0 });
  const inner = shapeOf(values);
  const { shape = inner } = options;
  const { flat, natural } = rowOf(values, inner);
  const { dtype = natural } = options;
  if (checkedSize('tensor', shape) !== flat.length)
    throw new RangeError(`tensor: shape must hold the values, got ${show(shape)} for ${flat.length} values`);
  expectKind('tensor', dtype);
  if (dtype !== 'float32') for (let i = 0; i < flat.length; i++) expectValue('tensor', flat[i], dtype, ` at ${i}`);
  const result = empty(shape, dtype, 'tensor');
  result.view().set(flat);
  return result;
}

/** Refuses a value that `dtype` cannot represent. */
function expectValue(op: string, value: unknown, dtype: DType, place = ''): void {
  const flag = value === 0 || value === 1;
  const number = typeof value === 'number' || (dtype === 'bool' && typeof value === 'boolean');
  if (number && (dtype === 'bool' ? flag || typeof value === 'boolean' : dtype === 'float32' || value === ((value as number) | 0))) return;
  throw new RangeError(`${op}: values must be ${dtype}, got ${shown(value)}${place}`);
}

/** Zeros for an op to write into. */
export function cleared(shape: Shape, dtype: DType = 'float32'): Tensor {
  const result = empty(shape, dtype);
  result.view().fill(0);
  return result;
}

/** A tensor whose elements are all `value`. */
export function full(shape: Shape, value: number | boolean, dtype: DType = 'float32'): Tensor {
  return filled('full', shape, value, dtype);
}

function filled(op: string, shape: Shape, value: number | boolean, dtype: DType): Tensor {
  expectKind(op, dtype);
  expectValue(op, value, dtype);
  const result = empty(shape, dtype, op);
  result.view().fill(Number(value));
  if (observer) observer('full', [result], { inputs: [], attributes: { shape, value, dtype } });
  return result;
}

/** A tensor of zeros; `false` for bool. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return filled('zeros', shape, 0, dtype);
}

/** A tensor of ones; `true` for bool. */
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return filled('ones', shape, 1, dtype);
}

const isInt32 = /* @__PURE__ */ ruleOf('an int32', (value) => value === ((value as number) | 0));

/** `0, 1, … length − 1` as int32 or, as NumPy's, from `start` to before `end` by `step`, which is not 0. */
export function arange(length: number): Tensor;
export function arange(start: number, end: number, step?: number): Tensor;
export function arange(first: number, second?: number, step = 1): Tensor {
  if (second === undefined) isWhole(0)('arange', 'length', first);
  const [start, end] = second === undefined ? [0, first] : [first, second];
  isInt32('arange', 'start', start);
  isInt32('arange', 'end', end);
  isInt32('arange', 'step', step);
  if (step === 0) throw new RangeError('arange: step must not be 0, got 0');
  const length = Math.max(0, Math.ceil((end - start) / step));
  const result = empty([length], 'int32', 'arange');
  const view = result.view();
  for (let i = 0; i < length; i++) view[i] = start + i * step;
  if (observer) observer('arange', [result], { inputs: [], attributes: { start, end, step } });
  return result;
}

/** A tensor that shares the elements of `x` but has no history: no gradient flows through it. */
export function detach(x: Tensor): Tensor {
  expectTensor('detach', 'x', x);
  const result = alias(x);
  if (observer) observer('detach', [result], { inputs: [x] });
  return result;
}
