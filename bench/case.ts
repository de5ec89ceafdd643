import { type Tensor, tensor } from 'saccade';

/** One thing measured. Adding one is adding an entry to a list in bench/cases/. */
export interface Case {
  name: string;
  /** What bounds it: arithmetic (GFLOP/s) or memory (GB/s). */
  bound: 'compute' | 'bandwidth';
  /** Floating-point operations, or bytes read and written, of one call. */
  work: number;
  /** `ms`: told as time, where one call is what people wait for. Otherwise as a rate. */
  unit?: 'ms';
  /** Makes what the calls work on, on the backend in use, and returns the call. */
  setup: () => () => Tensor;
  /** Calls whose last result is compared with float64. Default 1. */
  calls?: number;
  /** How far an element may be from float64, relative to the largest. */
  tolerance: number;
}

/** Fixed values in [-1, 1). */
function drawn(size: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >> 8) / 2 ** 23;
  });
}

/** The setup of one op on operands of given shapes. */
export function op(shapes: readonly (readonly number[])[], f: (...inputs: Tensor[]) => Tensor): Case['setup'] {
  return () => {
    const inputs = shapes.map((shape, i) =>
      tensor(
        drawn(
          shape.reduce((p, q) => p * q, 1),
          i + 1,
        ),
        { shape },
      ),
    );
    return () => f(...inputs);
  };
}
