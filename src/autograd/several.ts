import { detach } from '../tensor/create.ts';
import { type Deferred, empty, type Tensor } from '../tensor/tensor.ts';
import { record } from './record.ts';

/**
 * {@link record} for a call with several results. `backward` runs once, when the gradients of all of them are known, and gets them in
 * the order of `ys`, `null` for a result that nothing depends on.
 */
export function recordSeveral(
  name: string,
  ys: readonly Tensor[],
  inputs: readonly Tensor[],
  backward: (gradients: readonly (Tensor | null)[]) => readonly (Tensor | Deferred | null)[],
): void {
  const results = [...ys]; // the caller may hand the array on to be changed
  let known = new Map<Tensor, Tensor>();
  // A node without elements between the results and the inputs: recorded before the results, hence walked after the last of them.
  const joint = record(name, empty([0]), inputs, () => {
    const gradients = known;
    known = new Map();
    return backward(results.map((y) => gradients.get(y) ?? null));
  });
  for (const y of ys) {
    record(name, y, [joint], (g) => {
      known.set(y, g);
      return [detach(joint)];
    });
  }
}
