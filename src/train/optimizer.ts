import { dropGradient } from '../autograd/gradients.ts';
import type { DType } from '../runtime/backend.ts';
import { full, tensor } from '../tensor/create.ts';
import { outside } from '../tensor/scope.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { expectTensor, Tensor } from '../tensor/tensor.ts';
import { expectWithin, fromWords, toWords } from './numbers.ts';

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

/** A value for a message: a tensor's shape, the name of a class. */
function describe(value: unknown): string {
  if (value instanceof Tensor) return `${value.dtype} ${show(value.shape)}`;
  return typeof value === 'object' && value !== null ? `a ${value.constructor?.name ?? 'object'}` : String(value);
}

/** Each different tensor of a set under its first path. */
export function named(op: string, parameters: ParameterSet): Map<string, Tensor> {
  if (typeof parameters !== 'object' || parameters === null || 'stateDict' in parameters || parameters instanceof Tensor) {
    throw new TypeError(`${op}: parameters must be a list, a record or parameters(module), got ${describe(parameters)}`);
  }
  const entries = parameters instanceof Map ? parameters : Object.entries(parameters);
  const seen = new Set<Tensor>();
  const found = new Map<string, Tensor>();
  for (const [path, parameter] of entries as Iterable<[string, Tensor]>) {
    if (!(parameter instanceof Tensor && parameter.leaf)) {
      throw new TypeError(`${op}: each parameter must be a leaf made by parameter(), got ${describe(parameter)} at ${path}`);
    }
    if (seen.has(parameter)) continue;
    seen.add(parameter);
    found.set(path, parameter);
  }
  return found;
}

/** The most updates that are counted: `step` is saved as int32. */
const MOST_UPDATES = 2 ** 31 - 1;

/** State that is a mean or a sum of squares, and so never below 0. */
const squares: ReadonlySet<string> = new Set(['exp_avg_sq', 'square_avg', 'acc_delta', 'sum']);

/** What distinguishes one optimiser from another, besides its parameters. */
export interface OptimizerKind<Name extends string> {
  /** The class's name: `Adam`. */
  readonly name: string;
  readonly lr: number;
  /** Every other number that an update depends on; booleans as 0 and 1. */
  readonly settings: Readonly<Record<string, number>>;
  /** The state tensors of each parameter, and the value each is filled with at first. */
  readonly initial: Readonly<Record<Name, number>>;
}

/** Changes parameters in place, by their gradients. State is made with the optimiser and outlives every scope. */
export abstract class Optimizer<Name extends string = string> {
  private readonly kind: Pick<OptimizerKind<Name>, 'name' | 'settings'>;
  private readonly slots: Slot<Name>[];
  private rate = 0;

  constructor(parameters: ParameterSet, { name, lr, settings, initial }: OptimizerKind<Name>) {
    this.kind = { name, settings };
    this.rate = lr;
    const found = named(name, parameters);
    if (found.size === 0) throw new RangeError(`${name}: parameters must hold at least one, got none`);
    this.slots = outside(() =>
      [...found].map(([path, parameter]) => {
        parameter.storage.name = path;
        const state = Object.fromEntries(Object.entries<number>(initial).map(([part, value]) => [part, full(parameter.shape, value)]));
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

  /** Updates every parameter that has a gradient, and clears the gradients. Every gradient is checked before anything is changed. */
  step(): void {
    for (const { path, parameter, step } of this.slots) {
      const gradient = parameter.grad;
      if (gradient) expectTensor('step', `gradient of ${path}`, gradient);
      if (gradient && !sameShape(gradient.shape, parameter.shape)) {
        throw new RangeError(`step: gradient of ${path} must have its shape ${show(parameter.shape)}, got ${show(gradient.shape)}`);
      }
      if (step >= MOST_UPDATES) throw new RangeError(`step: updates must number at most ${MOST_UPDATES}, got one more of ${path}`);
    }
    for (const slot of this.slots) {
      const gradient = slot.parameter.grad;
      if (!gradient) continue;
      slot.step++;
      this.update(slot, gradient);
      slot.parameter.storage.touch();
    }
    this.zeroGrad();
  }

  /** Forgets every gradient. */
  zeroGrad(): void {
    for (const { parameter } of this.slots) dropGradient(parameter);
  }

  /**
   * The state by `path.name` (PyTorch's names), with each parameter's count of updates as int32 `path.step`; and the learning rate and every
   * other setting by `Adam.lr`, `Adam.beta1`, … as the two int32 words of a float64, low word first. Tensors themselves, not copies.
   */
  stateDict(): Map<string, Tensor> {
    const dict = new Map<string, Tensor>();
    for (const [name, value] of this.numbers()) dict.set(name, tensor(toWords(value)));
    for (const { path, state, step } of this.slots) {
      dict.set(`${path}.step`, tensor(step, { dtype: 'int32' }));
      for (const [name, value] of Object.entries<Tensor>(state)) dict.set(`${path}.${name}`, value);
    }
    return dict;
  }

  /**
   * Copies in the state of the same kind of optimiser, with the same settings, over the same parameters; the learning rate becomes the saved
   * one. Everything is checked before anything is changed.
   */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void {
    this.prepareStateDict(dict)();
  }

  /** Checks a state dict and returns what loads it, which cannot fail: for callers that load several things or none. */
  prepareStateDict(dict: ReadonlyMap<string, Tensor>): () => void {
    this.expectSameEntries(dict);
    const number = (name: string) => fromWords((dict.get(name) as Tensor).toArray());
    const lrName = `${this.kind.name}.lr`;
    const lr = number(lrName);
    expectWithin('loadStateDict', lrName, lr, 0);
    for (const [name, own] of this.numbers()) {
      if (name !== lrName && !Object.is(number(name), own)) {
        throw new RangeError(`loadStateDict: ${name} must be this optimiser's ${own}, got ${number(name)}`);
      }
    }
    const loads = this.slots.map((slot) => {
      const step = (dict.get(`${slot.path}.step`) as Tensor).item();
      if (step < 0) throw new RangeError(`loadStateDict: ${slot.path}.step must be from 0, got ${step}`);
      const parts = Object.entries<Tensor>(slot.state).map(([name, to]) => {
        const from = dict.get(`${slot.path}.${name}`) as Tensor;
        expectState(`${slot.path}.${name}`, from, squares.has(name));
        return [from, to] as const;
      });
      return { slot, step, parts };
    });
    return () => {
      this.rate = lr;
      for (const { slot, step, parts } of loads) {
        slot.step = step;
        for (const [from, to] of parts) to.view().set(from.peek());
      }
    };
  }

  private *numbers(): Iterable<[string, number]> {
    const { name, settings } = this.kind;
    yield [`${name}.lr`, this.rate];
    for (const [setting, value] of Object.entries(settings)) yield [`${name}.${setting}`, value];
  }

  private expectSameEntries(dict: ReadonlyMap<string, Tensor>): void {
    if (!(dict instanceof Map)) throw new TypeError(`loadStateDict: dict must be a Map of tensors, got ${describe(dict)}`);
    const own = new Map<string, readonly [DType, Shape]>();
    for (const [name] of this.numbers()) own.set(name, ['int32', [2]]);
    for (const { path, state } of this.slots) {
      own.set(`${path}.step`, ['int32', []]);
      for (const [name, { shape }] of Object.entries<Tensor>(state)) own.set(`${path}.${name}`, ['float32', shape]);
    }
    const unknown = [...dict.keys()].filter((path) => !own.has(path));
    const missing = [...own.keys()].filter((path) => !dict.has(path));
    if (unknown.length > 0 || missing.length > 0) {
      throw new Error(
        `loadStateDict: entries must be the ${this.kind.name}'s, got unknown [${unknown.join(', ')}] and missing [${missing.join(', ')}]`,
      );
    }
    for (const [path, [dtype, shape]] of own) {
      const from = dict.get(path);
      if (!(from instanceof Tensor && sameShape(from.shape, shape) && from.dtype === dtype)) {
        throw new RangeError(`loadStateDict: ${path} must be ${dtype} ${show(shape)}, got ${describe(from)}`);
      }
    }
  }
}

/** Numbers that an optimiser can have computed: no NaN, and no mean of squares below 0. */
function expectState(path: string, x: Tensor, square: boolean): void {
  const wrong = x.toArray().find((value: number) => Number.isNaN(value) || (square && value < 0));
  if (wrong !== undefined) throw new RangeError(`loadStateDict: ${path} must hold ${square ? 'numbers from 0' : 'numbers'}, got ${wrong}`);
}
