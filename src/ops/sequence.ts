// What the fused recurrent ops share. Inside, everything lies in the order of processing, [T, B, ...], so that a step is one dense block;
// a reversed sequence is turned while it is brought there. The state before step s is block s of [T + 1, B, H].

import { record, recording } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { zeros } from '../tensor/create.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { dense, type Lengths, productInto, type Strided, withWorkspace } from './product.ts';
import { concat, reshape } from './shape.ts';

/** Which steps of a whole-sequence op are real, and its direction. */
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

/** [B, I] as a sequence of one step. */
export function oneStep(op: string, x: Tensor): Tensor {
  const [batch, input] = x.shape;
  if (x.rank !== 2 || batch === undefined || input === undefined) throw new RangeError(`${op}: x must be [B, I], got ${show(x.shape)}`);
  return reshape(x, [batch, 1, input]);
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

/** Room for a left operand [m, k] in panels. */
export function leftPanels(m: number, k: number): Tensor {
  return empty([Math.ceil(m / 4) * 4, k]);
}

/** A right operand [k, n] in panels. */
export function rightPanels(x: Strided, k: number, n: number): Tensor {
  const panels = empty([Math.ceil(n / 8) * 8, k]);
  kernels.packColumns(panels.ptr, x.ptr, k, n, x.row, x.column);
  return panels;
}

/** `A·B` of whole matrices. */
export function product(a: Strided, b: Strided, lengths: Lengths): Tensor {
  const y = empty([lengths.m, lengths.n]);
  withWorkspace(lengths, (scratch) => productInto(y.ptr, a, b, lengths, 0, scratch));
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
  const { input, hidden, width } = q;
  const columnSums = (d: Tensor) => {
    const y = empty([width]);
    kernels.sum(y.ptr, d.ptr, 1, total, width);
    return y;
  };
  const weightGradient = (d: Tensor, from: Tensor, n: number) =>
    product(dense(d.ptr, width, true), dense(from.ptr, n), { m: width, n, k: total });
  const inputGradient = () => product(dense(dgates.ptr, width), dense(w.weightIh.ptr, input), { m: total, n: input, k: width });
  return [
    x.requiresGrad ? fromSteps(q, inputGradient(), input) : null,
    w.weightIh.requiresGrad ? weightGradient(dgates, saved.xs, input) : null,
    w.weightHh.requiresGrad ? weightGradient(dinner, saved.hs, hidden) : null,
    w.biasIh.requiresGrad ? columnSums(dgates) : null,
    w.biasHh.requiresGrad ? columnSums(dinner) : null,
  ];
}

/** Of several results, in their order; `null` where nothing depends on one. */
export type Gradients = readonly (Tensor | null)[];

/** A copy of a gradient to work in, zeros where there is none. */
export function copyOf(g: Tensor | null | undefined, shape: Shape): Tensor {
  if (!g) return zeros(shape);
  const y = empty(shape);
  move(y.ptr, g.ptr, g.size);
  return y;
}

/** A fused op in ops: from its inputs in the order of the tape to its results in one row. */
export type Composed = (...inputs: Tensor[]) => Tensor;

/** The gradients of results in one row. */
export function joined(gs: Gradients, ys: readonly Tensor[]): Tensor {
  return concat(ys.map((y, i) => reshape(gs[i] ?? zeros(y.shape), [y.size])));
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
        throw new Error(`${op}: gradients must be of first order, got a request for the second (unroll the cell instead)`);
      });
  }
  return gradients;
}
