import { binary } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { full } from '../tensor/create.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';
import { mul, sub } from './binary.ts';
import { log } from './elementwise.ts';
import { and, equal, lessEqual, type Operand, where } from './logic.ts';

/**
 * `a^b`, broadcast: worked out in float64 and rounded once. 1 where b is 0 or a is 1, NaN where a is below 0 and b no whole number; zeros and
 * infinities as C99's `pow`. Gradients: `g · b · a^(b − 1)`, 0 where b is 0; `g · a^b · ln a`, 0 where a is 0 and b not below it.
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof a !== 'number') expectDType('pow', 'a', a, 'float32');
  if (typeof b !== 'number') expectDType('pow', 'b', b, 'float32');
  const [p, q] = [a, b].map((x) => (typeof x === 'number' ? full([], x) : x)) as [Tensor, Tensor];
  const y = binary('pow', kernels.pow, p, q);
  return record('pow', y, [p, q], (g) => [
    p.requiresGrad ? mul(g, slope(p, b)) : null,
    q.requiresGrad ? mul(g, mul(y, logarithm(p, q))) : null,
  ]);
}

/** `b · a^(b − 1)`, 0 where b is 0. */
function slope(a: Tensor, b: Operand): Tensor {
  if (typeof b === 'number') return b === 0 ? mul(a, 0) : mul(pow(a, b - 1), b);
  return where(equal(b, 0), 0, mul(pow(a, sub(b, 1)), b));
}

/** `ln a`, and 0 where `a^b` is 0 or 1 because a is 0. */
function logarithm(a: Tensor, b: Tensor): Tensor {
  return log(where(and(equal(a, 0), lessEqual(0, b)), 1, a));
}
