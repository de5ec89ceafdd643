import { dropGradient } from '../../autograd/gradients.ts';
import { described, expectAllPaths, expectFits, expectMap } from '../../nn/fit.ts';
import { full, tensor } from '../../tensor/create.ts';
import { passed } from '../../tensor/observe.ts';
import { outside, scope } from '../../tensor/scope.ts';
import { sameShape, show } from '../../tensor/shape.ts';
import { expectDType, Tensor } from '../../tensor/tensor.ts';
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

/** Each different tensor of a set under its first path. */
export function named(op: string, parameters: ParameterSet): Map<string, Tensor> {
  if (typeof parameters !== 'object' || parameters === null || 'stateDict' in parameters || parameters instanceof Tensor) {
    throw new TypeError(`${op}: parameters must be a list, a record or parameters(module), got ${described(parameters)}`);
  }
  const entries = parameters instanceof Map ? parameters : Object.entries(parameters);
  const seen = new Set<Tensor>();
  const found = new Map<string, Tensor>();
  for (const [path, parameter] of entries as Iterable<[string, Tensor]>) {
    if (!(parameter instanceof Tensor && parameter.leaf)) {
      throw new TypeError(`${op}: each parameter must be a leaf made by parameter(), got ${described(parameter)} at ${path}`);
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
  readonly #kind: Pick<OptimizerKind<Name>, 'name' | 'settings'>;
  readonly #slots: Slot<Name>[];
  #rate = 0;

  constructor(parameters: ParameterSet, { name, lr, settings, initial }: OptimizerKind<Name>) {
    this.#kind = { name, settings };
    this.#rate = lr;
    const found = named(name, parameters);
    if (found.size === 0) throw new RangeError(`${name}: parameters must hold at least one, got none`);
    this.#slots = outside(() =>
      [...found].map(([path, parameter]) => {
        parameter.storage.name = path;
        const state = Object.fromEntries(Object.entries<number>(initial).map(([part, value]) => [part, full(parameter.shape, value)]));
        return { path, parameter, state: state as Record<Name, Tensor>, step: 0 };
      }),
    );
  }

  /** The learning rate of the next step. */
  get lr(): number {
    return this.#rate;
  }

  set lr(value: number) {
    expectWithin('optimizer', 'lr', value, 0);
    this.#rate = value;
  }

  /** The parameters by path. */
  get parameters(): Map<string, Tensor> {
    return new Map(this.#slots.map(({ path, parameter }) => [path, parameter]));
  }

  /** One update of a parameter with its gradient; `slot.step` already counts it. */
  protected abstract update(slot: Slot<Name>, gradient: Tensor): void;

  /** Updates every parameter that has a gradient, and clears the gradients. Every gradient is checked before anything is changed. */
  step(): void {
    for (const { path, parameter, step } of this.#slots) {
      const gradient = parameter.grad;
      if (gradient) expectDType('step', `gradient of ${path}`, gradient, 'float32');
      void [parameter.ptr, gradient?.ptr]; // an error here where one is of an ended scope, not halfway through the updates
      if (gradient && !sameShape(gradient.shape, parameter.shape)) {
        throw new RangeError(`step: gradient of ${path} must have its shape ${show(parameter.shape)}, got ${show(gradient.shape)}`);
      }
      if (step >= MOST_UPDATES) throw new RangeError(`step: updates must number at most ${MOST_UPDATES}, got one more of ${path}`);
    }
    for (const slot of this.#slots) {
      const gradient = slot.parameter.grad;
      if (!gradient) continue;
      slot.step++;
      this.update(slot, gradient);
      slot.parameter.storage.touch();
    }
    passed(this.#kind.name);
    this.zeroGrad();
  }

  /** Forgets every gradient. */
  zeroGrad(): void {
    for (const { parameter } of this.#slots) dropGradient(parameter);
  }

  /**
   * The state by `path.name` (PyTorch's names), with each parameter's count of updates as int32 `path.step`; and the learning rate and every
   * other setting by `Adam.lr`, `Adam.beta1`, … as the two int32 words of a float64, low word first. Tensors themselves, not copies.
   */
  stateDict(): Map<string, Tensor> {
    return new Map(Array.from(this.#saved(), ({ path, own }) => [path, own]));
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
    expectMap(dict);
    return scope(() => {
      const entries = new Map(Array.from(this.#saved(), (entry) => [entry.path, entry]));
      const unknown = [...dict.keys()].filter((path) => !entries.has(path));
      const missing = [...entries.keys()].filter((path) => !dict.has(path));
      expectAllPaths(`entries must be the ${this.#kind.name}'s`, unknown, missing);
      for (const { path, own } of entries.values()) expectFits(path, dict.get(path), own);
      const loads = Array.from(entries.values(), ({ path, prepare }) => prepare(path, dict.get(path) as Tensor));
      return () => {
        for (const load of loads) load();
      };
    });
  }

  *#saved(): Iterable<Saved> {
    const { name, settings } = this.#kind;
    yield number(`${name}.lr`, this.#rate, (lr, path) => {
      expectWithin('loadStateDict', path, lr, 0);
      return () => {
        this.#rate = lr;
      };
    });
    for (const [setting, own] of Object.entries(settings))
      yield number(`${name}.${setting}`, own, (saved, path) => {
        if (!Object.is(saved, own)) throw new RangeError(`loadStateDict: ${path} must be this optimiser's ${own}, got ${saved}`);
        return () => {};
      });
    for (const slot of this.#slots) yield* savedOf(slot);
  }
}

/** One entry of an optimiser's state dict. */
interface Saved {
  readonly path: string;
  readonly own: Tensor;
  /** Checks what is to take its place, and returns what puts it there. */
  readonly prepare: (path: string, from: Tensor) => () => void;
}

const number = (path: string, value: number, prepare: (saved: number, path: string) => () => void): Saved => ({
  path,
  own: tensor(toWords(value)),
  prepare: (at, from) => prepare(fromWords(from.toArray()), at),
});

function* savedOf(slot: Slot<string>): Iterable<Saved> {
  yield {
    path: `${slot.path}.step`,
    own: tensor(slot.step, { dtype: 'int32' }),
    prepare: (path, from) => {
      const step = from.item();
      if (step < 0) throw new RangeError(`loadStateDict: ${path} must be from 0, got ${step}`);
      return () => {
        slot.step = step;
      };
    },
  };
  for (const [name, own] of Object.entries(slot.state))
    yield {
      path: `${slot.path}.${name}`,
      own,
      prepare: (path, from) => {
        expectState(path, from, squares.has(name));
        return () => own.view().set(from.peek());
      },
    };
}

/** Numbers that an optimiser can have computed: no NaN, and no mean of squares below 0. */
function expectState(path: string, x: Tensor, square: boolean): void {
  const wrong = x.toArray().find((value: number) => Number.isNaN(value) || (square && value < 0));
  if (wrong !== undefined) throw new RangeError(`loadStateDict: ${path} must hold ${square ? 'numbers from 0' : 'numbers'}, got ${wrong}`);
}
