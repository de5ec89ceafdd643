import { parameter, scope, type Tensor, tensor } from 'saccade';

/**
 * What bounds a case: arithmetic (a 4 × 8 tile), memory (a copy, reads alone, writes alone), or one exponential an element.
 */
export type Bound = 'compute' | 'copy' | 'read' | 'fill' | 'exp';

/** What has to come out: each member is one condition. Those without a word on it are asked of one thread and the deterministic build. */
export interface Target {
  /** At least this fraction of the limit. */
  fraction?: number;
  /** At most this many of the case's unit (a time or a size). */
  most?: number;
  /** At least this many times as fast as the fastest peer that is not native. */
  peers?: number;
  /** At least this share of another case's rate. */
  like?: readonly [name: string, share: number];
  /** Two threads: at least this many times as fast as one. */
  twoThreads?: number;
  /** The relaxed build: at least this many times as fast as the deterministic one. */
  relaxed?: number;
}

/** The same work in plain data, for peers: what to do with operands of these shapes, which hold `drawn` values in [-1, 1). */
export interface Task {
  readonly op: string;
  readonly shapes: readonly (readonly number[])[];
  readonly [option: string]: unknown;
}

/** What a case computed, and what plain float64 computes of the same, with no tape and no kernel of the package. */
export interface Proof {
  got: ArrayLike<number>;
  wanted: ArrayLike<number>;
}

/** One thing measured. Adding one is adding an entry to a list in bench/cases/. */
export interface Case {
  name: string;
  /** Absent where no limit of the machine speaks of it. */
  bound?: Bound;
  /** Of one call: floating-point operations (`compute`), elements (`exp`), or bytes read and written. Ops, where nothing bounds it. */
  work: number;
  /** Told as time, where one call is what people wait for; `µs` for one of `work`. Otherwise as a rate. */
  unit?: 'ms' | 'µs';
  /** Makes what the calls work on, on the backend in use, and returns the call. */
  setup: () => () => Tensor;
  /** All of what `setup`'s call computes beside its float64 value, or less of the same where float64 would take long. */
  proof: () => Proof;
  /** How far an element may be from float64, relative to the largest. */
  tolerance: number;
  task?: Task;
  target?: Target;
}

/** A case that has its own way of measuring: a figure a round. */
export interface Figure {
  name: string;
  unit: 'ms' | 'KB' | 'MB';
  rounds: number;
  once: () => number | Promise<number>;
  /** What to take off: measured in the same rounds. */
  less?: () => number | Promise<number>;
  target?: Target;
}

/** The number of elements of a shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((p, q) => p * q, 1);

/** Fixed values in [-1, 1). */
export function drawn(size: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >> 8) / 2 ** 23;
  });
}

/** Operands of given shapes: drawn, and parameters, so that what is made of them is recorded. */
export function parametersOf(shapes: readonly (readonly number[])[]): Tensor[] {
  return shapes.map((shape, i) => parameter(tensor(drawn(sizeOf(shape), i + 1), { shape })));
}

/** The values of operands that `parametersOf` makes. */
export const valuesOf = (shapes: readonly (readonly number[])[]): Float32Array[] => shapes.map((shape, i) => drawn(sizeOf(shape), i + 1));

/** What a call of `setup` gives. */
export const resultOf = (setup: Case['setup']): ArrayLike<number> => scope(() => setup()().toArray());

/** The setup of one op on operands of given shapes. */
export function op(shapes: readonly (readonly number[])[], f: (...inputs: Tensor[]) => Tensor): Case['setup'] {
  return () => {
    const inputs = parametersOf(shapes);
    return () => f(...inputs);
  };
}
