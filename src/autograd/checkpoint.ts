import { now } from '../runtime/clock.ts';
import { expectSynchronous } from '../runtime/synchronous.ts';
import { shown } from '../tensor/check.ts';
import { detach } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { elementsOf, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { recompose } from './recompose.ts';
import { recording, taped } from './record.ts';
import { history } from './walk.ts';

/** The inputs without their history; those that want gradients still do. */
const cut = (inputs: readonly Tensor[]) =>
  inputs.map((x) => {
    const copy = detach(x);
    copy.leaf = x.requiresGrad;
    return copy;
  });

/**
 * `f(...inputs)` without keeping intermediate results: they are computed again when the gradient needs them (Chen et al. 2016, "Training deep
 * nets with sublinear memory cost"). Parameters that `f` uses besides its inputs get their gradients too; any other computed tensor must be among
 * the inputs. `f` must be repeatable, so it draws from fixed keys; a different result on the second run is an error. Values and gradients, of
 * second order too, have the same bits as without.
 */
export function checkpoint(f: (...inputs: Tensor[]) => Tensor, given: readonly Tensor[]): Tensor {
  if (typeof f !== 'function') throw new TypeError(`checkpoint: fn must be a function, got ${shown(f)}`);
  if (!recording()) return resultOf(f, given);
  const inputs = [...given]; // the caller may change the list before asking for the gradient
  let captured: Tensor[] = [];
  let used: boolean[] = [];
  const y = scope(() => {
    const since = now();
    const leaves = cut(inputs);
    const result = resultOf(f, leaves);
    const found = leavesOf(result, since);
    used = leaves.map((x) => found.delete(x));
    captured = [...found];
    return detach(result);
  });
  /** The sources that the result depends on. The others get no gradient; without any, the result is a constant. */
  const kept = <T>(sources: readonly T[]) => sources.filter((_, i) => used[i] !== false);
  const { version } = y.storage;
  const again = (...xs: Tensor[]) => {
    const result = f(...xs);
    if (y.storage.version === version) expectSame(result, y);
    return result;
  };
  return taped('checkpoint', y, kept([...inputs, ...captured]), (g) => {
    const gradients = () => kept(recompose(again, inputs, g, captured));
    return recording() ? gradients() : scope(gradients);
  });
}

function resultOf(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): Tensor {
  const result = f(...inputs);
  expectSynchronous('checkpoint', result);
  expectTensor('checkpoint', 'what fn gives', result);
  return result;
}

function expectSame(again: Tensor, before: Tensor): void {
  const [xs, ys] = [elementsOf(again), elementsOf(before)];
  for (let i = 0; i < ys.length; i++) {
    if (!Object.is(xs[i], ys[i]))
      throw new Error(
        `checkpoint: fn must give the same result when it runs again, got ${xs[i]} for ${ys[i]} at ${i} (draw its keys before it)`,
      );
  }
}

/** The leaves that `y` depends on; a tensor recorded before `since` is an error. */
function leavesOf(y: Tensor, since: number): Set<Tensor> {
  const found = new Set<Tensor>();
  const note = (x: Tensor | null | undefined) => {
    if (x?.leaf) found.add(x);
  };
  note(y);
  for (const { recorded } of history([y])) {
    if (!recorded) continue;
    if (recorded.order <= since)
      throw new Error(`checkpoint: computed tensors that fn uses must be among its inputs, got one made by ${recorded.name}`);
    recorded.inputs.forEach(note);
  }
  return found;
}
