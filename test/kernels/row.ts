// The form of a row of the kernel table, and the helpers that rows use.
import type { DType, Kernels } from '../../src/runtime/backend.ts';
import { key, randomInt } from '../../src/tensor/random.ts';

/**
 * A range of memory given to a kernel. `out` starts as junk, `inout` as values; both are compared afterwards. `in` must not change;
 * `scratch` may hold anything.
 */
export interface Range {
  role: 'in' | 'out' | 'inout' | 'scratch';
  dtype: DType;
  values: number[];
}

export type Argument = number | Range;

/** The allowed error of float32 against the float64 reference: `relative · |reference| + absolute`. */
export interface Tolerance {
  relative?: number;
  absolute?: number;
}

/** Draws for one case, always the same for the same row and length. */
export interface Draw {
  /** Numbers in [low, high). */
  real(size: number, low?: number, high?: number): Range;
  /** Whole numbers in [0, bound). */
  int(size: number, bound: number): Range;
  /** 0 or 1. */
  mask(size: number): Range;
  /** The same, for values that a kernel changes. */
  inout(range: Range): Range;
  out(size: number, dtype?: DType): Range;
  /** Workspace: junk before, ignored afterwards. */
  scratch(size: number): Range;
}

export interface KernelRow {
  kernel: keyof Kernels;
  /** Distinguishes several rows of one kernel. */
  name?: string;
  /** Lengths to try; default 0 to 9 and some larger ones. */
  lengths?: readonly number[];
  /** The arguments of a call of length `n`. */
  args: (n: number, draw: Draw) => Argument[];
  /** Default: 2 ulp relative (2.4e-7). */
  tolerance?: Tolerance;
  /** Pairs of argument positions `[out, in]` that may be the same memory. */
  alias?: readonly (readonly [number, number])[];
}

export const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 64, 67, 100] as const;

export function draws(seed: number): Draw {
  let count = 0;
  const from = key(seed);
  const next = (bound: number) => randomInt(from, count++, bound);
  const list = (size: number, value: () => number) => Array.from({ length: size }, value);
  return {
    real: (size, low = -3, high = 3) => ({
      role: 'in',
      dtype: 'float32',
      values: list(size, () => Math.fround(low + ((high - low) * next(2 ** 24)) / 2 ** 24)),
    }),
    int: (size, bound) => ({ role: 'in', dtype: 'int32', values: list(size, () => next(bound)) }),
    mask: (size) => ({ role: 'in', dtype: 'bool', values: list(size, () => next(2)) }),
    inout: (range) => ({ ...range, role: 'inout' }),
    out: (size, dtype = 'float32') => ({ role: 'out', dtype, values: list(size, () => 77) }),
    scratch: (size) => ({ role: 'scratch', dtype: 'float32', values: list(size, () => Number.NaN) }),
  };
}

/** The arguments that follow the pointers of a contiguous binary kernel. */
export const flat = (n: number) => [1, 1, 1, n, 0, 0, 0, 1, 0, 0, 0, 1];
