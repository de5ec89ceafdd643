// The rows of the op table as graphs are made of them.
import { tensor } from '../../src/tensor/create.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { draws } from '../kernels/row.ts';
import type { OpRow } from '../ops/row.ts';
import { free } from './free.ts';

export const title = (row: OpRow): string => (row.name ? `${row.op}: ${row.name}` : row.op);

/** Public ops that no graph has, and how they are refused. */
export const refusals: Readonly<Record<string, RegExp>> = {
  binaryCrossEntropyWithLogits: /must leave elements alone .* got a look at those of x0/,
  categorical: /got categorical: a draw/,
  crop: /got crop: a window at a place of its own/,
  ctcAlignment: /got ctcPosterior: there is no such operator/,
  ctcLoss: /got ctcPaths: there is no such operator/,
  ctcPaths: /got ctcPaths: there is no such operator/,
  ctcPosterior: /got ctcPosterior: there is no such operator/,
  dropout: /got dropout: a draw/,
  gumbel: /got gumbel: a draw/,
  memoryStep: /got memoryStep: it has no operator/,
  normal: /got normal: a draw/,
  sparsemax: /got sparsemax: there is no such operator/,
  straightThrough: /got straightThrough: it is there for its gradient/,
  uniform: /got uniform: a draw/,
};

const nameOf = (i: number) => `x${i}`;

/** The call of a row on inputs by name. */
export const callOf =
  (row: OpRow) =>
  (inputs: Readonly<Record<string, Tensor>>): Tensor =>
    row.f(...row.inputs.map((_, i) => inputs[nameOf(i)] as Tensor));

/** The shapes of a row's inputs, each length through `as`. */
export const shapesOf = <T>(row: OpRow, as: (length: number) => T): Record<string, { shape: T[] }> =>
  Object.fromEntries(row.inputs.map(({ shape }, i) => [nameOf(i), { shape: shape.map(as) }]));

/** Values for a row's inputs, each length through `as`. */
export const valuesOf = (row: OpRow, as: (length: number) => number = (length) => length): Record<string, Tensor> =>
  Object.fromEntries(
    row.inputs.map(({ shape, domain = [-2, 2] }, i) => {
      const lengths = shape.map(as);
      return [nameOf(i), tensor(draws(i + 1).real(sizeOf(lengths), ...domain).values, { shape: lengths })];
    }),
  );

/** Whether a row has lengths in its call, in a mask or in an index: then `free.ts` has the op at any lengths. (Some are no public ops.) */
export const fixed = (row: OpRow): boolean => ['unpick', 'bagTable', 'bagWeights'].includes(row.op) || free.some(({ op }) => op === row.op);
