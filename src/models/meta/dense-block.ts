import { LayerNorm } from '../../nn/layer-norm.ts';
import { Module, param } from '../../nn/module.ts';
import type { Core } from '../../nn/unroll.ts';
import { add, concat, linear, mul, place, reshape, sigmoid, slice, tanh, uniform, unstack } from '../../ops/index.ts';
import { expectKey, expectOptions, firstWrong, isFlag, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { sameShape, show } from '../../tensor/shape.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';
import { expectSequence, expectStep } from './expect.ts';

/** Options of a {@link DenseBlock}. */
export interface DenseBlockOptions {
  /** I, the width of an input. */
  input: number;
  /** F, the number of features that are added to it. */
  filters: number;
  /** d: each step also reads the input of d steps earlier. */
  dilation: number;
  /** Whether filter and gate are normalised ({@link LayerNorm}) before their nonlinearities. Default false. */
  norm?: boolean | undefined;
}

/** What a {@link DenseBlock} keeps of the last d steps, oldest first: their part in filter and gate d steps later, `[B, F]` each. */
export type DenseState = { readonly filter: readonly Tensor[]; readonly gate: readonly Tensor[] };

const rules: Rules<DenseBlockOptions> = {
  input: isSize,
  filters: isSize,
  dilation: isSize,
  norm: /* @__PURE__ */ maybe(isFlag),
};

/** `x` `[B, T, F]` d steps later, with zeros before it. */
function later(x: Tensor, dilation: number): Tensor {
  const length = x.shape[1] as number;
  return slice(place(x, 1, dilation, length + dilation), 1, 0, length);
}

/**
 * Features of an input and of the one d steps before it, appended to the input: `[x, tanh(f) ⊙ sigmoid(g)]` with `f, g = W x_t + W′ x_{t−d} +
 * b`, where what lies before the sequence is 0 (Mishra et al. 2018, "A simple neural attentive meta-learner", §3; the gate is that of van den
 * Oord et al. 2016). W and W′ are one product of the rows of `x`, whose second half is moved by d steps: so the input is neither paired with
 * nor copied beside its past, and a step form needs no more than d narrow rows. `weight` `[4 F, I]` holds the rows of W for f and g, then of
 * W′ for f and g; both are U(−1/√(2 I), 1/√(2 I)), as of PyTorch's convolution.
 */
export class DenseBlock extends Module implements Core<DenseState> {
  readonly weight: Tensor; // [4 F, I]
  readonly bias: Tensor; // [2 F]
  readonly filterNorm: LayerNorm | null;
  readonly gateNorm: LayerNorm | null;
  readonly dilation: number;

  constructor(options: DenseBlockOptions, key: Key) {
    super();
    expectOptions('DenseBlock', options, rules);
    expectKey('DenseBlock', key);
    const { input, filters, dilation, norm = false } = options;
    const [forWeight, forBias] = split(key);
    const bound = 1 / Math.sqrt(2 * input);
    this.weight = param(() => uniform(forWeight, [4 * filters, input], { low: -bound, high: bound }));
    this.bias = param(() => uniform(forBias, [2 * filters], { low: -bound, high: bound }));
    this.filterNorm = norm ? new LayerNorm({ size: filters }) : null;
    this.gateNorm = norm ? new LayerNorm({ size: filters }) : null;
    this.dilation = dilation;
  }

  /** Maps a sequence `[B, T, I]` to `[B, T, I + F]`. Nothing after a step changes its result. */
  forward(x: Tensor): Tensor {
    expectSequence('DenseBlock', x, this.weight.shape[1] as number);
    const [filter, gate, filterBefore, gateBefore] = this.products(x);
    const features = this.gated(add(filter, later(filterBefore, this.dilation)), add(gate, later(gateBefore, this.dilation)));
    return concat([x, features], 2);
  }

  /** The state before the first step. */
  initialState(batch: number): DenseState {
    const none = zeros([batch, this.bias.size / 2]);
    const before = new Array<Tensor>(this.dilation).fill(none);
    return { filter: before, gate: before };
  }

  /** Maps one input `[B, I]` to `[B, I + F]`: the bits of {@link forward}. */
  step(x: Tensor, state: DenseState): { output: Tensor; state: DenseState } {
    expectStep('DenseBlock', x, this.weight.shape[1] as number);
    this.expectState(x.shape[0] as number, state);
    const [filter, gate, filterNow, gateNow] = this.products(x);
    const [filterBefore, gateBefore] = [state.filter[0] as Tensor, state.gate[0] as Tensor];
    const features = this.gated(add(filter, filterBefore), add(gate, gateBefore));
    const next = { filter: [...state.filter.slice(1), filterNow], gate: [...state.gate.slice(1), gateNow] };
    return { output: concat([x, features], 1), state: next };
  }

  private expectState(batch: number, state: DenseState): void {
    const shape = [batch, this.bias.size / 2];
    for (const name of ['filter', 'gate'] as const) {
      const list: unknown = Object(state)[name];
      const odd = Array.isArray(list) ? firstWrong(list, (x) => x instanceof Tensor && sameShape(x.shape, shape)) : [];
      if (Array.isArray(list) && list.length === this.dilation && odd.length === 0) continue;
      const got = odd.length === 0 ? `${Array.isArray(list) ? list.length : kindOf(list)} of ${name}` : `${kindOf(odd[0])} in ${name}`;
      throw new RangeError(`DenseBlock: state must be lists filter and gate of ${this.dilation} tensors ${show(shape)} each, got ${got}`);
    }
  }

  /** W x + b for filter and gate, then W′ x for both: `[…, F]` each. */
  private products(x: Tensor): [Tensor, Tensor, Tensor, Tensor] {
    const wide = this.weight.shape[0] as number;
    const all = linear(x, this.weight, place(this.bias, 0, 0, wide)); // [..., 4 F]
    const apart = reshape(all, [...all.shape.slice(0, -1), 4, wide / 4]);
    return unstack(apart, -2) as [Tensor, Tensor, Tensor, Tensor];
  }

  private gated(filter: Tensor, gate: Tensor): Tensor {
    const [f, g] = [this.filterNorm?.forward(filter) ?? filter, this.gateNorm?.forward(gate) ?? gate];
    return mul(tanh(f), sigmoid(g));
  }
}
