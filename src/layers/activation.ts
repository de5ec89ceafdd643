import {
  abs,
  add,
  clamp,
  div,
  exp,
  gelu,
  greater,
  logSoftmax,
  minimum,
  mul,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  sub,
  tanh,
  where,
} from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

const elu = (x: Tensor) => where(greater(x, 0), x, sub(exp(minimum(x, 0)), 1));

/** Activations under Keras's names. */
export const activations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  elu,
  exponential: exp,
  gelu,
  gelu_new: (x) => gelu(x, { approximate: 'tanh' }),
  hard_sigmoid: (x) => clamp(add(mul(x, 0.2), 0.5), 0, 1),
  linear: (x) => x,
  log_softmax: logSoftmax,
  relu,
  relu6: (x) => clamp(x, 0, 6),
  selu: (x) => mul(where(greater(x, 0), x, mul(elu(x), 1.6732632423543772)), 1.0507009873554805),
  sigmoid,
  softmax,
  softplus,
  softsign: (x) => div(x, add(abs(x), 1)),
  swish: silu,
  tanh,
};

/** A name as Keras writes it: TensorFlow.js has `hardSigmoid` for `hard_sigmoid`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The activation of this name; none is `linear`. */
export function activationOf(layer: string, name: unknown): (x: Tensor) => Tensor {
  const known = name === undefined || name === null ? 'linear' : String(name);
  const found = Object.hasOwn(activations, snake(known)) ? activations[snake(known)] : undefined;
  if (!found) throw new Error(`loadLayersModel: activation of ${layer} must be among ${Object.keys(activations).join(', ')}, got ${known}`);
  return found;
}
