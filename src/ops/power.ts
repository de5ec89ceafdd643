import { binary } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { full, zeros } from '../tensor/create.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';
import { mul, sub } from './binary.ts';
import { abs, log } from './elementwise.ts';
import { and, equal, less, lessEqual, not, type Operand, where } from './logic.ts';

/**
 * `a^b`, broadcast: computed in float64 and rounded once. The result is 1 where b is 0 or a is 1, and NaN where a is below 0 and b not
 * whole; zeros and infinities follow C99's `pow`. Gradients: `g · b · a^(b − 1)`, 0 where b is 0; `g · a^b · ln a`, 0 where a is 0 and b is
 * at least 0.
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof a !== 'number') expectDType('pow', 'a', a, 'float32');
  if (typeof b !== 'number') expectDType('pow', 'b', b, 'float32');
  const [p, q] = [a, b].map((x) => (typeof x === 'number' ? full([], x) : x)) as [Tensor, Tensor];
  const y = binary('pow', kernels.pow, p, q);
  return record('pow', y, { inputs: [p, q] }, (g) => [
    p.requiresGrad ? mul(g, slope(p, b)) : null,
    q.requiresGrad ? mul(g, mul(y, logarithm(p, q))) : null,
  ]);
}

/** `b · a^(b − 1)`, 0 where b is 0. */
function slope(a: Tensor, b: Operand): Tensor {
  if (typeof b === 'number') return b === 0 ? zeros(a.shape) : mul(pow(a, b - 1), b);
  // Replaces a only where 0 · 1/a is not 0. Elsewhere the slope has gradients of its own, even where b is 0.
  const known = where(and(equal(b, 0), not(less(0, abs(a)))), 1, a);
  return mul(pow(known, sub(b, 1)), b);
}

/** `ln a`; 0 where `a^b` is 0 or 1 because a is 0. */
function logarithm(a: Tensor, b: Tensor): Tensor {
  return log(where(and(equal(a, 0), lessEqual(0, b)), 1, a));
}
