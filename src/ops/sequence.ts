// What the fused recurrent ops share. Inside, everything lies in the order of processing, [T, B, ...], so that a step is one dense block;
// a reversed sequence is turned while it is brought there. The state before step s is block s of [T + 1, B, H].

import { record, recording } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { type Shape, sameShape, show, sizeOf } from '../tensor/shape.ts';
import { empty, expectDType, Tensor } from '../tensor/tensor.ts';
import { place, reshape } from './shape.ts';

export interface SequenceOptions {
  /** Bool [B, T], true where a step is real. At others the output is 0 and the state stays. */
  mask?: Tensor;
  /** From the last step to the first; with a mask, from each row's last real step. */
  reverse?: boolean;
}

/** The weights of one layer in one direction, PyTorch's layout: G gates side by side. */
export interface Weights {
  /** [G·H, I] */
  weightIh: Tensor;
  /** [G·H, H] */
  weightHh: Tensor;
  /** [G·H] */
  biasIh: Tensor;
  /** [G·H] */
  biasHh: Tensor;
}

/** Lengths of a call, and how to address its steps. */
export interface Sequence {
  batch: number;
  steps: number;
  input: number;
  hidden: number;
  /** Gates of the cell times `hidden`. */
  width: number;
  reverse: boolean;
  mask: Tensor | undefined;
}

/** Checks every shape of a call. */
export function sequence(
  op: string,
  gates: number,
  x: Tensor,
  states: Readonly<Record<string, Tensor>>,
  weights: Weights,
  options: SequenceOptions,
): Sequence {
  const { mask, reverse = false } = options;
  const [batch, steps, input] = x.shape;
  const [width, hidden] = weights.weightHh.shape;
  if (x.rank !== 3 || batch === undefined || steps === undefined || input === undefined) {
    throw new RangeError(`${op}: x must be [B, T, I], got ${show(x.shape)}`);
  }
  if (width === undefined || hidden === undefined || width !== gates * hidden) {
    throw new RangeError(`${op}: weightHh must be [${gates}·H, H], got ${show(weights.weightHh.shape)}`);
  }
  const expected: Record<string, [Tensor, Shape]> = {
    x: [x, [batch, steps, input]],
    weightIh: [weights.weightIh, [width, input]],
    weightHh: [weights.weightHh, [width, hidden]],
    biasIh: [weights.biasIh, [width]],
    biasHh: [weights.biasHh, [width]],
  };
  for (const [name, state] of Object.entries(states)) expected[name] = [state, [batch, hidden]];
  for (const [name, [tensor, shape]] of Object.entries(expected)) {
    expectDType(op, name, tensor, 'float32');
    if (!sameShape(tensor.shape, shape)) throw new RangeError(`${op}: ${name} must be ${show(shape)}, got ${show(tensor.shape)}`);
  }
  if (mask) {
    expectDType(op, 'mask', mask, 'bool');
    if (!sameShape(mask.shape, [batch, steps])) {
      throw new RangeError(`${op}: mask must be ${show([batch, steps])}, got ${show(mask.shape)}`);
    }
  }
  return { batch, steps, input, hidden, width, reverse, mask };
}

/** Where the `s`-th step to be processed lies in time. */
export function timeOf(q: Sequence, s: number): number {
  return q.reverse ? q.steps - 1 - s : s;
}

/** Address of the mask's column at time `t`; 0 without a mask. */
export function maskAt(q: Sequence, t: number): number {
  return q.mask ? q.mask.ptr + t * q.mask.storage.backend.unit : 0;
}

/** Address of element `i` of a tensor. */
export function at(x: Tensor, i: number): number {
  return x.ptr + i * x.storage.backend.unit;
}

/** `n` elements from one address to another. */
export function move(out: number, x: number, n: number): void {
  kernels.copy(out, x, 1, 1, 1, n, 0, 0, 0, 1, 0, 0, 0, 1);
}

/** [B, T, N] in order of processing: [T, B, N]. */
export function toSteps(q: Sequence, x: Tensor, n: number): Tensor {
  const y = empty([q.steps, q.batch, n]);
  const start = at(x, q.reverse ? (q.steps - 1) * n : 0);
  kernels.copy(y.ptr, start, 1, q.steps, q.batch, n, 0, q.batch * n, n, 1, 0, q.reverse ? -n : n, q.steps * n, 1);
  return y;
}

/** The way back from {@link toSteps}. */
export function fromSteps(q: Sequence, x: Tensor, n: number): Tensor {
  const y = empty([q.batch, q.steps, n]);
  const start = at(y, q.reverse ? (q.steps - 1) * n : 0);
  kernels.copy(start, x.ptr, 1, q.steps, q.batch, n, 0, q.reverse ? -n : n, q.steps * n, 1, 0, q.batch * n, n, 1);
  return y;
}

/** A dense matrix [rows, columns] at an address, or its transpose read from the same memory. */
export interface Matrix {
  ptr: number;
  rows: number;
  columns: number;
  rowStride: number;
  columnStride: number;
}

export function matrix(ptr: number, rows: number, columns: number): Matrix {
  return { ptr, rows, columns, rowStride: columns, columnStride: 1 };
}

export function transposed(x: Matrix): Matrix {
  return { ptr: x.ptr, rows: x.columns, columns: x.rows, rowStride: x.columnStride, columnStride: x.rowStride };
}

/** Packed as a left operand. */
export function packLeft(x: Matrix, into: Tensor = empty([Math.ceil(x.rows / 4) * 4 * x.columns])): Tensor {
  kernels.packRows(into.ptr, x.ptr, x.rows, x.columns, x.rowStride, x.columnStride);
  return into;
}

/** Packed as a right operand. */
export function packRight(x: Matrix): Tensor {
  const packed = empty([Math.ceil(x.columns / 8) * 8 * x.rows]);
  kernels.packColumns(packed.ptr, x.ptr, x.rows, x.columns, x.rowStride, x.columnStride);
  return packed;
}

/** `A·B` of whole matrices: [m, k] · [k, n]. */
export function product(a: Matrix, b: Matrix): Tensor {
  const y = empty([a.rows, b.columns]);
  kernels.matmulPacked(y.ptr, packLeft(a).ptr, packRight(b).ptr, a.rows, b.columns, a.columns, b.columns, 0);
  return y;
}

/** Gradients of everything but the states, from those of the two products: `dgates` of the input's, `dinner` of the state's. */
export function productGradients(
  q: Sequence,
  x: Tensor,
  w: Weights,
  saved: { xs: Tensor; hs: Tensor },
  dgates: Tensor,
  dinner: Tensor,
): (Tensor | null)[] {
  const total = q.steps * q.batch;
  const rows = (d: Tensor) => matrix(d.ptr, total, q.width);
  const columnSums = (d: Tensor) => {
    const y = empty([q.width]);
    kernels.sum(y.ptr, d.ptr, 1, total, q.width);
    return y;
  };
  const inputs = matrix(saved.xs.ptr, total, q.input);
  const states = matrix(saved.hs.ptr, total, q.hidden);
  return [
    x.requiresGrad ? fromSteps(q, product(rows(dgates), matrix(w.weightIh.ptr, q.width, q.input)), q.input) : null,
    w.weightIh.requiresGrad ? product(transposed(rows(dgates)), inputs) : null,
    w.weightHh.requiresGrad ? product(transposed(rows(dinner)), states) : null,
    w.biasIh.requiresGrad ? columnSums(dgates) : null,
    w.biasHh.requiresGrad ? columnSums(dinner) : null,
  ];
}

/** A range of a flat recorded tensor under its own shape: how one node of the tape has several results. */
export function part(x: Tensor, start: number, shape: Shape): Tensor {
  const y = new Tensor(x.storage, shape, 'float32', x.offset + start);
  return record('part', y, [x], (g) => [place(reshape(g, [sizeOf(shape)]), 0, start, x.size)]);
}

/** Whether a call on these inputs is recorded. */
export function tracked(inputs: readonly Tensor[]): boolean {
  return recording() && inputs.some((x) => x.requiresGrad);
}

/** Gradients that a fused kernel gave: to differentiate them again is an error and not a wrong number. */
export function once(op: string, gradients: (Tensor | null)[], inputs: readonly Tensor[]): (Tensor | null)[] {
  for (const gradient of gradients) {
    if (gradient)
      record(`${op} gradient`, gradient, inputs, () => {
        throw new Error(`${op}: gradients must be of first order, got a request for the second (unroll a cell instead)`);
      });
  }
  return gradients;
}
