import { add, batchNorm, mul } from '../ops/index.ts';
import { expectOptions, isFlag, isPositive, isSize, maybe, ruleOf } from '../tensor/check.ts';
import { detach, full, ones, zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { assign, buffer } from './buffer.ts';
import { Module, param } from './module.ts';

const isMomentum = ruleOf('in (0, 1]', (value) => typeof value === 'number' && value > 0 && value <= 1);

/**
 * Batch normalisation of each channel, the last axis (Ioffe and Szegedy 2015, "Batch normalization"): PyTorch's `BatchNorm1d` and
 * `BatchNorm2d` with channels last, under its names. `weight` ones and `bias` zeros `[size]`; buffers `running_mean` zeros, `running_var`
 * ones `[size]` and `num_batches_tracked` int32 `[]`.
 */
export class BatchNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
  readonly num_batches_tracked: Tensor;
  readonly eps: number;
  readonly momentum: number;

  /** `momentum` is the share of a batch in the running statistics, 0.1 by default; `eps` 1e-5 is added to variances. */
  constructor(options: { size: number; eps?: number | undefined; momentum?: number | undefined }) {
    super();
    expectOptions('BatchNorm', options, { size: isSize, eps: maybe(isPositive), momentum: maybe(isMomentum) });
    const { size, eps = 1e-5, momentum = 0.1 } = options;
    this.weight = param(() => ones([size]));
    this.bias = param(() => zeros([size]));
    this.running_mean = buffer(() => zeros([size]));
    this.running_var = buffer(() => ones([size]));
    this.num_batches_tracked = buffer(() => full([], 0, 'int32'));
    this.eps = eps;
    this.momentum = momentum;
  }

  /**
   * Maps `[…, size]` to the same shape by the running statistics. With `update`, in training, by those of the batch, which the running ones
   * then move towards, its variance as Σ (x − mean)² / (n − 1).
   */
  forward(x: Tensor, options: { update?: boolean | undefined } = {}): Tensor {
    expectOptions('BatchNorm', options, { update: maybe(isFlag) });
    const { weight, bias, eps } = this;
    if (!options.update) return batchNorm(x, { weight, bias, mean: this.running_mean, variance: this.running_var, eps }).output;
    const n = x.size / this.weight.size;
    if (n < 2) throw new RangeError(`BatchNorm: x must have more than one value a channel to update by, got ${n}`);
    const { output, mean, variance } = batchNorm(x, { weight, bias, eps });
    this.move(this.running_mean, detach(mean));
    this.move(this.running_var, mul(detach(variance), n / (n - 1)));
    assign(this.num_batches_tracked, add(this.num_batches_tracked, 1));
    return output;
  }

  private move(running: Tensor, towards: Tensor): void {
    assign(running, add(mul(running, 1 - this.momentum), mul(towards, this.momentum)));
  }
}
