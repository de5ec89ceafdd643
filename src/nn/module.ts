import { parameter } from '../autograd/parameter.ts';
import { outside } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Tensors by path: `encoder.weight_ih_l0`. */
export type StateDict = Map<string, Tensor>;

/**
 * A part with parameters. They are its own fields that hold leaves, and those of modules in its fields, in arrays too; the path is
 * the field names joined by dots. Nothing is registered, and nothing else about a module is state.
 */
export abstract class Module {
  /** Every parameter by its path, in the order of the fields. The tensors themselves, not copies. */
  stateDict(): StateDict {
    const found: StateDict = new Map();
    collect(this, '', found);
    return found;
  }

  /**
   * Copies values into the parameters of the same paths. Everything is checked before anything is changed. With `strict` (default)
   * each parameter must be given and nothing else; otherwise what is missing keeps its value and what is unknown is ignored.
   */
  loadStateDict(dict: ReadonlyMap<string, Tensor>, options: { strict?: boolean } = {}): void {
    const own = this.stateDict();
    const unknown = [...dict.keys()].filter((path) => !own.has(path));
    const missing = [...own.keys()].filter((path) => !dict.has(path));
    if ((options.strict ?? true) && (unknown.length > 0 || missing.length > 0)) {
      throw new Error(`loadStateDict: paths must be the module's, got unknown [${unknown.join(', ')}] and missing [${missing.join(', ')}]`);
    }
    const pairs = [...own].flatMap(([path, to]) => {
      const from = dict.get(path);
      if (!from) return [];
      if (!sameShape(from.shape, to.shape) || from.dtype !== to.dtype) {
        throw new RangeError(`loadStateDict: ${path} must be ${to.dtype} ${show(to.shape)}, got ${from.dtype} ${show(from.shape)}`);
      }
      return [[from, to] as const];
    });
    for (const [from, to] of pairs) to.view().set(from.view());
  }
}

function collect(value: unknown, path: string, found: StateDict): void {
  if (value instanceof Tensor) {
    if (value.leaf) found.set(path, value);
  } else if (value instanceof Module || Array.isArray(value)) {
    for (const [name, part] of Object.entries(value)) collect(part, path ? `${path}.${name}` : name, found);
  }
}

/** Every parameter of a module by its path, as optimisers take them. */
export function parameters(module: Module): StateDict {
  return module.stateDict();
}

/** A parameter: `make` runs outside every scope, and its result is marked as a leaf. */
export function own(make: () => Tensor): Tensor {
  return parameter(outside(make));
}
