import { type Call, observer } from '../tensor/observe.ts';
import { type Deferred, empty, type Tensor } from '../tensor/tensor.ts';
import { taped } from './record.ts';

/** The gradient of one of several results, held until all of them are known. */
interface Part extends Deferred {
  readonly of: Tensor;
  /** Index of the result. */
  readonly at: number;
}

/**
 * {@link record} for a call with several results. `backward` runs once, when the gradients of all results are known, and receives them in the
 * order of `ys`, `null` for a result that nothing depends on.
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
  // An empty node between the results and the inputs. It is recorded before the results and therefore walked after the last of them; their
  // gradients wait there and are settled right before it is walked.
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
