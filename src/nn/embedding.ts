import { gather, normal } from '../ops/index.ts';
import type { Embedded } from '../ops/recurrent.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, own } from './module.ts';

/** A learned row for each symbol. `weight` `[symbols, size]`, N(0, 1) as PyTorch's. */
export class Embedding extends Module {
  readonly weight: Tensor;

  constructor(sizes: { symbols: number; size: number }, key: Key) {
    super();
    this.weight = own(() => normal(key, [sizes.symbols, sizes.size]));
  }

  /** int32 `[…]` to `[…, size]`. */
  forward(index: Tensor): Tensor {
    return gather(this.weight, index);
  }

  /** int32 `[B, T]` as input of an LSTM or GRU, which may then multiply each row of the table once and not each element of the batch. */
  unread(index: Tensor): Embedded {
    return { table: this.weight, index };
  }
}
