// The activation of a feed-forward net, by the words of configs.

import type { Activation } from '../models/transformer/parts.ts';
import type { Config } from './config.ts';

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu: 'gelu',
  relu: 'relu',
  relu2: 'relu2',
  silu: 'silu',
  swish: 'silu',
};

/**
 * The activation that the config names. Where families have either kind of GELU there is no default: the two differ by less than anybody sees, and by
 * enough to be wrong.
 */
export function activationOf(config: Config, names: readonly string[], fallback?: string): Activation {
  const word = config.text(names, fallback);
  if (Object.hasOwn(ACTIVATIONS, word)) return ACTIVATIONS[word] as Activation;
  const said = names.find((name) => config.find(name) !== undefined) as string;
  return config.refuse(said, `one of ${Object.keys(ACTIVATIONS).join(', ')}`);
}
