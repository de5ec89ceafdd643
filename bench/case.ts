import type { Tensor } from 'saccade';

/** One thing measured. Adding one is adding an entry to a list in bench/cases/. */
export interface Case {
  name: string;
  /** What bounds it: arithmetic (GFLOP/s) or memory (GB/s). */
  bound: 'compute' | 'bandwidth';
  /** Floating-point operations, or bytes read and written, of one call. */
  work: number;
  /** Shapes of the operands, drawn from [-1, 1). */
  inputs: readonly (readonly number[])[];
  f: (...inputs: Tensor[]) => Tensor;
  /** How far an element may be from float64, relative to the largest. */
  tolerance: number;
}
