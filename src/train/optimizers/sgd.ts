import { kernels } from '../../runtime/backend.ts';
import { expectOptions, isFlag, isNumber, maybe } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero } from './numbers.ts';
import { Optimizer, type ParameterSet, type Slot } from './optimizer.ts';

/** Options of SGD; names and defaults are PyTorch's. */
export interface SGDOptions {
  /** Default 1e-3. */
  lr?: number;
  /** Default 0: no buffer is kept. */
  momentum?: number;
  /** The part of the gradient kept out of the buffer after the first step. Default 0. */
  dampening?: number;
  /** Added to the gradient. Default 0. */
  weightDecay?: number;
  /** Looks ahead by the momentum. Default false. */
  nesterov?: boolean;
}

const rules = {
  lr: fromZero,
  momentum: fromZero,
  dampening: /* @__PURE__ */ maybe(isNumber),
  weightDecay: fromZero,
  nesterov: /* @__PURE__ */ maybe(isFlag),
};

/**
 * Stochastic gradient descent: `b ← momentum · b + (1 − dampening) g` (`b ← g` at first) and `p ← p − lr b`, or Nesterov's
 * `p ← p − lr (g + momentum · b)` (Sutskever et al. 2013, in PyTorch's form).
 */
export class SGD extends Optimizer<'momentum_buffer'> {
  private readonly options: Required<Omit<SGDOptions, 'lr'>>;

  constructor(parameters: ParameterSet, options: SGDOptions = {}) {
    expectOptions('SGD', options, rules);
    const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new RangeError(
        `SGD: nesterov must come with momentum and without dampening, got momentum ${momentum} and dampening ${dampening}`,
      );
    }
    const settings = { momentum, dampening, weightDecay, nesterov: Number(nesterov) };
    const initial = (momentum > 0 ? { momentum_buffer: 0 } : {}) as { momentum_buffer: number };
    super(parameters, { name: 'SGD', lr, settings, initial });
    this.options = { momentum, dampening, weightDecay, nesterov };
  }

  protected override update({ parameter, state, step }: Slot<'momentum_buffer'>, gradient: Tensor): void {
    const { momentum, dampening, weightDecay, nesterov } = this.options;
    const buffer = momentum > 0 ? state.momentum_buffer.ptr : 0;
    const fresh = step === 1 ? 1 : 1 - dampening;
    kernels.sgd(parameter.ptr, gradient.ptr, buffer, parameter.size, this.lr, momentum, fresh, weightDecay, nesterov ? 1 : 0);
  }
}
