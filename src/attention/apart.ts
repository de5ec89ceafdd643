// Queries taken one by one where they cannot be taken together.

import { expand, reshape, slice, where } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Attended, Read, Selected } from './parts.ts';

/** The same with `f` applied to each tensor. */
export function ofEach<X extends Selected>(attended: X, f: (x: Tensor) => Tensor): X {
  return Object.fromEntries(Object.entries(attended).map(([name, x]) => [name, f(x as Tensor)])) as unknown as X;
}

/** What no query gives, of what one gave. */
export function ofNone(one: Attended): Attended {
  return ofEach(one, (x) => slice(x, 1, 0, 0));
}

/** `read` for each query by itself, with 0 in place of the values `[B, S, V]` that it may not look at: bool `[B, 1 or T, S]`. */
export function readApart(read: Read, values: Tensor, selected: Selected, mask: Tensor): Tensor {
  const [batch, queries, keys] = selected.weights.shape as [number, number, number];
  const all = [batch, queries, keys, values.shape[2] as number];
  const seen = where(expand(reshape(mask, [...mask.shape, 1]), all), expand(reshape(values, values.shape.toSpliced(1, 0, 1)), all), 0);
  const alone = ofEach(selected, (x) => reshape(x, [batch * queries, 1, ...x.shape.slice(2)]));
  const output = read(alone.weights, reshape(seen, [batch * queries, ...all.slice(2)]), alone);
  return reshape(output, [batch, queries, ...output.shape.slice(2)]);
}
