// What the files of one family of models are.

import { listed } from '../io/words.ts';
import type { Module } from '../nn/module.ts';
import type { StateMapEntry } from '../nn/state-entry.ts';
import { shown } from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Config } from './config.ts';

/** Shapes of the tensors of the files, by name. */
export type FileShapes = ReadonlyMap<string, Shape>;

/** How one family's files become one of the package's models. */
export interface Family<M extends Module = Module> {
  /** What the family is called. */
  readonly name: string;
  /** What `model_type` says in the configs of its files. */
  readonly types: readonly string[];
  /** Whether files of these names are the family's: for configs that do not say. */
  recognises(names: ReadonlySet<string>): boolean;
  /** The model for files of these shapes. Config and shapes must agree; the shapes decide where the config is silent. */
  plan(config: Config, shapes: FileShapes): FamilyPlan<M>;
}

/** What becomes of some files. */
export interface FamilyPlan<M extends Module = Module> {
  /** Makes the model. The files overwrite what the key draws. */
  make(key: Key): M;
  /** The names of the files for those of the model. */
  readonly map: readonly StateMapEntry[];
  /**
   * Called when everything is loaded, to settle what only values can tell, such as whether a head in the file repeats the embedding. May change the
   * model, and returns the entries that hold from then on.
   */
  loaded?(model: M): readonly StateMapEntry[];
}

/** The shape of a tensor that the files must have. */
export function shapeOf(family: string, shapes: FileShapes, name: string, rank: number): Shape {
  const shape = shapes.get(name);
  if (shape?.length === rank) return shape;
  throw new RangeError(
    `${family}: files must hold ${name} of ${rank} axes, got ${shape ? `${shape.length} axes` : `none among ${shapes.size} names`}`,
  );
}

/** How many layers there are: the numbers that follow the prefix, which must be all from 0 on, so that no name asks for layers that no file has. */
export function countOf(shapes: FileShapes, prefix: string): number {
  const found = Array.from(shapes.keys(), (name) =>
    name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN,
  );
  const numbers = new Set(found.filter((number) => Number.isInteger(number)));
  for (let layer = 0; layer < numbers.size; layer++) {
    if (numbers.has(layer)) continue;
    const most = Math.max(...numbers);
    throw new RangeError(
      `loadPretrained: files must hold all layers from ${prefix}0 on, got none of ${prefix}${layer} but of ${prefix}${most}`,
    );
  }
  return numbers.size;
}

/** What stands before a name that is in the files once: `transformer.`, nothing, or what a wrapper added. */
export function prefixOf(family: string, shapes: FileShapes, name: string): string {
  const found = [...shapes.keys()].filter((one) => one === name || one.endsWith(`.${name}`));
  if (found.length === 1) return (found[0] as string).slice(0, -name.length);
  throw new RangeError(`${family}: files must hold one ${name}, got ${found.join(' and ') || `none among ${shapes.size} names`}`);
}

/** Which maps of attention have biases: the files decide. */
export function biasOf(shapes: FileShapes, inputs: string, output: string): boolean | 'inputs' | 'output' {
  const [first, last] = [shapes.has(inputs), shapes.has(output)];
  if (first !== last) return first ? 'inputs' : 'output';
  return first;
}

/** Refuses files that lack what the model needs, by the names that they would have. */
export function expectAll(family: string, shapes: FileShapes, wanted: Iterable<string>): void {
  const missing = [...wanted].filter((name) => !shapes.has(name));
  if (missing.length > 0) throw new RangeError(`${family}: files must hold ${listed(missing)}, got none among ${shapes.size} names`);
}

/** What config and files say of one size must be the same. */
export function expectAgreed(family: string, name: string, said: number, found: number): number {
  if (said === found) return found;
  throw new RangeError(`${family}: ${name} of the config must be that of the files, ${found}, got ${shown(said)}`);
}
