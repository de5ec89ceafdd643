import { parameter, scope, type Tensor, tensor } from 'saccade';

/** What limits a case: arithmetic (a 4 × 8 tile), memory (a copy, reads alone, writes alone), or one exponential per element. */
export type Bound = 'compute' | 'copy' | 'read' | 'fill' | 'exp';

/** The targets of a case; each member is one condition. Unless they say otherwise, they apply to one thread and the deterministic build. */
export interface Target {
  /** At least this fraction of the limit. */
  fraction?: number;
  /** At most this much, in the case's unit (a time or a size). */
  most?: number;
  /** At least this many times as fast as the fastest peer that is not native. */
  peers?: number;
  /** At least so many times as fast as each of these peers, native or not. */
  beside?: Readonly<Record<string, number>>;
  /** At least this share of another case's rate. */
  like?: readonly [name: string, share: number];
  /** Two threads: at least this many times as fast as one. */
  twoThreads?: number;
  /** The relaxed build: at least this many times as fast as the deterministic one. */
  relaxed?: number;
}

/** The same work for peers: the operation and the shapes of its operands, which hold `drawn` values in [-1, 1). */
export interface Task {
  readonly op: string;
  readonly shapes: readonly (readonly number[])[];
  readonly [option: string]: unknown;
}

/** The result of a case, and of the same computation in plain float64 without the tape and kernels of the package. */
export interface Proof {
  got: ArrayLike<number>;
  wanted: ArrayLike<number>;
}

/** One measurement. To add one, add an entry to a list in bench/cases/. */
export interface Case {
  name: string;
  /** Absent if no limit of the machine applies. */
  bound?: Bound;
  /** The work of one call: floating-point operations (`compute`), elements (`exp`), or bytes read and written; ops if nothing limits it. */
  work: number;
  /** Reported as time if people wait for one call; `µs` is per unit of `work`. Otherwise as a rate. */
  unit?: 'ms' | 'µs';
  /** Creates the operands on the active backend and returns the call to measure. */
  setup: () => () => Tensor;
  /** Computes the whole result of `setup`'s call and its float64 value, or a part of both if float64 would take long. */
  proof: () => Proof;
  /** The largest error of an element against float64, relative to the largest element. */
  tolerance: number;
  task?: Task;
  target?: Target;
}

/** A case with its own way of measuring: one figure per round. */
export interface Figure {
  name: string;
  unit: 'ms' | 'KB' | 'MB';
  rounds: number;
  once: () => number | Promise<number>;
  /** A figure to subtract, measured in the same rounds. */
  less?: () => number | Promise<number>;
  /** What the last round said besides, such as how good a result was. */
  note?: () => string;
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

/** Operands of given shapes as parameters with drawn values, so that ops on them are recorded. */
export function parametersOf(shapes: readonly (readonly number[])[]): Tensor[] {
  return shapes.map((shape, i) => parameter(tensor(drawn(sizeOf(shape), i + 1), { shape })));
}

/** The values of the operands of `parametersOf`. */
export const valuesOf = (shapes: readonly (readonly number[])[]): Float32Array[] => shapes.map((shape, i) => drawn(sizeOf(shape), i + 1));

/** The result of a call of `setup`. */
export const resultOf = (setup: Case['setup']): ArrayLike<number> => scope(() => setup()().toArray());

/** The setup of one op on operands of given shapes. */
export function op(shapes: readonly (readonly number[])[], f: (...inputs: Tensor[]) => Tensor): Case['setup'] {
  return () => {
    const inputs = parametersOf(shapes);
    return () => f(...inputs);
  };
}
