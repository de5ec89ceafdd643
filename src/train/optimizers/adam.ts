import * as call from '../../runtime/generated/calls.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero, power, share } from './numbers.ts';
import { type Groups, Optimizer, type OptimizerKind, type Slot } from './optimizer.ts';

/** Options of Adam; names and defaults are PyTorch's. */
export interface AdamOptions {
  /** Default 1e-3. */
  lr?: number | undefined;
  /** Default 0.9. */
  beta1?: number | undefined;
  /** Default 0.999. */
  beta2?: number | undefined;
  /** Default 1e-8. */
  epsilon?: number | undefined;
  /** Default 0 in Adam, 0.01 in AdamW. */
  weightDecay?: number | undefined;
}

/** The state that {@link Adam} keeps for a parameter. */
export type AdamState = 'exp_avg' | 'exp_avg_sq';

const kind = (name: 'Adam' | 'AdamW', weightDecay: number): OptimizerKind<AdamState, AdamOptions> => ({
  name,
  rules: { lr: fromZero, beta1: share, beta2: share, epsilon: fromZero, weightDecay: fromZero },
  defaults: { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay },
  initial: () => ({ exp_avg: 0, exp_avg_sq: 0 }),
});

/** One step of either; `decoupled` says whether weight decay applies to the weight directly or through its gradient. */
function update({ parameter, state, step, options }: Slot<AdamState, AdamOptions>, gradient: Tensor, decoupled: boolean): void {
  const { lr, beta1, beta2, epsilon, weightDecay } = options;
  call.adam({
    p: parameter.ptr,
    g: gradient.ptr,
    m: state.exp_avg.ptr,
    v: state.exp_avg_sq.ptr,
    n: parameter.size,
    rate: lr / (1 - power(beta1, step)),
    scale: 1 / Math.sqrt(1 - power(beta2, step)),
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    epsilon,
    keep: decoupled ? 1 - lr * weightDecay : 1,
    decay: decoupled ? 0 : weightDecay,
  });
}

/** Adam (Kingma and Ba 2015, algorithm 1); weight decay is added to the gradient. */
export class Adam extends Optimizer<AdamState, AdamOptions> {
  constructor(parameters: Groups<AdamOptions>, options: AdamOptions = {}) {
    super(parameters, options, kind('Adam', 0));
  }

  protected override update(slot: Slot<AdamState, AdamOptions>, gradient: Tensor): void {
    update(slot, gradient, false);
  }
}

/** Adam with decoupled weight decay: `p ← (1 − lr · weightDecay) p` (Loshchilov and Hutter 2019, algorithm 2). */
export class AdamW extends Optimizer<AdamState, AdamOptions> {
  constructor(parameters: Groups<AdamOptions>, options: AdamOptions = {}) {
    super(parameters, options, kind('AdamW', 0.01));
  }

  protected override update(slot: Slot<AdamState, AdamOptions>, gradient: Tensor): void {
    update(slot, gradient, true);
  }
}
