// A module's parameters as plain numbers.
import type { Module } from '../../src/nn/module.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { at, type Matrix, rowsOf, type Vector } from './plain.ts';

/** Parameters by path. */
export interface Weights {
  /** Rows along the first axis; all other axes count as one. */
  matrix(path: string): Matrix;
  vector(path: string): Vector;
  has(path: string): boolean;
  /** The parameters below a path. */
  within(path: string): Weights;
}

export function weightsOf(module: Module, prefix = ''): Weights {
  const dict = module.stateDict();
  const get = (path: string): Tensor => {
    const x = dict.get(prefix + path);
    if (!x) throw new Error(`weightsOf: path must be a parameter's, got ${prefix + path}`);
    return x;
  };
  return {
    matrix: (path) => rowsOf(get(path).toArray(), get(path).size / at(get(path).shape, 0)),
    vector: (path) => Array.from(get(path).toArray()),
    has: (path) => dict.has(prefix + path),
    within: (path) => weightsOf(module, `${prefix}${path}.`),
  };
}

/** A tensor [n, …, m] as rows of m. */
export const rows = (x: Tensor): number[][] => rowsOf(x.toArray(), at(x.shape, -1));
