import { ones, zeros } from '../tensor/create.ts';
import { persist } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { type Deferred, type Recorded, Tensor } from '../tensor/tensor.ts';
import { add, addInto, sumTo } from './arithmetic.ts';
import { noGrad, recording, withGrad } from './record.ts';

/** Gradients by tensor, as one walk over the graph collects them. */
type Gradients = Map<Tensor, Tensor>;

/** Every recorded tensor that `y` depends on, latest first. */
export function history(y: Tensor): Tensor[] {
  const seen = new Set<Tensor>();
  const waiting = [y];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (!next.recorded || seen.has(next)) continue;
    seen.add(next);
    waiting.push(...next.recorded.inputs);
  }
  return [...seen].sort((a, b) => (b.recorded as Recorded).order - (a.recorded as Recorded).order);
}

/** What one walk over the graph has collected. */
interface Collected {
  gradients: Gradients;
  /** Sums that the walk made itself and may add to in place. */
  sums: Set<Tensor>;
  waiting: Map<Tensor, Deferred[]>;
}

/** Adds to the gradient of `x`. */
function deposit({ gradients, sums }: Collected, x: Tensor, gradient: Tensor): void {
  const before = gradients.get(x);
  if (before && sums.has(before) && !recording()) {
    addInto(before, gradient);
    return;
  }
  const sum = before ? add(before, gradient) : gradient;
  if (before) sums.add(sum);
  gradients.set(x, sum);
}

/** Works out the gradients of `x` that were put off, each kind in one go. */
function settle(collected: Collected, x: Tensor): void {
  const waiting = collected.waiting.get(x);
  if (!waiting) return;
  collected.waiting.delete(x);
  for (const kind of new Set(waiting.map(({ sum }) => sum))) {
    deposit(collected, x, sumTo(kind(waiting.filter(({ sum }) => sum === kind)), x.shape));
  }
}

/** Walks back from `y`, whose gradient is `seed`, and returns the gradient of every leaf and of `wanted`. */
function walk(y: Tensor, seed: Tensor, wanted: ReadonlySet<Tensor>): Gradients {
  const collected: Collected = { gradients: new Map([[y, seed]]), sums: new Set(), waiting: new Map() };
  const { gradients, waiting } = collected;
  for (const node of history(y)) {
    settle(collected, node);
    const gradient = gradients.get(node);
    if (!gradient) continue;
    const { name, inputs, backward } = node.recorded as Recorded;
    const results = backward(gradient);
    if (results.length !== inputs.length)
      throw new Error(`${name}: a gradient must be given for each input, got ${results.length} for ${inputs.length}`);
    inputs.forEach((input, i) => {
      const result = results[i];
      if (!result || !input.requiresGrad) return;
      if (result instanceof Tensor) deposit(collected, input, sumTo(result, input.shape));
      else if (waiting.has(input)) waiting.get(input)?.push(result);
      else waiting.set(input, [result]);
    });
    if (!wanted.has(node)) gradients.delete(node);
  }
  for (const x of [...waiting.keys()]) settle(collected, x);
  return gradients;
}

function seedFor(op: string, y: Tensor, seed: Tensor | undefined): Tensor {
  if (!y.requiresGrad) throw new Error(`${op}: the result must depend on a parameter, got a tensor with no graph`);
  if (!seed && y.size !== 1)
    throw new RangeError(`${op}: the result must hold one element (or pass { gradient }), got shape ${show(y.shape)}`);
  if (seed && !sameShape(seed.shape, y.shape))
    throw new RangeError(`${op}: gradient must have the result's shape ${show(y.shape)}, got ${show(seed.shape)}`);
  return seed ?? ones(y.shape);
}

const none: ReadonlySet<Tensor> = new Set();

/**
 * Adds the gradient of `y` to the `grad` of every leaf it depends on. `y` holds one element, or `gradient` gives its own gradient.
 * Gradients outlive scopes and stay until an optimiser's step uses them.
 */
export function backward(y: Tensor, options: { gradient?: Tensor } = {}): void {
  noGrad(() => {
    for (const [x, gradient] of walk(y, seedFor('backward', y, options.gradient), none)) {
      if (x.leaf) x.grad = persist(x.grad ? add(x.grad, gradient) : gradient);
    }
  });
}

/**
 * The gradient of `y` with respect to each of `xs` (zeros where it does not depend on one). With `createGraph` the gradients are
 * recorded and can be differentiated again.
 */
export function grad(y: Tensor, xs: readonly Tensor[], options: { gradient?: Tensor; createGraph?: boolean } = {}): Tensor[] {
  const mode = options.createGraph ? withGrad : noGrad;
  return mode(() => {
    const gradients = walk(y, seedFor('grad', y, options.gradient), new Set(xs));
    return xs.map((x) => gradients.get(x) ?? zeros(x.shape));
  });
}
