import { setGradient } from '../autograd/gradients.ts';
import { noGrad } from '../autograd/record.ts';
import { affine } from '../ops/binary.ts';
import { clamp } from '../ops/index.ts';
import { outside } from '../tensor/scope.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { normOf } from './norm.ts';
import { expectWithin } from './optimizers/numbers.ts';
import { named, type ParameterSet } from './optimizers/optimizer.ts';

/** The parameters that have a gradient. */
export function withGradient(op: string, parameters: ParameterSet): Tensor[] {
  const found = [...named(op, parameters).values()].filter((parameter) => parameter.grad);
  for (const { grad } of found) expectTensor(op, 'each gradient', grad);
  return found;
}

/** Gives each parameter a new gradient. The previous one may belong to the caller and is never changed in place. */
export function replaceGradients(parameters: readonly Tensor[], f: (gradient: Tensor) => Tensor): void {
  for (const parameter of parameters) {
    const gradient = noGrad(() => outside(() => f(parameter.grad as Tensor)));
    setGradient(parameter, gradient);
  }
}

/** The Euclidean norm of all gradients as one vector. */
export function gradNorm(parameters: ParameterSet): number {
  return normOf(withGradient('gradNorm', parameters).map(({ grad }) => grad as Tensor));
}

/**
 * Scales all gradients by `maxNorm / (norm + 1e-6)` if their norm is larger than `maxNorm` (Pascanu et al. 2013, §3.2; the 1e-6 is
 * PyTorch's). Returns the norm before scaling. If the norm is not finite, nothing is scaled.
 */
export function clipGradNorm(parameters: ParameterSet, maxNorm: number): number {
  expectWithin('clipGradNorm', 'maxNorm', maxNorm, 0);
  const norm = gradNorm(parameters);
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1 && Number.isFinite(norm)) replaceGradients(withGradient('clipGradNorm', parameters), (g) => affine(g, factor, 0));
  return norm;
}

/** Clamps every element of every gradient to [−limit, limit]. */
export function clipGradValue(parameters: ParameterSet, limit: number): void {
  expectWithin('clipGradValue', 'limit', limit, 0);
  replaceGradients(withGradient('clipGradValue', parameters), (g) => clamp(g, -limit, limit));
}
