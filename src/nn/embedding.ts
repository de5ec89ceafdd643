import { taped } from '../autograd/record.ts';
import { equal, gather, normal, reshape, where } from '../ops/index.ts';
import type { Embedded } from '../ops/sequence.ts';
import { expectKey, expectOptions, isSize, isWhole, maybe } from '../tensor/check.ts';
import { arange, detach } from '../tensor/create.ts';
import type { Key } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, param } from './module.ts';

/** Options of an {@link Embedding}. */
export interface EmbeddingSizes {
  /** N, the number of symbols. */
  symbols: number;
  /** Width of a row. */
  size: number;
  /** A symbol without meaning, such as padding: its row is 0 at first and gets no gradient, as with PyTorch's `padding_idx`. */
  paddingIndex?: number | undefined;
}

/** A learned row for each symbol. `weight` `[symbols, size]`, N(0, 1) as PyTorch's. */
export class Embedding extends Module {
  readonly weight: Tensor;
  readonly paddingIndex: number | undefined;

  constructor(sizes: EmbeddingSizes, key: Key) {
    super();
    expectOptions('Embedding', sizes, { symbols: isSize, size: isSize, paddingIndex: maybe(isWhole(0)) });
    expectKey('Embedding', key);
    const { symbols, size, paddingIndex } = sizes;
    if (paddingIndex !== undefined && paddingIndex >= symbols) {
      throw new RangeError(`Embedding: paddingIndex must be below the ${symbols} symbols, got ${paddingIndex}`);
    }
    this.weight = param(() => normal(key, [symbols, size]));
    this.paddingIndex = paddingIndex;
    if (paddingIndex !== undefined) this.weight.view().fill(0, paddingIndex * size, (paddingIndex + 1) * size);
  }

  /** Maps int32 `[…]` to `[…, size]`. */
  forward(index: Tensor): Tensor {
    return gather(this.table, index);
  }

  /** int32 `[B, T]` as input of an LSTM or GRU, which can then multiply each row of the table once instead of each element of the batch. */
  lookup(index: Tensor): Embedded {
    return { table: this.table, index };
  }

  /** The weight, without gradient to the row of the padding. */
  private get table(): Tensor {
    const { weight, paddingIndex } = this;
    if (paddingIndex === undefined) return weight;
    return taped('embedding', detach(weight), [weight], (g) => {
      const padding = equal(arange(weight.shape[0] as number), paddingIndex); // [N]
      return [where(reshape(padding, [-1, 1]), 0, g)];
    });
  }
}
