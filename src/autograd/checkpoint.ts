import { detach } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { grad, history } from './backward.ts';
import { record, recording, recordings, withGrad } from './record.ts';

/** The inputs cut off from their past, with gradients still wanted where they were. */
const cut = (inputs: readonly Tensor[]) =>
  inputs.map((x) => {
    const copy = detach(x);
    copy.leaf = x.requiresGrad;
    return copy;
  });

/**
 * `f(...inputs)` that keeps none of its intermediate results: they are computed again when the gradient needs them (Chen et al. 2016,
 * "Training deep nets with sublinear memory cost"). Parameters that `f` uses beyond its inputs get their gradients too; a computed
 * tensor must be among the inputs. The same bits as without; gradients of first order.
 */
export function checkpoint(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): Tensor {
  if (!recording()) return f(...inputs);
  let captured: Tensor[] = [];
  const y = scope(() => {
    const since = recordings();
    const leaves = cut(inputs);
    const result = f(...leaves);
    captured = capturedBy(result, new Set(leaves), since);
    return detach(result);
  });
  const sources = [...inputs, ...captured];
  return record('checkpoint', y, sources, (g) =>
    scope(() => {
      const leaves = cut(inputs);
      const again = withGrad(() => f(...leaves));
      const gradients = grad(again, [...leaves, ...captured], { gradient: g });
      return sources.map((x, i) => (x.requiresGrad ? (gradients[i] as Tensor) : null));
    }),
  );
}

/** The leaves that `y` depends on and that were not handed in; a tensor recorded earlier is an error. */
function capturedBy(y: Tensor, given: ReadonlySet<Tensor>, since: number): Tensor[] {
  const found = new Set<Tensor>();
  for (const { recorded } of history(y)) {
    if (!recorded) continue;
    if (recorded.order < since)
      throw new Error(`checkpoint: computed tensors that fn uses must be among its inputs, got one made by ${recorded.name}`);
    for (const input of recorded.inputs) if (input.leaf && !given.has(input)) found.add(input);
  }
  return [...found];
}
