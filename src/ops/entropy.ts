import { expectNames } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { along, maskedOut } from './along.ts';
import { mul, neg } from './binary.ts';
import { greater, where } from './logic.ts';
import { sum } from './reduce.ts';
import { logSoftmax, softmax } from './softmax.ts';

const entropyOptions = { mask: 0 };

/**
 * `−Σ p ln p` in nats with `p = softmax(x)` over the last axis: `[…, N]` gives `[…]`. A choice whose `mask` (bool, broadcast to `x`) is
 * false, or whose x is −∞, does not exist: it adds nothing and its gradient is 0. The entropy of no choice at all is 0. Gradient: `−g · p
 * (ln p − Σ p ln p)`.
 */
export function entropy(x: Tensor, options: { mask?: Tensor | undefined } = {}): Tensor {
  expectNames('entropy', options, entropyOptions);
  return along('entropy', maskedOut('entropy', x, options.mask), -1, (logits) => {
    const p = softmax(logits);
    const logs = where(greater(p, 0), logSoftmax(logits), 0); // 0 · −∞ would be NaN
    return neg(sum(mul(p, logs), { axis: -1 }));
  });
}
