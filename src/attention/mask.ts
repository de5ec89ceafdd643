import { reshape } from '../ops/index.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';

/** bool `[B, S]`: true where the position is below the row's length. `size` defaults to the longest. */
export function lengthsToMask(lengths: readonly number[], options: { size?: number } = {}): Tensor {
  const size = options.size ?? Math.max(0, ...lengths);
  const mask = empty([lengths.length, size], 'bool');
  const view = mask.view();
  lengths.forEach((length, row) => {
    if (!(Number.isInteger(length) && length >= 0 && length <= size)) {
      throw new RangeError(`lengthsToMask: lengths must be whole numbers from 0 to ${size}, got ${length} at ${row}`);
    }
    for (let i = 0; i < size; i++) view[row * size + i] = i < length ? 1 : 0;
  });
  return mask;
}

/** bool `[T, S]`: query t may attend to keys up to t, aligned at the bottom right: the last query sees every key. */
export function causalMask(queries: number, keys: number = queries): Tensor {
  const mask = empty([queries, keys], 'bool');
  const view = mask.view();
  for (let t = 0; t < queries; t++) for (let s = 0; s < keys; s++) view[t * keys + s] = s - (keys - queries) <= t ? 1 : 0;
  return mask;
}

/** A mask as scores `[B, T, S]` need it: `[B, S]` counts for every query, `[B, T, S]` and `[B, 1, S]` stay as they are. */
export function maskOfScores(mask: Tensor, scores: Shape): Tensor {
  expectDType('attention', 'mask', mask, 'bool');
  const all = mask.rank === 2 ? reshape(mask, mask.shape.toSpliced(1, 0, 1)) : mask;
  const [batch, queries, keys] = all.shape;
  if (all.rank === 3 && batch === scores[0] && (queries === 1 || queries === scores[1]) && keys === scores[2]) return all;
  throw new RangeError(`attention: mask must be [B, S] or [B, T, S] for scores ${show(scores)}, got ${show(mask.shape)}`);
}
