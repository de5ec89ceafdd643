import { stretched } from '../autograd/arithmetic.ts';
import { less, reshape } from '../ops/index.ts';
import { lowerTriangle } from '../ops/triangle.ts';
import { viewed } from '../ops/view.ts';
import { expectOptions, expectSizes, isWhole, maybe, shown } from '../tensor/check.ts';
import { arange, tensor } from '../tensor/create.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { elementsOf, expectDType, Tensor } from '../tensor/tensor.ts';

/**
 * bool `[B, S]`: true where the position is below the row's length. `lengths` are numbers, or int32 `[B]`; `size` defaults to the longest,
 * which is read from the tensor: in a trace, give `size`.
 */
export function lengthsToMask(lengths: readonly number[] | Tensor, options: { size?: number | undefined } = {}): Tensor {
  expectOptions('lengthsToMask', options, { size: maybe(isWhole(0)) });
  if (!(lengths instanceof Tensor || Array.isArray(lengths))) {
    throw new TypeError(`lengthsToMask: lengths must be an array of numbers or int32 [B], got ${shown(lengths)}`);
  }
  const values = lengths instanceof Tensor ? valuesOf(lengths, options.size === undefined) : lengths;
  const size = options.size ?? values.reduce((most, length) => (length > most ? length : most), 0);
  values.forEach((length, row) => {
    if (Number.isInteger(length) && length >= 0 && length <= size) return;
    throw new RangeError(`lengthsToMask: lengths must be whole numbers from 0 to ${size}, got ${length} at ${row}`);
  });
  const column = lengths instanceof Tensor ? reshape(lengths, [-1, 1]) : tensor(Int32Array.from(values), { shape: [values.length, 1] });
  return less(arange(size), column);
}

function valuesOf(lengths: Tensor, read: boolean): number[] {
  expectDType('lengthsToMask', 'lengths', lengths, 'int32');
  if (lengths.rank !== 1) throw new RangeError(`lengthsToMask: lengths must be [B], got ${show(lengths.shape)}`);
  return Array.from(read ? lengths.peek() : elementsOf(lengths));
}

/**
 * bool `[1, T, S]`, for every example: query t may attend to keys up to t, aligned at the bottom right, so the last query sees every key.
 * The leading 1 distinguishes it from a mask of keys `[B, S]`.
 */
export function causalMask(queries: number, keys: number = queries): Tensor {
  expectSizes('causalMask', { queries, keys }, isWhole(0));
  return viewed(lowerTriangle(queries, keys, keys - queries), [1, queries, keys]);
}

/** A mask in the form that scores `[B, T, S]` need, `[B, 1 or T, S]`: `[B, S]` counts for every query, `[1, T, S]` for every example. */
export function maskOfScores(mask: Tensor, scores: Shape): Tensor {
  const [batch, queries, keys] = scores;
  return ofEveryExample(mask, `scores ${show(scores)}`, batch, keys, queries);
}

/** The same for a mask of keys `[B, S]`, whatever the number of queries it is made for. */
export function maskOfKeys(mask: Tensor, keys: Shape): Tensor {
  const [batch, length] = keys;
  return ofEveryExample(mask, `keys ${show(keys)}`, batch, length);
}

function ofEveryExample(mask: Tensor, what: string, batch?: number, keys?: number, queries?: number): Tensor {
  expectDType('attention', 'mask', mask, 'bool');
  const all = mask.rank === 2 ? viewed(mask, mask.shape.toSpliced(1, 0, 1)) : mask;
  const [examples, rows = 1, length] = all.shape;
  const fits = all.rank === 3 && length === keys && (rows === 1 || queries === undefined || rows === queries);
  if (fits && examples === batch) return all;
  if (fits && examples === 1 && mask.rank === 3) return stretched(all, [batch as number, rows, length as number]);
  throw new RangeError(`attention: mask must be [B, S], [B, T, S] or [1, T, S] for ${what}, got ${show(mask.shape)}`);
}
