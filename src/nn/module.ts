import { parameter } from '../autograd/parameter.ts';
import { expectNames, type Names, shown } from '../tensor/check.ts';
import { outside } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { expectFits, expectMap, expectSamePaths } from './fit.ts';

/** Tensors by path: `encoder.weight_ih_l0`. */
export type StateDict = Map<string, Tensor>;

const loading: Names<{ strict?: boolean }> = { strict: 1 };

/**
 * A part with parameters and buffers. They are its own fields that hold what `param` and `buffer` made, and those of modules in its fields,
 * in arrays, maps, sets and plain objects too; the path is the names joined by dots. Nothing is registered, and nothing else about a module
 * is state. What is found in several ways (a tied tensor, a shared module) counts once, under its shortest path, the first of equals; a
 * parent or a cycle may be referred to. What is in a `#private` field or in a closure cannot be seen, so it is neither trained nor saved.
 *
 * There is no mode for training: what is random takes a key in the call and draws nothing without one, and a part with running statistics
 * takes an option of the call that says whether to renew them.
 */
export abstract class Module {
  /** Every parameter and buffer by its path, in the order of the fields. The tensors themselves, not copies. */
  stateDict(): StateDict {
    return found(this).leaves;
  }

  /**
   * Copies values into the parameters and buffers of the same paths. Everything is checked before anything is changed. With `strict`
   * (default) each must be given and nothing else; otherwise what is missing keeps its value and what is unknown is ignored. What is
   * shared may be given under any of its paths, and under several with the same values.
   */
  loadStateDict(dict: ReadonlyMap<string, Tensor>, options: { strict?: boolean | undefined } = {}): void {
    expectMap(dict);
    expectNames('loadStateDict', options, loading);
    const targets = targetsOf(this, dict, options.strict ?? true);
    const given = new Map<Tensor, Tensor>();
    for (const [path, to] of targets) {
      const from: unknown = dict.get(path);
      expectFits('loadStateDict', path, from, to);
      const before = given.get(to);
      if (!before || agree(path, from, before)) given.set(to, from);
    }
    const ours = new Set([...given.keys()].map(({ storage }) => storage)); // a value may be read after it is written
    const values = [...given].map(([to, from]) => [to, ours.has(from.storage) ? from.toArray() : from.peek()] as const);
    for (const [to, elements] of values) to.view().set(elements);
  }
}

/** The parameter or buffer that each path given stands for. With `strict` all must be given and nothing else. */
export function targetsOf(module: Module, given: ReadonlyMap<string, unknown>, strict: boolean): Map<string, Tensor> {
  const { leaves, aliases } = found(module);
  const targets = new Map<string, Tensor>();
  const paths = new Map<string, unknown>();
  for (const path of given.keys()) {
    const at = resolved(path, leaves, aliases);
    const to = leaves.get(at);
    paths.set(at, to);
    if (to) targets.set(path, to);
  }
  if (strict) expectSamePaths("paths must be the module's", paths, leaves);
  return targets;
}

/** Whether two tensors that are to go to one parameter hold the same; an error where they do not. */
function agree(path: string, a: Tensor, b: Tensor): boolean {
  const values = b.peek();
  if (a.peek().every((value, i) => Object.is(value, values[i]))) return true;
  throw new Error(`loadStateDict: ${path} must hold the same as the path it is tied to, got other values`);
}

/** Where the parameters of a module are. */
interface Found {
  /** Each parameter and buffer under its path, in the order of the fields. */
  readonly leaves: StateDict;
  /** Other paths of what has one: of a tied tensor, a shared module, a parent. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Where what a module holds was seen first. */
interface Seen {
  readonly path: string;
  /** A character for each field on the way: sorted by it, objects stand in the order of fields, depth first. */
  readonly order: string;
}

/** Objects are visited breadth first, which makes paths short, and each once; `aliases` are the other paths. */
export function walk(root: Module): { seen: ReadonlyMap<object, Seen>; aliases: ReadonlyMap<string, string> } {
  const seen = new Map<object, Seen>([[root, { path: '', order: '' }]]);
  const aliases = new Map<string, string>();
  for (const [value, at] of seen) {
    let field = 0;
    for (const [name, part] of entriesOf(value, at.path)) {
      if (typeof part !== 'object' || part === null) continue;
      const path = at.path ? `${at.path}.${String(name)}` : String(name);
      const known = seen.get(part);
      if (known) aliases.set(path, known.path);
      else seen.set(part, { path, order: at.order + String.fromCharCode(field++) });
    }
  }
  return { seen, aliases };
}

/** Parameters and buffers. */
function found(root: Module): Found {
  const { seen, aliases } = walk(root);
  const leaves: StateDict = new Map();
  for (const [x, { path }] of [...seen].sort(([, a], [, b]) => (a.order < b.order ? -1 : 1))) {
    if (!(x instanceof Tensor && (x.leaf || kept.has(x)))) continue;
    if (leaves.has(path)) throw new Error(`stateDict: each parameter must have a path of its own, got ${path} twice`);
    leaves.set(path, x);
  }
  return { leaves, aliases };
}

/** What is looked into, by name. */
function entriesOf(value: object, path: string): Iterable<readonly [unknown, unknown]> {
  if (value instanceof Tensor || ArrayBuffer.isView(value)) return [];
  if (value instanceof Map) return value;
  if (value instanceof Set) return [...value].entries();
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null; // of another realm too
  if (value instanceof Module || Array.isArray(value) || isPlain) return Object.entries(value);
  refuseHidden(value, path);
  return [];
}

/** A parameter of this or of another copy of the package. */
const isLeaf = (x: object): boolean => 'storage' in x && 'leaf' in x && x.leaf === true;

/** The first things in an object: layers stand in short lists, and data in long ones. */
const firsts = (value: object): unknown[] =>
  Array.isArray(value) ? value.slice(0, 9) : [...(value instanceof Map ? value.values() : Object.values(value))].slice(0, 99);

/** Whether there are parameters in an object or in those it holds. Those of an optimiser belong to another module. */
const hides = (value: object, depth: number): boolean =>
  value instanceof Module ||
  isLeaf(value) ||
  (depth > 0 &&
    !('zeroGrad' in value || ArrayBuffer.isView(value)) &&
    firsts(value).some((x) => typeof x === 'object' && x && hides(x, depth - 1)));

/** Parameters that would not be found: of another copy of the package, and of classes that are no modules. */
function refuseHidden(value: object, path: string): void {
  if (!hides(value, 3)) return;
  const kind = value.constructor?.name;
  throw new TypeError(`stateDict: ${path} must be a tensor or a Module of this copy of the package, got ${kind}`);
}

/** The path that is meant by another one of the same thing. */
function resolved(path: string, leaves: StateDict, aliases: ReadonlyMap<string, string>): string {
  let [at, from] = [path, 0];
  while (!leaves.has(at)) {
    const dot = at.indexOf('.', from);
    const begin = dot < 0 ? at : at.slice(0, dot);
    const known = aliases.get(begin);
    if (known === undefined) {
      if (dot < 0) return path;
      from = dot + 1;
    } else {
      at = known ? known + at.slice(begin.length) : at.slice(begin.length + 1);
      from = known ? known.length + 1 : 0;
    }
  }
  return at;
}

/** What is trained of a module by its path, as optimisers take it: its parameters, those that are frozen left out. */
export function parameters(module: Module): StateDict {
  if (!(module instanceof Module))
    throw new TypeError(`parameters: module must be a Module of this copy of the package, got ${shown(module)}`);
  return new Map([...module.stateDict()].filter(([, x]) => x.leaf));
}

/** A parameter: `make` runs outside every scope, and its result is marked as a leaf. */
export function param(make: () => Tensor): Tensor {
  return parameter(outside(make));
}

/** What is state of a module though no gradient reaches it: see `buffer` and `freeze`. */
export const kept = /* @__PURE__ */ new WeakMap<Tensor, 'buffer' | 'frozen'>();
