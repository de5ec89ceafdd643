// Attends query by query, for cases in which queries cannot be taken together.

import { expand } from '../autograd/arithmetic.ts';
import { where } from '../ops/logic.ts';
import { taken } from '../ops/runs.ts';
import { viewed } from '../ops/view.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Attended, Read, Selected } from './parts.ts';

/** Applies `f` to each tensor of a structure. */
export function ofEach<X extends Selected>(attended: X, f: (x: Tensor) => Tensor): X {
  return Object.fromEntries(Object.entries(attended).map(([name, x]) => [name, f(x as Tensor)])) as unknown as X;
}

/** What no query gives, in the structure of what one gave. */
export function ofNone(one: Attended): Attended {
  return ofEach(one, (x) => taken(x, 1, { from: 0, step: 1, count: 0 }));
}

/** Runs `read` for each query by itself, with 0 in place of the values `[B, S, V]` that it may not attend to: bool `[B, 1 or T, S]`. */
export function readApart(read: Read, values: Tensor, selected: Selected, mask: Tensor): Tensor {
  const [batch, queries, keys] = selected.weights.shape as [number, number, number];
  const all = [batch, queries, keys, values.shape[2] as number];
  const seen = where(expand(viewed(mask, [...mask.shape, 1]), all), expand(viewed(values, values.shape.toSpliced(1, 0, 1)), all), 0);
  const alone = ofEach(selected, (x) => viewed(x, [batch * queries, 1, ...x.shape.slice(2)]));
  const output = read(alone.weights, viewed(seen, [batch * queries, ...all.slice(2)]), alone);
  return viewed(output, [batch, queries, ...output.shape.slice(2)]);
}
