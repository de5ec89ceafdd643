import { type Shape, sameShape } from '../tensor/shape.ts';
import { empty, expectTensor, kindOf, type Tensor } from '../tensor/tensor.ts';
import type { StateDict } from './module.ts';
import { type Side, type StateMapEntry, sidesOf } from './state-entry.ts';
import { lineOf, type Plan, planOf, scatter } from './state-plan.ts';

/**
 * A reversible table between the names of a file's tensors and those of a module, for files that other programs wrote.
 *
 * ```ts
 * const gpt2 = new StateMap([
 *   { from: 'h.*.attn.c_attn.weight', to: 'layers.*.attention.in_proj_weight', transpose: true },
 *   { from: 'h.*.attn.bias', ignore: true },
 *   { from: 'lm_head.weight', tie: 'wte.weight' },
 *   { from: '**', to: '**' },
 * ]);
 * const file = await loadFile('gpt2.safetensors');
 * model.loadStateDict(gpt2.load(file.tensors));
 * await saveFileLike('again.safetensors', gpt2.save(model.stateDict(), file.tensors), file);
 * ```
 *
 * The first entry that matches a name applies. A name without an entry is an error, and so is one that saving would not restore: loading
 * and saving again gives the same names and the same bits.
 */
export class StateMap {
  readonly #file: Side;
  readonly #module: Side;

  constructor(entries: readonly StateMapEntry[]) {
    [this.#file, this.#module] = sidesOf(entries);
  }

  /**
   * Converts the tensors of a file to those of a module, for `loadStateDict`. A tensor whose elements do not change stays the same tensor.
   */
  load(file: ReadonlyMap<string, Tensor>): StateDict {
    return applied(file, this.plan(file));
  }

  /**
   * Converts the tensors of a module, from its `stateDict()`, to those of a file. `like`, the file that was loaded, gives their order;
   * tensors of it that the table ignores are kept; a name that repeats another is written where that file has it.
   */
  save(dict: ReadonlyMap<string, Tensor>, like?: ReadonlyMap<string, Tensor>): StateDict {
    const plan = planOf(dict, this.#module, this.#file);
    const made = applied(dict, plan);
    if (!like) return made;
    const ordered: StateDict = new Map();
    for (const [name, x] of like) {
      const line = lineOf(this.#file, name)?.line;
      const own = made.get(name) ?? (line && !line.rule && !line.tie ? x : undefined);
      if (own) ordered.set(name, own);
    }
    for (const [name, x] of made) if (!ordered.has(name) && !plan.copies.has(name)) ordered.set(name, x);
    return ordered;
  }

  /** The names that a file of a module has, by the shapes of its `stateDict()`; those that repeat others are left out. */
  namesOf(dict: ReadonlyMap<string, { readonly shape: Shape }>): Iterable<string> {
    return planOf(dict, this.#module, this.#file).shapes.keys();
  }

  /** The destination of each tensor of a file, from shapes alone: for readers that work piece by piece. */
  plan(file: ReadonlyMap<string, { readonly shape: Shape }>): Plan {
    return planOf(file, this.#file, this.#module);
  }
}

/** Makes the tensors of a plan. */
function applied(given: ReadonlyMap<string, Tensor>, { places, shapes, ties, copies }: Plan): StateDict {
  for (const [name, x] of given) expectTensor('StateMap', name, x);
  for (const [name, other] of ties) expectSame(name, given.get(name) as Tensor, other, given.get(other) as Tensor);
  const made: StateDict = new Map();
  for (const [name, all] of places) {
    const x = given.get(name) as Tensor;
    for (const place of all) {
      const to = place.whole ? x : (made.get(place.path) ?? empty(shapes.get(place.path) as Shape, x.dtype));
      made.set(place.path, to);
      if (to.dtype !== x.dtype) throw new TypeError(`StateMap: ${name} must be ${to.dtype} to be joined, got ${x.dtype}`);
      if (!place.whole) scatter(x.peek(), 0, x.shape, place, to.peek());
    }
  }
  for (const [path, other] of copies) made.set(path, made.get(other) as Tensor);
  return made;
}

function expectSame(name: string, x: Tensor, other: string, y: Tensor): void {
  const values = y.peek();
  if (sameShape(x.shape, y.shape) && x.dtype === y.dtype && x.peek().every((value, i) => Object.is(value, values[i]))) return;
  throw new Error(`StateMap: ${name} must hold the same as ${other}, got ${kindOf(x)} with other values than ${kindOf(y)}`);
}
