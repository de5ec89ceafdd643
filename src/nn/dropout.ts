import { dropout } from '../ops/index.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** Srivastava et al. 2014, inverted: each element is 0 with probability `p`, else divided by 1 − p. Only where a key is given. */
export class Dropout extends Module {
  readonly p: number;

  constructor(options: { p: number }) {
    super();
    if (!(options.p >= 0 && options.p < 1)) throw new RangeError(`Dropout: p must be in [0, 1), got ${options.p}`);
    this.p = options.p;
  }

  /** With `key` (training) a dropped-out copy; without, `x` itself. */
  forward(x: Tensor, options: { key?: Key } = {}): Tensor {
    return options.key && this.p > 0 ? dropout(x, this.p, options.key) : x;
  }
}
