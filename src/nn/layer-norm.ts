import { layerNorm } from '../ops/index.ts';
import { expectOptions, isFlag, isPositive, isSize, maybe } from '../tensor/check.ts';
import { ones, zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, param } from './module.ts';

/** Ba, Kiros, Hinton 2016: the last axis shifted to mean 0 and scaled to variance 1, then by `weight` and, where it has one, `bias` `[size]`. */
export class LayerNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly eps: number;

  constructor(sizes: { size: number; eps?: number; bias?: boolean }) {
    super();
    expectOptions('LayerNorm', sizes, { size: isSize, eps: maybe(isPositive), bias: maybe(isFlag) });
    this.weight = param(() => ones([sizes.size]));
    this.bias = (sizes.bias ?? true) ? param(() => zeros([sizes.size])) : null;
    this.eps = sizes.eps ?? 1e-5;
  }

  /** `[…, size]` to the same. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, { weight: this.weight, ...(this.bias && { bias: this.bias }), eps: this.eps });
  }
}
