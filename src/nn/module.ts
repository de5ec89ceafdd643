import { parameter } from '../autograd/parameter.ts';
import { expectNames, type Names, shown } from '../tensor/check.ts';
import { outside } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { expectFits, expectMap, expectSamePaths } from './fit.ts';

/** Tensors by path: `encoder.weight_ih_l0`. */
export type StateDict = Map<string, Tensor>;

const loading: Names<{ strict?: boolean }> = { strict: 1 };

/**
 * A part with parameters and buffers: those made by `param` and `buffer` in its own fields, and those of modules in its fields, including
 * arrays, maps, sets and plain objects; the path joins the names by dots. Nothing is registered, and nothing else about a module is state.
 * Anything reachable by several paths (a tied tensor, a shared module) counts once, under its shortest path, the first among equals;
 * references to a parent and cycles are allowed. `#private` fields and closures are invisible, so their parameters are neither trained nor
 * saved.
 *
 * There is no training mode: a random part takes a key in the call and draws nothing without one, and a part with running statistics takes
 * an option of the call that says whether to update them.
 */
export abstract class Module {
  /** Every parameter and buffer by its path, in the order of the fields: the tensors themselves, not copies. */
  stateDict(): StateDict {
    return found(this).leaves;
  }

  /**
   * Copies values into the parameters and buffers of the same paths. It checks everything before it changes anything. With `strict`
   * (default) exactly the module's paths must be given; otherwise missing ones keep their values and unknown ones are ignored. Shared
   * tensors may be given under any of their paths, and under several with the same values.
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
    const ours = new Set([...given.keys()].map(({ storage }) => storage)); // a value may be read after it is overwritten
    const values = [...given].map(([to, from]) => [to, ours.has(from.storage) ? from.toArray() : from.peek()] as const);
    for (const [to, elements] of values) to.view().set(elements);
  }
}

/** The parameter or buffer of each given path. With `strict`, all must be given and nothing else. */
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

/** Whether two tensors for one parameter are equal; throws if they are not. */
function agree(path: string, a: Tensor, b: Tensor): boolean {
  const values = b.peek();
  if (a.peek().every((value, i) => Object.is(value, values[i]))) return true;
  throw new Error(`loadStateDict: ${path} must hold the same as the path it is tied to, got other values`);
}

/** The paths of a module's parameters. */
interface Found {
  /** Each parameter and buffer under its path, in the order of the fields. */
  readonly leaves: StateDict;
  /** Further paths of what has one already: of a tied tensor, a shared module, a parent. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Where something of a module was seen first. */
interface Seen {
  readonly path: string;
  /** One character per field on the way: sorting by it puts objects in the order of fields, depth first. */
  readonly order: string;
}

/** Visits objects breadth first, which makes paths short, and each once; `aliases` are the other paths. */
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

/** The children to search, by name. */
function entriesOf(value: object, path: string): Iterable<readonly [unknown, unknown]> {
  if (value instanceof Tensor || ArrayBuffer.isView(value)) return [];
  if (value instanceof Map) return value;
  if (value instanceof Set) return [...value].entries();
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null; // also of another realm
  if (value instanceof Module || Array.isArray(value) || isPlain) return Object.entries(value);
  refuseHidden(value, path);
  return [];
}

/** A parameter of this or of another copy of the package. */
const isLeaf = (x: object): boolean => 'storage' in x && 'leaf' in x && x.leaf === true;

/** The first elements of an object: lists of layers are short, lists of data are long. */
const firsts = (value: object): unknown[] =>
  Array.isArray(value) ? value.slice(0, 9) : [...(value instanceof Map ? value.values() : Object.values(value))].slice(0, 99);

/** Whether an object, or one that it holds, has parameters. Those of an optimiser belong to another module. */
const hides = (value: object, depth: number): boolean =>
  value instanceof Module ||
  isLeaf(value) ||
  (depth > 0 &&
    !('zeroGrad' in value || ArrayBuffer.isView(value)) &&
    firsts(value).some((x) => typeof x === 'object' && x && hides(x, depth - 1)));

/** Refuses parameters that would not be found: those of another copy of the package, and those in classes that are not modules. */
function refuseHidden(value: object, path: string): void {
  if (!hides(value, 3)) return;
  const kind = value.constructor?.name;
  throw new TypeError(`stateDict: ${path} must be a tensor or a Module of this copy of the package, got ${kind}`);
}

/** The shortest path of the same thing. */
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

/** The parameters of a module to train, by path, in the form that optimisers take; frozen ones are left out. */
export function parameters(module: Module): StateDict {
  if (!(module instanceof Module))
    throw new TypeError(`parameters: module must be a Module of this copy of the package, got ${shown(module)}`);
  return new Map([...module.stateDict()].filter(([, x]) => x.leaf));
}

/** Makes a parameter: `make` runs outside every scope, and its result is marked as a leaf. */
export function param(make: () => Tensor): Tensor {
  return parameter(outside(make));
}

/** State of a module that no gradient reaches: see `buffer` and `freeze`. */
export const kept = /* @__PURE__ */ new WeakMap<Tensor, 'buffer' | 'frozen'>();
