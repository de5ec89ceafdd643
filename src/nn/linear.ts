import { linear, uniform } from '../ops/index.ts';
import { expectKey, expectOptions, isFlag, isSize, maybe } from '../tensor/check.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module, param } from './module.ts';

/** `x·Wᵀ + b` on the last axis. `weight` `[output, input]`, `bias` `[output]`, both U(−1/√input, 1/√input) as PyTorch's. */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;

  constructor(sizes: { input: number; output: number; bias?: boolean }, key: Key) {
    super();
    expectOptions('Linear', sizes, { input: isSize, output: isSize, bias: maybe(isFlag) });
    expectKey('Linear', key);
    const { input, output, bias = true } = sizes;
    const [forWeight, forBias] = split(key);
    const bound = 1 / Math.sqrt(input);
    this.weight = param(() => uniform(forWeight, [output, input], { low: -bound, high: bound }));
    this.bias = bias ? param(() => uniform(forBias, [output], { low: -bound, high: bound })) : null;
  }

  /** Maps `[…, input]` to `[…, output]`. */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias ?? undefined);
  }
}
