// Runs of indices of an axis, and joined tensors, for callers that have checked their arguments.

import { record } from '../autograd/record.ts';
import { cleared } from '../tensor/create.ts';
import { type Shape, stridesOf } from '../tensor/shape.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { copyInto, dense } from './walk.ts';

/** Indices of an axis: `count` of them from `from` on, `step` apart. */
export interface Run {
  from: number;
  step: number;
  count: number;
}

/** The walk over a run along an axis. */
const walkOf = (shape: Shape, at: number, { from, step }: Run) => {
  const strides = stridesOf(shape);
  const stride = strides[at] as number;
  return { at: from * stride, strides: strides.with(at, step * stride) };
};

/** The elements of a run; gradient {@link placed}. */
export function taken(x: Tensor, at: number, run: Run): Tensor {
  const shape = x.shape.with(at, run.count);
  const y = empty(shape, x.dtype);
  copyInto(y, dense(shape), x, walkOf(x.shape, at, run), shape);
  const attributes = { axis: at, start: run.from, step: run.step, count: run.count };
  return record('slice', y, { inputs: [x], attributes }, (g) => [placed(g, at, run, x.shape[at] as number)]);
}

/** `x` as the elements of a run, zeros elsewhere; gradient {@link taken}. */
export function placed(x: Tensor, at: number, run: Run, length: number): Tensor {
  const shape = x.shape.with(at, length);
  const y = cleared(shape, x.dtype);
  copyInto(y, walkOf(shape, at, run), x, dense(x.shape), x.shape);
  const attributes = { axis: at, start: run.from, step: run.step, length };
  return record('place', y, { inputs: [x], attributes }, (g) => [taken(g, at, run)]);
}

/** Joins tensors that agree in all but one axis along it; a single tensor is returned as it is. Gradient: each tensor's run. */
export function joined(tensors: readonly Tensor[], at: number): Tensor {
  const first = tensors[0] as Tensor;
  if (tensors.length === 1) return first;
  const total = tensors.reduce((sum, x) => sum + (x.shape[at] as number), 0);
  const shape = first.shape.map((n, i) => (i === at ? total : n));
  const strides = stridesOf(shape);
  const y = empty(shape, first.dtype);
  const starts: number[] = [];
  let start = 0;
  for (const x of tensors) {
    copyInto(y, { at: start * (strides[at] as number), strides }, x, dense(x.shape), x.shape);
    starts.push(start);
    start += x.shape[at] as number;
  }
  return record('concat', y, { inputs: tensors, attributes: { axis: at } }, (g) =>
    tensors.map((x, i) => (x.requiresGrad ? taken(g, at, { from: starts[i] as number, step: 1, count: x.shape[at] as number }) : null)),
  );
}
