import { type Deferred, empty, type Tensor } from '../tensor/tensor.ts';
import { record } from './record.ts';

/** The gradient of one of several results, on its way to where they meet. */
interface Part extends Deferred {
  readonly of: Tensor;
  /** Which result. */
  readonly at: number;
}

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
  const nothing: (Tensor | null)[] = ys.map(() => null);
  let known = nothing;
  // A node without elements between the results and the inputs: recorded before the results, hence walked after the last of them. Their
  // gradients wait there, and are settled right before it is walked itself.
  const joint = record(name, empty([0]), inputs, () => {
    const gradients = known;
    known = nothing;
    return backward(gradients);
  });
  const sum = (parts: readonly Deferred[]) => {
    known = [...nothing];
    for (const { at, of } of parts as readonly Part[]) known[at] = of;
    return empty([0]);
  };
  ys.forEach((y, at) => void record(name, y, [joint], (of): [Part] => [{ sum, of, at }]));
}
