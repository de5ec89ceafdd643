// The form of a row of the module table, and the inputs of its tests.
import type { Module } from '../../src/nn/module.ts';
import { concat, reshape } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, type Key, key, randomInt } from '../../src/tensor/random.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

export interface ModuleRow<M extends Module = Module> {
  /** The exported class. */
  module: string;
  /** Distinguishes several rows of one class. */
  name?: string;
  build(key: Key): M;
  /** The call on some examples of a batch (0, 1, 2, …), with one row of the result for each. The key is for dropout. */
  call(module: M, examples: readonly number[], key?: Key): Tensor;
  /** Moves it off a start at which some parameters have no gradient, and equations say little. */
  warm?(module: M): void;
  /** Ends of paths whose parameters do not depend on the key initially. */
  constant?: readonly string[];
  /** Draws nothing when built. */
  fixed?: true;
  /** Draws in the call when a key is given. */
  dropout?: true;
}

/** A row, its class forgotten. */
export const row = <M extends Module>(spec: ModuleRow<M>): ModuleRow => spec as unknown as ModuleRow;

const each = (examples: readonly number[], size: number, at: (example: number, i: number) => number) =>
  examples.flatMap((example) => Array.from({ length: size }, (_, i) => at(example, i)));

/** [examples, …shape] in [-1, 1): an example has the same values in every batch. */
export function real(examples: readonly number[], shape: readonly number[], seed: number): Tensor {
  const keys = new Map(examples.map((example) => [example, foldIn(key(seed), example)]));
  const values = each(examples, sizeOf(shape), (example, i) => randomInt(keys.get(example) as Key, i, 2 ** 20) / 2 ** 19 - 1);
  return tensor(Float64Array.from(values), { shape: [examples.length, ...shape] });
}

/** Real steps of an example: all of them in the first, one fewer in each after it, at least one. */
export const lengthOf = (example: number, steps: number) => steps - (example % steps);

/** Bool [examples, steps]. */
export function padding(examples: readonly number[], steps: number): Tensor {
  const values = each(examples, steps, (example, i) => (i < lengthOf(example, steps) ? 1 : 0));
  return tensor(Int32Array.from(values), { shape: [examples.length, steps], dtype: 'bool' });
}

/** int32 [examples, steps]: symbols from 3, then the end (2) as the last real one, then pads (0). */
export function sentences(examples: readonly number[], steps: number, symbols: number, seed: number): Tensor {
  const values = each(examples, steps, (example, i) => {
    const left = lengthOf(example, steps) - i;
    if (left <= 1) return left === 1 ? 2 : 0;
    return 3 + randomInt(foldIn(key(seed), example), i, symbols - 3);
  });
  return tensor(Int32Array.from(values), { shape: [examples.length, steps] });
}

/** Results of one batch side by side, [examples, all elements]. */
export function beside(...parts: Tensor[]): Tensor {
  return concat(
    parts.map((x) => reshape(x, [x.shape[0] as number, x.size / (x.shape[0] as number)])),
    1,
  );
}

export const list = (x: Tensor) => Array.from(x.toArray());

/** Elements as bits: 0 and -0 differ. */
export const bits = (x: Tensor) => new Int32Array(Float32Array.from(x.view()).buffer);
