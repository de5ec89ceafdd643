import * as call from '../../runtime/generated/calls.ts';
import { expectOptions } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero, power, share } from './numbers.ts';
import { Optimizer, type ParameterSet, type Slot } from './optimizer.ts';

/** Options of Adam; names and defaults are PyTorch's. */
export interface AdamOptions {
  /** Default 1e-3. */
  lr?: number;
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Default 0 in Adam, 0.01 in AdamW. */
  weightDecay?: number;
}

const rules = { lr: fromZero, beta1: share, beta2: share, epsilon: fromZero, weightDecay: fromZero };

/** What Adam and AdamW share: all but where the weight decay goes. */
abstract class Moments extends Optimizer<'exp_avg' | 'exp_avg_sq'> {
  readonly #decoupled: boolean;
  readonly #options: Required<Omit<AdamOptions, 'lr'>>;

  constructor(name: 'Adam' | 'AdamW', parameters: ParameterSet, options: AdamOptions) {
    expectOptions(name, options, rules);
    const { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = name === 'AdamW' ? 0.01 : 0 } = options;
    const settings = { beta1, beta2, epsilon, weightDecay };
    super(parameters, { name, lr, settings, initial: { exp_avg: 0, exp_avg_sq: 0 } });
    this.#options = settings;
    this.#decoupled = name === 'AdamW';
  }

  protected override update({ parameter, state, step }: Slot<'exp_avg' | 'exp_avg_sq'>, gradient: Tensor): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    call.adam({
      p: parameter.ptr,
      g: gradient.ptr,
      m: state.exp_avg.ptr,
      v: state.exp_avg_sq.ptr,
      n: parameter.size,
      rate: this.lr / (1 - power(beta1, step)),
      scale: 1 / Math.sqrt(1 - power(beta2, step)),
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      epsilon,
      keep: this.#decoupled ? 1 - this.lr * weightDecay : 1,
      decay: this.#decoupled ? 0 : weightDecay,
    });
  }
}

/** Adam (Kingma and Ba 2015, algorithm 1); weight decay is added to the gradient. */
export class Adam extends Moments {
  constructor(parameters: ParameterSet, options: AdamOptions = {}) {
    super('Adam', parameters, options);
  }
}

/** Adam with weight decay apart from the gradient: `p ← (1 − lr · weightDecay) p` (Loshchilov and Hutter 2019, algorithm 2). */
export class AdamW extends Moments {
  constructor(parameters: ParameterSet, options: AdamOptions = {}) {
    super('AdamW', parameters, options);
  }
}
