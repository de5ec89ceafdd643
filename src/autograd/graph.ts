// What a walk does where its gradients are to be differentiated again. Every gradient then depends on the seed; one without a record came from a
// kernel, and to differentiate it is an error and not a wrong number.

import { alias, type Deferred, type Recorded, type Tensor } from '../tensor/tensor.ts';
import { taped } from './record.ts';

/** `result` of an op's gradient, or an error for whoever differentiates it. */
export function sealed({ name, inputs }: Pick<Recorded, 'name' | 'inputs'>, result: Tensor): Tensor {
  if (result.requiresGrad || result.size === 0) return result;
  return taped(`${name} gradient`, alias(result), inputs, () => {
    throw new Error(`${name}: gradients must be of first order, got a request for the second (compose it of other ops)`);
  });
}

/** Whether a gradient may wait for others of its kind: what they make together is recorded because its part is. */
export function mayWait({ of }: Deferred): boolean {
  return of?.requiresGrad === true;
}
