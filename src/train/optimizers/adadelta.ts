import { kernels } from '../../runtime/backend.ts';
import { expectOptions } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero, share } from './numbers.ts';
import { Optimizer, type ParameterSet, type Slot } from './optimizer.ts';

/** Options of Adadelta; names and defaults are PyTorch's. */
export interface AdadeltaOptions {
  /** Default 1. */
  lr?: number;
  /** How much of both mean squares stays at each step. Default 0.9. */
  rho?: number;
  /** Under both roots. Default 1e-6. */
  epsilon?: number;
  /** Added to the gradient. Default 0. */
  weightDecay?: number;
}

const rules = { lr: fromZero, rho: share, epsilon: fromZero, weightDecay: fromZero };

/** Adadelta (Zeiler 2012, algorithm 1): steps in the ratio of two root mean squares, of past steps and of gradients. */
export class Adadelta extends Optimizer<'square_avg' | 'acc_delta'> {
  private readonly options: Required<Omit<AdadeltaOptions, 'lr'>>;

  constructor(parameters: ParameterSet, options: AdadeltaOptions = {}) {
    expectOptions('Adadelta', options, rules);
    const { lr = 1, rho = 0.9, epsilon = 1e-6, weightDecay = 0 } = options;
    const settings = { rho, epsilon, weightDecay };
    super(parameters, { name: 'Adadelta', lr, settings, initial: { square_avg: 0, acc_delta: 0 } });
    this.options = settings;
  }

  protected override update({ parameter, state }: Slot<'square_avg' | 'acc_delta'>, gradient: Tensor): void {
    const { rho, epsilon, weightDecay } = this.options;
    const { square_avg, acc_delta } = state;
    kernels.adadelta(
      parameter.ptr,
      gradient.ptr,
      square_avg.ptr,
      acc_delta.ptr,
      parameter.size,
      this.lr,
      rho,
      1 - rho,
      epsilon,
      weightDecay,
    );
  }
}
