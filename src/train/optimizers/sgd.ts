import { kernels } from '../../runtime/backend.ts';
import { isFlag, isNumber, maybe } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fromZero } from './numbers.ts';
import { type Groups, Optimizer, type OptimizerKind, type Slot } from './optimizer.ts';

/** Options of SGD; names and defaults are PyTorch's. */
export interface SGDOptions {
  /** Default 1e-3. */
  lr?: number | undefined;
  /** Default 0: no momentum buffer. */
  momentum?: number | undefined;
  /** The fraction of the gradient that is not added to the buffer after the first step. Default 0. */
  dampening?: number | undefined;
  /** Added to the gradient. Default 0. */
  weightDecay?: number | undefined;
  /** Nesterov momentum. Default false. */
  nesterov?: boolean | undefined;
}

const kind: OptimizerKind<'momentum_buffer', SGDOptions> = {
  name: 'SGD',
  rules: {
    lr: fromZero,
    momentum: fromZero,
    dampening: /* @__PURE__ */ maybe(isNumber),
    weightDecay: fromZero,
    nesterov: /* @__PURE__ */ maybe(isFlag),
  },
  defaults: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
  initial({ momentum, dampening, nesterov }) {
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new RangeError(
        `SGD: nesterov must come with momentum and without dampening, got momentum ${momentum} and dampening ${dampening}`,
      );
    }
    return momentum > 0 ? { momentum_buffer: 0 } : {};
  },
};

/**
 * Stochastic gradient descent: `b ← momentum · b + (1 − dampening) g` (`b ← g` at first) and `p ← p − lr b`, or Nesterov's
 * `p ← p − lr (g + momentum · b)` (Sutskever et al. 2013, in PyTorch's form).
 */
export class SGD extends Optimizer<'momentum_buffer', SGDOptions> {
  constructor(parameters: Groups<SGDOptions>, options: SGDOptions = {}) {
    super(parameters, options, kind);
  }

  protected override update({ parameter, state, step, options }: Slot<'momentum_buffer', SGDOptions>, gradient: Tensor): void {
    const { lr, momentum, dampening, weightDecay, nesterov } = options;
    const buffer = momentum > 0 ? state.momentum_buffer.ptr : 0;
    const fresh = step === 1 ? 1 : 1 - dampening;
    kernels.sgd(parameter.ptr, gradient.ptr, buffer, parameter.size, lr, momentum, fresh, weightDecay, nesterov ? 1 : 0);
  }
}
