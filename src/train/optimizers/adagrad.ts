import { kernels } from '../../runtime/backend.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero } from './numbers.ts';
import { type Groups, Optimizer, type OptimizerKind, type Slot } from './optimizer.ts';

/** Options of Adagrad; names and defaults are PyTorch's. */
export interface AdagradOptions {
  /** Default 0.01. */
  lr?: number | undefined;
  /** The learning rate of step t is `lr / (1 + (t − 1) lrDecay)`. Default 0. */
  lrDecay?: number | undefined;
  /** Added to the gradient. Default 0. */
  weightDecay?: number | undefined;
  /** Initial value of the sum of squares. Default 0. */
  initial?: number | undefined;
  /** Added to the root. Default 1e-10. */
  epsilon?: number | undefined;
}

const kind: OptimizerKind<'sum', AdagradOptions> = {
  name: 'Adagrad',
  rules: { lr: fromZero, lrDecay: fromZero, weightDecay: fromZero, initial: fromZero, epsilon: fromZero },
  defaults: { lr: 0.01, lrDecay: 0, weightDecay: 0, initial: 0, epsilon: 1e-10 },
  initial: ({ initial }) => ({ sum: initial }),
};

/** Adagrad (Duchi, Hazan and Singer 2011): `s ← s + g²`, `p ← p − lr g / (√s + ε)`. */
export class Adagrad extends Optimizer<'sum', AdagradOptions> {
  constructor(parameters: Groups<AdagradOptions>, options: AdagradOptions = {}) {
    super(parameters, options, kind);
  }

  protected override update({ parameter, state, step, options }: Slot<'sum', AdagradOptions>, gradient: Tensor): void {
    const { lr, lrDecay, weightDecay, epsilon } = options;
    const rate = lr / (1 + (step - 1) * lrDecay);
    kernels.adagrad(parameter.ptr, gradient.ptr, state.sum.ptr, parameter.size, rate, epsilon, weightDecay);
  }
}
