import { kernels } from '../../runtime/backend.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero, share } from './numbers.ts';
import { type Groups, Optimizer, type OptimizerKind, type Slot } from './optimizer.ts';

/** Options of Adadelta; names and defaults are PyTorch's. */
export interface AdadeltaOptions {
  /** Default 1. */
  lr?: number | undefined;
  /** Decay of both mean squares per step. Default 0.9. */
  rho?: number | undefined;
  /** Added under both roots. Default 1e-6. */
  epsilon?: number | undefined;
  /** Added to the gradient. Default 0. */
  weightDecay?: number | undefined;
}

/** The state that {@link Adadelta} keeps for a parameter. */
export type AdadeltaState = 'square_avg' | 'acc_delta';

const kind: OptimizerKind<AdadeltaState, AdadeltaOptions> = {
  name: 'Adadelta',
  rules: { lr: fromZero, rho: share, epsilon: fromZero, weightDecay: fromZero },
  defaults: { lr: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 },
  initial: () => ({ square_avg: 0, acc_delta: 0 }),
};

/**
 * Adadelta (Zeiler 2012, algorithm 1): the step is the gradient times the ratio of two root mean squares, of past steps and of gradients.
 */
export class Adadelta extends Optimizer<AdadeltaState, AdadeltaOptions> {
  constructor(parameters: Groups<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    super(parameters, options, kind);
  }

  protected override update({ parameter, state, options }: Slot<AdadeltaState, AdadeltaOptions>, gradient: Tensor): void {
    const { lr, rho, epsilon, weightDecay } = options;
    const { square_avg, acc_delta } = state;
    kernels.adadelta(parameter.ptr, gradient.ptr, square_avg.ptr, acc_delta.ptr, parameter.size, lr, rho, 1 - rho, epsilon, weightDecay);
  }
}
