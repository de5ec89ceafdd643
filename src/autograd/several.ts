import { type Call, observer } from '../tensor/observe.ts';
import { type Deferred, empty, type Tensor } from '../tensor/tensor.ts';
import { taped } from './record.ts';

/** The gradient of one of several results, on its way to where they meet. */
interface Part extends Deferred {
  readonly of: Tensor;
  /** Which result. */
  readonly at: number;
}

/**
 * {@link record} for a call with several results, each at its place. `backward` runs once, when the gradients of all of them are known, and gets them in
 * the order of `ys`, `null` for a result that nothing depends on.
 */
export function recordSeveral(
  op: string,
  ys: readonly Tensor[],
  call: Call,
  backward: (gradients: readonly (Tensor | null)[]) => readonly (Tensor | Deferred | null)[],
): void {
  if (observer) observer(op, ys, call);
  const nothing: (Tensor | null)[] = ys.map(() => null);
  let known = nothing;
  // A node without elements between the results and the inputs: recorded before the results, hence walked after the last of them. Their
  // gradients wait there, and are settled right before it is walked itself.
  const joint = taped(op, empty([0]), call.inputs, () => {
    const gradients = known;
    known = nothing;
    return backward(gradients);
  });
  const sum = (parts: readonly Deferred[]) => {
    known = [...nothing];
    for (const { at, of } of parts as readonly Part[]) known[at] = of;
    return empty([0]);
  };
  ys.forEach((y, at) => void taped(op, y, [joint], (of): [Part] => [{ sum, of, at }]));
}
