import { dropGradient } from '../../autograd/gradients.ts';
import { described, expectFits, expectMap, expectSamePaths } from '../../nn/fit.ts';
import { kept, Module, parameters as trained } from '../../nn/module.ts';
import { expectNames, expectOptions, type Rules } from '../../tensor/check.ts';
import { full, tensor } from '../../tensor/create.ts';
import { passed } from '../../tensor/observe.ts';
import { outside, scope } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { expectWithin, fromWords, toWords } from './numbers.ts';

/** The parameters of an optimiser: a module, leaves by path (as from `parameters(module)`), or a list (the paths are then indices). */
export type ParameterSet = Module | readonly Tensor[] | ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** Parameters with options of their own; the others are the optimiser's. */
export type ParameterGroup<Options> = Options & { readonly parameters: ParameterSet };

/** Parameters that share all options, or groups of them. */
export type Groups<Options> = ParameterSet | readonly ParameterGroup<Options>[];

/** Options with their defaults filled in. */
export type Filled<Options> = { -readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** A parameter and the state kept for it between steps. */
export interface Slot<Name extends string = string, Options = object> {
  /** Its path in the state dict. */
  readonly path: string;
  /** The parameter itself. */
  readonly parameter: Tensor;
  /** The optimiser's tensors for it, by name. */
  readonly state: Readonly<Record<Name, Tensor>>;
  /** The options of its group; `lr` is the rate of this step. */
  readonly options: Filled<Options>;
  /** Updates so far; steps in which it had no gradient do not count. */
  step: number;
}

/** Each distinct tensor of a set under its first path. */
export function named(op: string, parameters: ParameterSet): Map<string, Tensor> {
  const refuse = (got: unknown, where = ''): never => {
    throw new TypeError(`${op}: parameters must be a module, or leaves in a list, a map or a record, got ${described(got)}${where}`);
  };
  if (parameters instanceof Module) return trained(parameters);
  if (typeof parameters !== 'object' || parameters === null || 'stateDict' in parameters || parameters instanceof Tensor)
    refuse(parameters);
  const found = new Map<Tensor, string>();
  for (const [path, x] of (parameters instanceof Map ? parameters : Object.entries(parameters)) as Iterable<[string, Tensor]>) {
    if (!(x instanceof Tensor && (x.leaf || kept.get(x) === 'frozen'))) refuse(x, ` at ${path}`);
    if (!found.has(x)) found.set(x, path);
  }
  return new Map(Array.from(found, ([x, path]) => [path, x]));
}

/** Checks a parameter and its gradient before anything is changed. */
export function expectGradient(path: string, parameter: Tensor): void {
  const gradient = parameter.grad;
  void [parameter.ptr, gradient?.ptr]; // throws here if one is of an ended scope, not halfway through the updates
  if (gradient) expectFits('step', `gradient of ${path}`, gradient, parameter);
}

/** The maximal number of updates: `step` is saved as int32. */
const MOST_UPDATES = 2 ** 31 - 1;

/** State that is a mean or a sum of squares, and so never negative. */
const squares: ReadonlySet<string> = new Set(['exp_avg_sq', 'square_avg', 'acc_delta', 'sum']);

/** What distinguishes one optimiser from another, apart from the parameters. */
export interface OptimizerKind<Name extends string, Options> {
  /** The class's name: `Adam`. */
  readonly name: string;
  /** The rules of its options. */
  readonly rules: Rules<Options>;
  /** Every number and flag that an update depends on, with its default. */
  readonly defaults: Filled<Options>;
  /**
   * The state tensors of a parameter under these options, with the initial value of each. Refuses inconsistent options, and a parameter that it
   * cannot change.
   */
  initial(options: Filled<Options>, parameter: Tensor, path: string): Partial<Record<Name, number>>;
}

/** The options of every optimiser. */
export interface Rate {
  /** Learning rate. */
  lr?: number | undefined;
}

/** What a training loop and a checkpoint ask of an optimiser: of one {@link Optimizer}, or of several as one, `Optimizers`. */
export interface AnyOptimizer {
  /** The learning rate of the next step. */
  lr: number;
  /** The parameters by path. */
  readonly parameters: Map<string, Tensor>;
  /** Updates every parameter that has a gradient, and clears the gradients. Every gradient is checked before anything is changed. */
  step(): void;
  /** Forgets every gradient. */
  zeroGrad(): void;
  /** The state and the settings by path. */
  stateDict(): Map<string, Tensor>;
  /** Copies in the state of the same kind. Everything is checked before anything is changed. */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void;
  /** Checks a state dict and returns what loads it, which cannot fail. */
  prepareStateDict(dict: ReadonlyMap<string, Tensor>): () => void;
}

type Values = Readonly<Record<string, unknown>>;

/** Options with their defaults; `undefined` selects the default. */
const filled = (defaults: Values, own: Values, others: Values): Values =>
  Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, own[name] ?? others[name] ?? value]));

/** All options of a group. If there are several groups, `ratio` is the group's rate divided by the optimiser's. */
type GroupOptions = Values & { lr: number; ratio?: number };

/**
 * Changes parameters in place, by their gradients. Its state is made in the constructor and outlives every scope.
 *
 * Groups, `[{ parameters, lr, weightDecay }, …]`, have options of their own. The optimiser's `lr` is that of its own options, or else that
 * of the first group; a group with another rate keeps its ratio to it. So anything that sets `lr`, such as a schedule, scales the rates of
 * all groups alike. With several groups the paths begin with the group's number: `1.encoder.weight`.
 */
export abstract class Optimizer<Name extends string = string, Options extends Rate = Rate> implements AnyOptimizer {
  readonly #name: string;
  readonly #groups: GroupOptions[] = [];
  readonly #slots: readonly Slot<Name, Options>[];
  #rate = 0;

  constructor(parameters: Groups<Options>, options: Options, { name, rules, defaults, initial }: OptimizerKind<Name, Options>) {
    expectNames(name, options, rules);
    const groups = groupsOf(parameters);
    const slots = new Map<Tensor, Slot<Name, Options>>();
    for (const [i, { parameters: set, ...own }] of groups.entries()) {
      expectOptions(name, { ...options, ...own } as unknown as Options, rules);
      const all = filled(defaults as Values, own, options as Values) as GroupOptions;
      if (i === 0) this.#rate = options.lr ?? all.lr;
      if (groups.length > 1) all.ratio = all.lr === this.#rate ? 1 : all.lr / this.#rate;
      expectWithin(name, "ratio of a group's lr", all.ratio ?? 1, 0);
      this.#groups.push(all);
      const found = named(name, set);
      if (found.size === 0) throw new RangeError(`${name}: parameters must hold at least one, got none`);
      for (const [path, parameter] of found) {
        if (slots.has(parameter)) throw new RangeError(`${name}: each parameter must be in one group, got ${path} in two`);
        const initials = Object.entries<number>(initial(all as Filled<Options>, parameter, path) as Record<Name, number>);
        parameter.storage.name = path;
        const state = outside(() => Object.fromEntries(initials.map(([part, value]) => [part, full(parameter.shape, value)])));
        const slot = { path: all.ratio === undefined ? path : `${i}.${path}`, parameter, options: all, state, step: 0 };
        slots.set(parameter, slot as unknown as Slot<Name, Options>);
      }
    }
    this.#name = name;
    this.#slots = [...slots.values()];
  }

  /** The learning rate of the next step. A group with its own rate keeps its ratio to this one. */
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

  /** Updates one parameter with its gradient; `slot.step` already counts the update. */
  protected abstract update(slot: Slot<Name, Options>, gradient: Tensor): void;

  /** Updates every parameter that has a gradient, and clears the gradients. It checks every gradient before it changes anything. */
  step(): void {
    for (const { path, parameter, step } of this.#slots) {
      expectGradient(path, parameter);
      if (step >= MOST_UPDATES) throw new RangeError(`step: updates must number at most ${MOST_UPDATES}, got one more of ${path}`);
    }
    for (const group of this.#groups) group.lr = this.#rate * (group.ratio ?? 1);
    for (const slot of this.#slots) {
      const gradient = slot.parameter.grad;
      if (!gradient) continue;
      slot.step++;
      this.update(slot, gradient);
      slot.parameter.storage.touch();
    }
    passed(this.#name);
    this.zeroGrad();
  }

  /** Clears every gradient. */
  zeroGrad(): void {
    for (const { parameter } of this.#slots) dropGradient(parameter);
  }

  /**
   * The state by `path.name` (PyTorch's names), with each parameter's count of updates as int32 `path.step`. The learning rate and every
   * other setting are `Adam.lr`, `Adam.beta1`, …, each as the two int32 words of a float64, low word first. With several groups the
   * settings are `Adam.0.beta1`, … and `Adam.0.ratio`, the group's rate divided by the optimiser's. The tensors themselves, not copies.
   */
  stateDict(): Map<string, Tensor> {
    const dict = new Map<string, Tensor>();
    for (const [path, value] of this.#settings()) dict.set(path, tensor(toWords(value)));
    for (const { path, step, state } of this.#slots) {
      dict.set(`${path}.step`, tensor(step, { dtype: 'int32' }));
      for (const [name, own] of Object.entries<Tensor>(state)) dict.set(`${path}.${name}`, own);
    }
    return dict;
  }

  /**
   * Copies in the state of an optimiser of the same kind, with the same settings and groups, over the same parameters; the learning rate
   * becomes the saved one. It checks everything before it changes anything.
   */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void {
    this.prepareStateDict(dict)();
  }

  /** Checks a state dict and returns a function that loads it and cannot fail, for callers that load several things or none. */
  prepareStateDict(dict: ReadonlyMap<string, Tensor>): () => void {
    expectMap(dict);
    const from = (...path: string[]) => dict.get(path.join('.')) as Tensor;
    return scope(() => {
      const own = this.stateDict();
      expectSamePaths(`entries must be the ${this.#name}'s`, dict, own);
      for (const [path, to] of own) expectFits('loadStateDict', path, from(path), to);
      let rate = 0;
      for (const [path, value] of this.#settings()) {
        const saved = fromWords(from(path).toArray());
        if (path === `${this.#name}.lr`) rate = saved;
        else if (!Object.is(saved, value)) throw new RangeError(`loadStateDict: ${path} must be this optimiser's ${value}, got ${saved}`);
      }
      expectWithin('loadStateDict', `${this.#name}.lr`, rate, 0);
      for (const { path, state } of this.#slots) {
        expectWithin('loadStateDict', `${path}.step`, from(path, 'step').item(), 0);
        for (const name of Object.keys(state)) expectState(`${path}.${name}`, from(path, name), squares.has(name));
      }
      return () => {
        this.#rate = rate;
        for (const slot of this.#slots) {
          slot.step = from(slot.path, 'step').item();
          for (const [name, to] of Object.entries<Tensor>(slot.state)) to.view().set(from(slot.path, name).peek());
        }
      };
    });
  }

  /** Every number that an update depends on, by its path. */
  #settings(): Map<string, number> {
    const found = new Map([[`${this.#name}.lr`, this.#rate]]);
    for (const [i, { lr: _, ...group }] of this.#groups.entries()) {
      const prefix = `${this.#name}.${group.ratio === undefined ? '' : `${i}.`}`;
      for (const [name, value] of Object.entries(group)) found.set(prefix + name, Number(value));
    }
    return found;
  }
}

/** Checks that an optimiser could have computed these numbers: no NaN, and no negative mean of squares. */
function expectState(path: string, x: Tensor, square: boolean): void {
  const wrong = x.toArray().find((value: number) => Number.isNaN(value) || (square && value < 0));
  if (wrong !== undefined) throw new RangeError(`loadStateDict: ${path} must hold numbers${square ? ' from 0' : ''}, got ${wrong}`);
}

/** A single set with the optimiser's options counts as a group. */
function groupsOf<Options>(parameters: Groups<Options>): readonly ParameterGroup<Options>[] {
  const many =
    Array.isArray(parameters) &&
    parameters.length > 0 &&
    parameters.every((one) => !(one instanceof Tensor) && 'parameters' in Object(one));
  return many ? (parameters as readonly ParameterGroup<Options>[]) : [{ parameters } as ParameterGroup<Options>];
}
