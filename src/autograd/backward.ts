import { now } from '../runtime/clock.ts';
import { expectNames, shown } from '../tensor/check.ts';
import { detach, ones, zeros } from '../tensor/create.ts';
import { outside } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { expectDType, expectTensor, type Recorded, type Tensor } from '../tensor/tensor.ts';
import { add } from './arithmetic.ts';
import { setGradient } from './gradients.ts';
import * as graph from './graph.ts';
import { noGrad, withGrad } from './record.ts';
import { history, walk } from './walk.ts';

const backwardOptions = { gradient: 0 };
const gradOptions = { gradient: 0, createGraph: 0 };

function seedFor(op: string, y: Tensor, seed: Tensor | undefined): Tensor {
  expectTensor(op, 'result', y);
  if (seed !== undefined) expectDType(op, 'gradient', seed, 'float32');
  if (!y.requiresGrad) throw new Error(`${op}: the result must depend on a parameter, got a tensor with no graph`);
  if (!seed && y.size !== 1)
    throw new RangeError(`${op}: the result must hold one element (or pass { gradient }), got shape ${show(y.shape)}`);
  if (seed && !sameShape(seed.shape, y.shape))
    throw new RangeError(`${op}: gradient must have the result's shape ${show(y.shape)}, got ${show(seed.shape)}`);
  return seed ?? ones(y.shape);
}

/**
 * Adds the gradient of `y` to the `grad` of every leaf that it depends on. `y` has one element, unless `gradient` supplies its gradient.
 * Gradients outlive scopes and stay until an optimiser's step consumes them. Each leaf owns its gradient; the previous sum is freed.
 */
export function backward(y: Tensor, options: { gradient?: Tensor | undefined } = {}): void {
  expectNames('backward', options, backwardOptions);
  noGrad(() => {
    const { gradients, take } = walk(y, seedFor('backward', y, options.gradient));
    for (const [x, found] of gradients) {
      const { grad, leaf, shape } = x;
      if (!leaf) continue;
      if (grad && !sameShape(grad.shape, shape))
        throw new RangeError(`backward: grad must have its leaf's shape ${show(shape)}, got ${show(grad.shape)}`);
      setGradient(x, grad ? outside(() => add(grad, found)) : (take(x) as Tensor));
    }
  });
}

/** Options of {@link grad}. */
export interface GradOptions {
  /** The gradient of the output. Default: ones. */
  gradient?: Tensor | undefined;
  /** Whether to record the gradients, so that they can be differentiated. Default false. */
  createGraph?: boolean | undefined;
}

/** {@link grad} with `null` where no gradient arrives. */
export function sought(y: Tensor, xs: readonly Tensor[], { gradient, createGraph }: GradOptions): (Tensor | null)[] {
  const gradients = (seed: Tensor) => {
    const { take } = walk(y, seed, createGraph ? graph : undefined);
    return xs.map((x) => take(x) ?? null);
  };
  const mode = createGraph ? withGrad : noGrad;
  return mode(() => {
    for (const x of xs) expectTensor('grad', 'xs', x);
    const seed = seedFor('grad', y, gradient);
    return createGraph && !seed.requiresGrad ? recorded(seed, gradients) : gradients(seed);
  });
}

/**
 * The gradient of `y` with respect to each of `xs`, zeros where `y` does not depend on it. No two results share memory. With `createGraph`
 * the gradients are recorded and can be differentiated again.
 */
export function grad(y: Tensor, xs: readonly Tensor[], options: GradOptions = {}): Tensor[] {
  expectNames('grad', options, gradOptions);
  if (!Array.isArray(xs)) throw new TypeError(`grad: xs must be an array of tensors, got ${shown(xs)}`);
  return sought(y, xs, options).map((found, i) => found ?? zeros((xs[i] as Tensor).shape));
}

/**
 * Computes `gradients` of a seed that is a leaf meanwhile: everything computed from it is recorded, and a kernel's result is recognised by its
 * missing record. Afterwards, tensors that depend on nothing else become constants again.
 */
function recorded(seed: Tensor, gradients: (seed: Tensor) => (Tensor | null)[]): (Tensor | null)[] {
  const since = now();
  const leaf = detach(seed);
  leaf.leaf = true;
  const found = gradients(leaf);
  leaf.leaf = false;
  const known = found.filter((x) => x !== null);
  for (const x of history(known, since).reverse()) {
    if (!(x.recorded as Recorded).inputs.some((input) => input?.requiresGrad)) x.recorded = null;
  }
  return found;
}
