// The walk back over a graph. Every gradient has one owner. An op may return the gradient it was given, a view of it, or a tensor that it keeps,
// and it may keep what it was given. So the walk adds in place only to sums that it made and has given to nobody, and it hands a gradient out
// uncopied only if its memory was made in this walk and given to nobody.

import { now } from '../runtime/clock.ts';
import type { Storage } from '../runtime/storage.ts';
import { observer, passed } from '../tensor/observe.ts';
import { readFor } from '../tensor/reading.ts';
import { sameShape } from '../tensor/shape.ts';
import { type Deferred, type Recorded, Tensor } from '../tensor/tensor.ts';
import { add, addInto, copy, sumTo } from './arithmetic.ts';
import type * as graph from './graph.ts';

/** The source of a gradient. */
type Op = Pick<Recorded, 'name' | 'inputs'>;

/** The result of a walk over the graph. */
export interface Walk {
  /** The gradients of all visited tensors; they must be neither changed nor kept. */
  readonly gradients: ReadonlyMap<Tensor, Tensor>;
  /** Takes the gradient of a tensor in memory that nobody else uses; `undefined` where there is none. */
  readonly take: (x: Tensor) => Tensor | undefined;
}

/** Every recorded tensor that `ys` depend on and that was recorded after `since`, latest first. */
export function history(ys: readonly Tensor[], since = 0): Tensor[] {
  const seen = new Set<Tensor>();
  const waiting = [...ys];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (!next.recorded || next.recorded.order <= since || seen.has(next)) continue;
    seen.add(next);
    for (const input of next.recorded.inputs) if (input) waiting.push(input);
  }
  return [...seen].sort((a, b) => (b.recorded as Recorded).order - (a.recorded as Recorded).order);
}

/** Walks back from `y`, whose gradient is `seed`; with `again`, the gradients will be differentiated again. */
export function walk(y: Tensor, seed: Tensor, again?: typeof graph): Walk {
  const gradients = new Map([[y, seed]]);
  const waiting = new Map<Tensor, Deferred[]>();
  const sums = new Set<Tensor>(); // sums that the walk made
  const given = new Set<Storage>(); // memory that was handed to an op or given away
  const start = now();

  /** Adds a gradient from an op, un-broadcast to the shape of `x`, to the gradient of `x`. */
  const deposit = (x: Tensor, result: Tensor, op: Op) => {
    const known = again?.sealed(op, result) ?? result;
    const gradient = sameShape(known.shape, x.shape) ? known : sumTo(known, x.shape);
    const before = gradients.get(x);
    if (!before) gradients.set(x, gradient);
    else if (!again && sums.has(before) && !given.has(before.storage)) addInto(before, gradient);
    else {
      const sum = add(before, gradient);
      sums.add(sum);
      gradients.set(x, sum);
    }
  };

  /** Computes the deferred gradients of `x`, one call per kind. */
  const settle = (x: Tensor) => {
    const parts = waiting.get(x);
    if (!parts) return;
    waiting.delete(x);
    for (const kind of new Set(parts.map(({ sum }) => sum))) {
      const sum = kind(parts.filter((part) => part.sum === kind));
      deposit(x, sum, { name: 'grad', inputs: [x] });
    }
  };

  /** Passes a gradient to the op of its tensor and collects the gradients of the op's inputs. */
  const visit = (node: Recorded, gradient: Tensor) => {
    const { name, inputs } = node;
    given.add(gradient.storage);
    readFor(node);
    const results = node.backward(gradient);
    readFor(null);
    if (observer) passed(`${name} gradient`);
    if (results.length !== inputs.length)
      throw new Error(`${name}: a gradient must be given for each input, got ${results.length} for ${inputs.length}`);
    inputs.forEach((input, i) => {
      const result = results[i];
      if (!result || !input?.requiresGrad) return;
      if (result instanceof Tensor) deposit(input, result, node);
      else if (again && !again.mayWait(result)) deposit(input, result.sum([result]), node);
      else if (!waiting.get(input)?.push(result)) waiting.set(input, [result]);
    });
  };

  const before = readFor(null);
  try {
    for (const x of history([y])) {
      settle(x);
      const gradient = gradients.get(x);
      if (gradient) visit(x.recorded as Recorded, gradient);
    }
    for (const x of [...waiting.keys()]) settle(x);
  } finally {
    readFor(before);
  }

  return {
    gradients,
    take(x) {
      const gradient = gradients.get(x);
      if (!gradient || (gradient.storage.made > start && given.size < given.add(gradient.storage).size)) return gradient;
      return copy(gradient);
    },
  };
}
