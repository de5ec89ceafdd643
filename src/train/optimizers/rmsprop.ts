import * as call from '../../runtime/generated/calls.ts';
import { expectOptions, isFlag, maybe } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero, share } from './numbers.ts';
import { Optimizer, type ParameterSet, type Slot } from './optimizer.ts';

/** Options of RMSProp; names and defaults are PyTorch's. */
export interface RMSPropOptions {
  /** Default 0.01. */
  lr?: number;
  /** How much of the mean square stays at each step. Default 0.99. */
  alpha?: number;
  /** Added to the root. Default 1e-8. */
  epsilon?: number;
  /** Added to the gradient. Default 0. */
  weightDecay?: number;
  /** Default 0: no buffer is kept. */
  momentum?: number;
  /** Divides by the standard deviation in place of the root mean square. Default false. */
  centered?: boolean;
}

const rules = {
  lr: fromZero,
  alpha: share,
  epsilon: fromZero,
  weightDecay: fromZero,
  momentum: fromZero,
  centered: /* @__PURE__ */ maybe(isFlag),
};

/** What {@link RMSProp} remembers of a parameter. */
export type RMSPropState = 'square_avg' | 'grad_avg' | 'momentum_buffer';

/** RMSProp (Hinton 2012, Coursera lecture 6e): `s ← α s + (1 − α) g²`, `p ← p − lr g / (√s + ε)`. Centred as in Graves 2013, §4.2. */
export class RMSProp extends Optimizer<RMSPropState> {
  private readonly options: Required<Omit<RMSPropOptions, 'lr'>>;

  constructor(parameters: ParameterSet, options: RMSPropOptions = {}) {
    expectOptions('RMSProp', options, rules);
    const { lr = 0.01, alpha = 0.99, epsilon = 1e-8, weightDecay = 0, momentum = 0, centered = false } = options;
    const initial = { square_avg: 0, ...(centered && { grad_avg: 0 }), ...(momentum > 0 && { momentum_buffer: 0 }) };
    const numbers = { alpha, epsilon, weightDecay, momentum };
    const settings = { ...numbers, centered: Number(centered) };
    super(parameters, { name: 'RMSProp', lr, settings, initial: initial as Record<RMSPropState, number> });
    this.options = { ...numbers, centered };
  }

  protected override update({ parameter, state }: Slot<RMSPropState>, gradient: Tensor): void {
    const { alpha, epsilon, weightDecay, momentum, centered } = this.options;
    call.rmsprop({
      p: parameter.ptr,
      g: gradient.ptr,
      s: state.square_avg.ptr,
      a: centered ? state.grad_avg.ptr : 0,
      b: momentum > 0 ? state.momentum_buffer.ptr : 0,
      n: parameter.size,
      rate: this.lr,
      alpha,
      rest: 1 - alpha,
      epsilon,
      momentum,
      decay: weightDecay,
    });
  }
}
