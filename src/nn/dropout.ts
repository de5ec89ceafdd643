import { dropout } from '../ops/index.ts';
import { expectCall, expectOptions, isShare, keyName } from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** Inverted dropout (Srivastava et al. 2014): if a key is given, each element is 0 with probability `p`, else divided by 1 − p. */
export class Dropout extends Module {
  readonly p: number;

  constructor(options: { p: number }) {
    super();
    expectOptions('Dropout', options, { p: isShare });
    this.p = options.p;
  }

  /** With `key` (training) a dropped-out copy; without, `x` itself. */
  forward(x: Tensor, options: { key?: Key | undefined } = {}): Tensor {
    expectTensor('Dropout', 'x', x);
    expectCall('Dropout', options, keyName);
    return options.key && this.p > 0 ? dropout(x, this.p, options.key) : x;
  }
}
