// What a row of the op table says.
import { mul } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { Plain } from './plain.ts';

/** A differentiable input (shape and range of values), or a fixed tensor made on the backend in use. */
export type Input = { shape: readonly number[]; domain?: readonly [number, number] };

/** A call of an op. */
export interface OpCall {
  /** The exported name. */
  op: string;
  /** Told apart where one op has several rows. */
  name?: string;
  /** The call, of the differentiable inputs. Other tensors (masks, indices) are made inside. Returns one tensor. */
  f: (...inputs: Tensor[]) => Tensor;
  inputs: readonly Input[];
  /** The value of one element from the elements of the inputs, for elementwise ops, which are tried at other lengths too. */
  reference?: (...values: number[]) => number;
  /** Has gradients of second order (written in ops). Default true; false where the gradient is a fused kernel. */
  second?: boolean;
  /** False for ops without gradient (comparisons, argmax). */
  differentiable?: boolean;
  /** How far float32 may be from float64. Default 1e-5, relative to the largest element of the result. */
  tolerance?: number;
}

/** A row of the table. */
export interface OpRow extends OpCall {
  /** The shape and values of the result, from those of the inputs: written in plain numbers, or by hand. Shares nothing with `src`. */
  value: (...inputs: Plain[]) => Plain;
  /** How far the reference in float64 may be from it. Default 1e-9, relative to the largest element. */
  exact?: number;
}

/** `y` with a different factor for each element: for ops whose gradient of a plain sum is 0, as softmax's. */
export function weighed(y: Tensor): Tensor {
  return mul(
    y,
    tensor(
      Float64Array.from({ length: y.size }, (_, i) => ((i * 7) % 11) / 4 - 1),
      { shape: y.shape },
    ),
  );
}
