// Walks whose gradients will be differentiated again. Every gradient then depends on the seed; one without a record came from a kernel, and
// differentiating it is an error rather than a wrong number.

import { alias, type Deferred, type Recorded, type Tensor } from '../tensor/tensor.ts';
import { taped } from './record.ts';

/** The result of an op's gradient, replaced by one that throws when it is differentiated if it has no record. */
export function sealed({ name, inputs }: Pick<Recorded, 'name' | 'inputs'>, result: Tensor): Tensor {
  if (result.requiresGrad || result.size === 0) return result;
  return taped(`${name} gradient`, alias(result), inputs, () => {
    throw new Error(`${name}: gradients must be of first order, got a request for the second (compose it of other ops)`);
  });
}

/** Whether a gradient may be deferred: the joint result is recorded only if the part is. */
export function mayWait({ of }: Deferred): boolean {
  return of?.requiresGrad === true;
}
