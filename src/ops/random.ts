// Draws from explicit keys: the same key and shape give the same numbers, and a longer draw starts with the shorter one.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectKey, expectNames, isShare, shown } from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import { expectShape, type Shape, show } from '../tensor/shape.ts';
import { elementsOf, empty, expectDType, type Tensor } from '../tensor/tensor.ts';

const uniformOptions = { low: 0, high: 0 };
const normalOptions = { mean: 0, std: 0 };

/** Uniform in `[low, high)`, `[0, 1)` by default, from 24 bits. */
export function uniform(key: Key, shape: Shape, options: { low?: number | undefined; high?: number | undefined } = {}): Tensor {
  expectKey('uniform', key);
  expectShape('uniform', shape);
  expectNames('uniform', options, uniformOptions);
  const { low = 0, high = 1 } = options;
  if (!(low < high) || !Number.isFinite(Math.fround(high - low))) {
    const rule = low < high ? 'low and high must be no further apart than float32 holds' : 'low must be below high';
    throw new RangeError(`uniform: ${rule}, got ${shown(low)} and ${shown(high)}`);
  }
  const y = empty(shape);
  kernels.uniform(y.ptr, y.size, key.hi, key.lo, low, high, 0);
  return record('uniform', y, { inputs: [], attributes: { key, shape, low, high } });
}

/** Normal with `mean` 0 and `std` 1 by default (Box and Muller 1958), within 5.77 standard deviations. */
export function normal(key: Key, shape: Shape, options: { mean?: number | undefined; std?: number | undefined } = {}): Tensor {
  expectKey('normal', key);
  expectShape('normal', shape);
  expectNames('normal', options, normalOptions);
  const { mean = 0, std = 1 } = options;
  if (!(std >= 0) || !Number.isFinite(std) || !Number.isFinite(mean)) {
    throw new RangeError(`normal: mean must be finite and std at least 0, got ${mean} and ${std}`);
  }
  const y = empty(shape);
  kernels.normal(y.ptr, y.size, key.hi, key.lo, mean, std, 0);
  return record('normal', y, { inputs: [], attributes: { key, shape, mean, std } });
}

/** Standard Gumbel: `−ln(−ln u)` for uniform u. */
export function gumbel(key: Key, shape: Shape): Tensor {
  expectKey('gumbel', key);
  expectShape('gumbel', shape);
  const y = empty(shape);
  kernels.gumbel(y.ptr, y.size, key.hi, key.lo, 0);
  return record('gumbel', y, { inputs: [], attributes: { key, shape } });
}

/**
 * One choice per row of `logits` [..., N], as int32 [...]: j with probability `softmax(logits)[j]`, never one whose logit is −∞
 * (Gumbel-max: the argmax of logits plus Gumbel noise). A row without any choice is an error. No gradient.
 */
export function categorical(key: Key, logits: Tensor): Tensor {
  expectKey('categorical', key);
  expectDType('categorical', 'logits', logits, 'float32');
  const n = logits.shape.at(-1);
  if (!n) throw new RangeError(`categorical: logits must have a last axis to choose from, got shape ${show(logits.shape)}`);
  const odd = elementsOf(logits).findIndex((x) => !(x < Infinity));
  if (odd >= 0) {
    throw new RangeError(`categorical: logits must be numbers below ∞, got ${elementsOf(logits)[odd]} in row ${Math.floor(odd / n)}`);
  }
  const y = empty(logits.shape.slice(0, -1), 'int32');
  kernels.categorical(y.ptr, logits.ptr, y.size, n, key.hi, key.lo, 0);
  const empties = elementsOf(y).indexOf(-1);
  if (empties >= 0) throw new RangeError(`categorical: each row must have a logit above −∞, got none in row ${empties}`);
  return record('categorical', y, { inputs: [logits], attributes: { key } });
}

/** `x / (1 − p)` where kept, with probability 1 − p, else 0 (Srivastava et al. 2014). Gradient: `g` with the same mask and scale. */
export function dropout(x: Tensor, p: number, key: Key): Tensor {
  expectDType('dropout', 'x', x, 'float32');
  isShare('dropout', 'p', p);
  expectKey('dropout', key);
  if (p === 0) return x;
  const y = empty(x.shape);
  kernels.dropout(y.ptr, x.ptr, x.size, p, key.hi, key.lo, 0);
  return record('dropout', y, { inputs: [x], attributes: { p, key } }, (g) => [dropout(g, p, key)]);
}
