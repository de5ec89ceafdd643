// The form of a row of the op table.
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
  /** Distinguishes several rows of one op. */
  name?: string;
  /** The call on the differentiable inputs. Other tensors (masks, indices) are made inside. Returns one tensor. */
  f: (...inputs: Tensor[]) => Tensor;
  inputs: readonly Input[];
  /** The value of one element from the elements of the inputs, for elementwise ops, which are also tried at other lengths. */
  reference?: (...values: number[]) => number;
  /** Whether it has second-order gradients (is composed of ops). Default true; false if the gradient is a fused kernel. */
  second?: boolean;
  /** False for ops without gradient (comparisons, argmax). */
  differentiable?: boolean;
  /** The allowed error of float32 against float64. Default 1e-5, relative to the largest element of the result. */
  tolerance?: number;
}

/** A row of the table. */
export interface OpRow extends OpCall {
  /** The shape and values of the result, from those of the inputs: in plain numbers, or by hand. Independent of `src`. */
  value: (...inputs: Plain[]) => Plain;
  /** The allowed error of the float64 reference against it. Default 1e-9, relative to the largest element. */
  exact?: number;
}

/** `y` with a different factor for each element, for ops such as softmax whose gradient of a plain sum is 0. */
export function weighed(y: Tensor): Tensor {
  return mul(
    y,
    tensor(
      Float64Array.from({ length: y.size }, (_, i) => ((i * 7) % 11) / 4 - 1),
      { shape: y.shape },
    ),
  );
}
