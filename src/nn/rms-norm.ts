import { rmsNorm } from '../ops/index.ts';
import { expectOptions, isFlag, isPositive, isSize, maybe } from '../tensor/check.ts';
import { ones } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, param } from './module.ts';

/**
 * Zhang and Sennrich 2019: the last axis divided by the root of its mean square, then multiplied by `weight` `[size]`, where it has one. `eps` 1e-6, as
 * LLaMA and T5 have it; PyTorch's default is 2^−23.
 */
export class RMSNorm extends Module {
  readonly weight: Tensor | null;
  readonly size: number;
  readonly eps: number;

  constructor(sizes: { size: number; eps?: number | undefined; weight?: boolean | undefined }) {
    super();
    expectOptions('RMSNorm', sizes, { size: isSize, eps: maybe(isPositive), weight: maybe(isFlag) });
    const { size, eps = 1e-6, weight = true } = sizes;
    this.weight = weight ? param(() => ones([size])) : null;
    this.size = size;
    this.eps = eps;
  }

  /** `[…, size]` to the same. */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight ?? undefined, { eps: this.eps });
  }
}
