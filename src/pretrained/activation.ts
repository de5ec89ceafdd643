// What bends a feed-forward net, by the words of configs.

import { gelu, relu } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Config } from './config.ts';

const ACTIVATIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  gelu_new: (x) => gelu(x, { approximate: 'tanh' }),
  gelu_pytorch_tanh: (x) => gelu(x, { approximate: 'tanh' }),
  gelu: (x) => gelu(x),
  relu,
};

/** The activation that the config names. There is no default: the two kinds of GELU differ by less than anybody sees, and by enough to be wrong. */
export function activationOf(config: Config, names: readonly string[]): (x: Tensor) => Tensor {
  const word = config.text(names);
  if (!Object.hasOwn(ACTIVATIONS, word)) {
    const said = names.find((name) => config.find(name) !== undefined) as string;
    config.refuse(said, `one of ${Object.keys(ACTIVATIONS).join(', ')}`);
  }
  return ACTIVATIONS[word] as (x: Tensor) => Tensor;
}
