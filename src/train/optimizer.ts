import { currentScope } from '../runtime/storage.ts';
import { full, tensor } from '../tensor/create.ts';
import { outside } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectWithin } from './numbers.ts';

/** What an optimiser is given: leaves by path, as `parameters(module)` gives them, or a list (the paths are then its places). */
export type ParameterSet = readonly Tensor[] | ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** A parameter and what is remembered of it between steps. */
export interface Slot<Name extends string> {
  readonly path: string;
  readonly parameter: Tensor;
  readonly state: Readonly<Record<Name, Tensor>>;
  /** Updates so far: steps in which it had no gradient do not count. */
  step: number;
}

/** Each different tensor of a set under its first path. */
export function named(op: string, parameters: ParameterSet): Map<string, Tensor> {
  const entries = parameters instanceof Map ? parameters : Object.entries(parameters);
  const seen = new Set<Tensor>();
  const found = new Map<string, Tensor>();
  for (const [path, parameter] of entries as Iterable<[string, Tensor]>) {
    if (!parameter.leaf) throw new TypeError(`${op}: each parameter must be a leaf made by parameter(), got ${parameter} at ${path}`);
    if (seen.has(parameter)) continue;
    seen.add(parameter);
    found.set(path, parameter);
  }
  return found;
}

/** Sets a gradient aside. Others may share its memory, so that it goes with the open scope, or is left to the collector. */
export function dropGradient(parameter: Tensor): void {
  parameter.grad?.storage.moveTo(currentScope());
  parameter.grad = null;
}

/** Changes parameters in place, by their gradients. State is made with the optimiser and outlives every scope. */
export abstract class Optimizer<Name extends string = string> {
  private readonly slots: Slot<Name>[];
  private rate = 0;

  /** `initial` names the state tensors of each parameter, and what they are filled with. */
  constructor(parameters: ParameterSet, lr: number, initial: Readonly<Record<Name, number>>) {
    this.lr = lr;
    this.slots = outside(() =>
      [...named('optimizer', parameters)].map(([path, parameter]) => {
        const state = Object.fromEntries(Object.entries<number>(initial).map(([name, value]) => [name, full(parameter.shape, value)]));
        return { path, parameter, state: state as Record<Name, Tensor>, step: 0 };
      }),
    );
  }

  /** The learning rate of the next step. */
  get lr(): number {
    return this.rate;
  }

  set lr(value: number) {
    expectWithin('optimizer', 'lr', value, 0);
    this.rate = value;
  }

  /** The parameters by path. */
  get parameters(): Map<string, Tensor> {
    return new Map(this.slots.map(({ path, parameter }) => [path, parameter]));
  }

  /** One update of a parameter with its gradient; `slot.step` already counts it. */
  protected abstract update(slot: Slot<Name>, gradient: Tensor): void;

  /** Updates every parameter that has a gradient, and clears the gradients. */
  step(): void {
    for (const slot of this.slots) {
      const { path, parameter } = slot;
      const gradient = parameter.grad;
      if (!gradient) continue;
      if (!sameShape(gradient.shape, parameter.shape)) {
        throw new RangeError(`step: gradient of ${path} must have its shape ${show(parameter.shape)}, got ${show(gradient.shape)}`);
      }
      slot.step++;
      this.update(slot, gradient);
      parameter.storage.touch();
    }
    this.zeroGrad();
  }

  /** Forgets every gradient. */
  zeroGrad(): void {
    for (const { parameter } of this.slots) dropGradient(parameter);
  }

  /** The state by `path.name` (PyTorch's names), with each parameter's count of updates as int32 `path.step`. Tensors themselves, not copies. */
  stateDict(): Map<string, Tensor> {
    const dict = new Map<string, Tensor>();
    for (const { path, state, step } of this.slots) {
      dict.set(`${path}.step`, tensor(step, { dtype: 'int32' }));
      for (const [name, value] of Object.entries<Tensor>(state)) dict.set(`${path}.${name}`, value);
    }
    return dict;
  }

  /** Copies in the state of the same kind of optimiser over the same parameters. Everything is checked before anything is changed. */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void {
    const own = this.stateDict();
    const unknown = [...dict.keys()].filter((path) => !own.has(path));
    const missing = [...own.keys()].filter((path) => !dict.has(path));
    if (unknown.length > 0 || missing.length > 0) {
      throw new Error(
        `loadStateDict: entries must be the optimiser's, got unknown [${unknown.join(', ')}] and missing [${missing.join(', ')}]`,
      );
    }
    for (const [path, to] of own) {
      const from = dict.get(path) as Tensor;
      if (!sameShape(from.shape, to.shape) || from.dtype !== to.dtype) {
        throw new RangeError(`loadStateDict: ${path} must be ${to.dtype} ${show(to.shape)}, got ${from.dtype} ${show(from.shape)}`);
      }
    }
    for (const slot of this.slots) {
      slot.step = (dict.get(`${slot.path}.step`) as Tensor).item();
      for (const [name, to] of Object.entries<Tensor>(slot.state)) to.view().set((dict.get(`${slot.path}.${name}`) as Tensor).view());
    }
  }
}
