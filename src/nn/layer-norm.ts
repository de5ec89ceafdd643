import { layerNorm } from '../ops/index.ts';
import { expectOptions, isPositive, isSize, maybe } from '../tensor/check.ts';
import { ones, zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, param } from './module.ts';

/** Ba, Kiros, Hinton 2016: the last axis shifted to mean 0 and scaled to variance 1, then by `weight` and `bias` `[size]`. */
export class LayerNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly eps: number;

  constructor(sizes: { size: number; eps?: number }) {
    super();
    expectOptions('LayerNorm', sizes, { size: isSize, eps: maybe(isPositive) });
    this.weight = param(() => ones([sizes.size]));
    this.bias = param(() => zeros([sizes.size]));
    this.eps = sizes.eps ?? 1e-5;
  }

  /** `[…, size]` to the same. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, { weight: this.weight, bias: this.bias, eps: this.eps });
  }
}
