import * as call from '../../runtime/generated/calls.ts';
import { isFlag, maybe } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero, share } from './numbers.ts';
import { type Groups, Optimizer, type OptimizerKind, type Slot } from './optimizer.ts';

/** Options of RMSProp; names and defaults are PyTorch's. */
export interface RMSPropOptions {
  /** Default 0.01. */
  lr?: number | undefined;
  /** Decay of the mean square per step. Default 0.99. */
  alpha?: number | undefined;
  /** Added to the root. Default 1e-8. */
  epsilon?: number | undefined;
  /** Added to the gradient. Default 0. */
  weightDecay?: number | undefined;
  /** Default 0: no momentum buffer. */
  momentum?: number | undefined;
  /** Divides by the standard deviation instead of the root mean square. Default false. */
  centered?: boolean | undefined;
}

/** The state that {@link RMSProp} keeps for a parameter. */
export type RMSPropState = 'square_avg' | 'grad_avg' | 'momentum_buffer';

const kind: OptimizerKind<RMSPropState, RMSPropOptions> = {
  name: 'RMSProp',
  rules: {
    lr: fromZero,
    alpha: share,
    epsilon: fromZero,
    weightDecay: fromZero,
    momentum: fromZero,
    centered: /* @__PURE__ */ maybe(isFlag),
  },
  defaults: { lr: 0.01, alpha: 0.99, epsilon: 1e-8, weightDecay: 0, momentum: 0, centered: false },
  initial: ({ momentum, centered }) => ({ square_avg: 0, ...(centered && { grad_avg: 0 }), ...(momentum > 0 && { momentum_buffer: 0 }) }),
};

/** RMSProp (Hinton 2012, Coursera lecture 6e): `s ← α s + (1 − α) g²`, `p ← p − lr g / (√s + ε)`. Centred as in Graves 2013, §4.2. */
export class RMSProp extends Optimizer<RMSPropState, RMSPropOptions> {
  constructor(parameters: Groups<RMSPropOptions>, options: RMSPropOptions = {}) {
    super(parameters, options, kind);
  }

  protected override update({ parameter, state, options }: Slot<RMSPropState, RMSPropOptions>, gradient: Tensor): void {
    const { lr, alpha, epsilon, weightDecay, momentum, centered } = options;
    call.rmsprop({
      p: parameter.ptr,
      g: gradient.ptr,
      s: state.square_avg.ptr,
      a: centered ? state.grad_avg.ptr : 0,
      b: momentum > 0 ? state.momentum_buffer.ptr : 0,
      n: parameter.size,
      rate: lr,
      alpha,
      rest: 1 - alpha,
      epsilon,
      momentum,
      decay: weightDecay,
    });
  }
}
