import { kernels } from '../../runtime/backend.ts';
import { expectOptions } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero } from './numbers.ts';
import { Optimizer, type ParameterSet, type Slot } from './optimizer.ts';

/** Options of Adagrad; names and defaults are PyTorch's. */
export interface AdagradOptions {
  /** Default 0.01. */
  lr?: number;
  /** The t-th step is taken at `lr / (1 + (t − 1) lrDecay)`. Default 0. */
  lrDecay?: number;
  /** Added to the gradient. Default 0. */
  weightDecay?: number;
  /** What the sum of squares starts from. Default 0. */
  initial?: number;
  /** Added to the root. Default 1e-10. */
  epsilon?: number;
}

const rules = { lr: fromZero, lrDecay: fromZero, weightDecay: fromZero, initial: fromZero, epsilon: fromZero };

/** Adagrad (Duchi, Hazan and Singer 2011): `s ← s + g²`, `p ← p − lr g / (√s + ε)`. */
export class Adagrad extends Optimizer<'sum'> {
  private readonly options: Required<Omit<AdagradOptions, 'lr' | 'initial'>>;

  constructor(parameters: ParameterSet, options: AdagradOptions = {}) {
    expectOptions('Adagrad', options, rules);
    const { lr = 0.01, lrDecay = 0, weightDecay = 0, initial = 0, epsilon = 1e-10 } = options;
    const settings = { lrDecay, weightDecay, epsilon };
    super(parameters, { name: 'Adagrad', lr, settings, initial: { sum: initial } });
    this.options = settings;
  }

  protected override update({ parameter, state, step }: Slot<'sum'>, gradient: Tensor): void {
    const { lrDecay, weightDecay, epsilon } = this.options;
    const rate = this.lr / (1 + (step - 1) * lrDecay);
    kernels.adagrad(parameter.ptr, gradient.ptr, state.sum.ptr, parameter.size, rate, epsilon, weightDecay);
  }
}
