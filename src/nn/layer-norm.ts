import { layerNorm } from '../ops/index.ts';
import { expectOptions, isFlag, isPositive, isSize, maybe } from '../tensor/check.ts';
import { ones, zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, param } from './module.ts';

/**
 * Ba, Kiros, Hinton 2016: shifts the last axis to mean 0 and scales it to variance 1, then applies `weight` and the optional `bias`,
 * `[size]` each.
 */
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

  /** Maps `[…, size]` to the same shape. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, { weight: this.weight, ...(this.bias && { bias: this.bias }), eps: this.eps });
  }
}
