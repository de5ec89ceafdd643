// Shared parts of the fused recurrent ops. Inside, everything is laid out step by step, [T, B, ...], so that a step is one dense block. The
// states are [T + 1, B, D]: step t reads the one before it in its direction and writes the one after it.

import { sumAxis } from '../autograd/arithmetic.ts';
import { backend } from '../runtime/backend.ts';
import * as call from '../runtime/generated/calls.ts';
import { expectNames, type Names, shown } from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import type { Call } from '../tensor/observe.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { type Deferred, empty, expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';
import { allFinite } from './finite.ts';
import { gather } from './gather.ts';
import { where } from './logic.ts';
import { linear, outer } from './matmul.ts';
import { reshape, transpose } from './shape.ts';

/** Which steps of a whole-sequence op are real, and its direction. */
export interface SequenceOptions {
  /** bool [B, T], true where a step is real. At other steps the output is 0 and the state stays. */
  mask?: Tensor | undefined;
  /** Run from the last step to the first; with a mask, from each row's last real step. */
  reverse?: boolean | undefined;
}

/** Symbols as rows of a table: the input of a sequence before the lookup. */
export interface Embedded {
  /** [N, I] */
  readonly table: Tensor;
  /** int32 [B, T] */
  readonly index: Tensor;
}

/** The weights of one layer in one direction, in PyTorch's layout: gates side by side. */
export interface Weights {
  /** [gates·D, I] */
  weightIh: Tensor;
  /** [gates·D, D] */
  weightHh: Tensor;
  /** [gates·D] */
  biasIh: Tensor;
  /** [gates·D] */
  biasHh: Tensor;
}

/** The lengths of a call, and the layout of its steps. */
export interface Sequence {
  batch: number;
  steps: number;
  hidden: number;
  /** The number of gates times `hidden`. */
  width: number;
  reverse: boolean;
  mask: Tensor | undefined;
}

const sequenceOptions: Names<SequenceOptions> = { mask: 0, reverse: 0 };

function expectInput(op: string, x: Tensor | Embedded): void {
  if (x instanceof Tensor) return;
  if (typeof x !== 'object' || x === null || !('table' in x)) expectTensor(op, 'x', x);
  else {
    expectDType(op, 'table', x.table, 'float32');
    expectDType(op, 'index', x.index, 'int32');
  }
}

/** Checks every shape of a call. */
export function sequence(
  op: string,
  gates: number,
  x: Tensor | Embedded,
  states: Readonly<Record<string, Tensor | null>>,
  weights: Weights,
  options: SequenceOptions,
): Sequence {
  expectNames(op, options, sequenceOptions);
  const { mask, reverse = false } = options;
  expectInput(op, x);
  if (typeof weights !== 'object' || weights === null) throw new TypeError(`${op}: weights must be an object, got ${shown(weights)}`);
  expectTensor(op, 'weightHh', weights.weightHh);
  const shape = x instanceof Tensor ? x.shape : [...x.index.shape, ...x.table.shape.slice(1)];
  const [batch, steps, input] = shape;
  const [width, hidden] = weights.weightHh.shape;
  if (shape.length !== 3 || batch === undefined || steps === undefined || input === undefined) {
    throw new RangeError(`${op}: x must be [B, T, I], got ${show(shape)}`);
  }
  if (width === undefined || hidden === undefined || width !== gates * hidden) {
    throw new RangeError(`${op}: weightHh must be [${gates}·H, H], got ${show(weights.weightHh.shape)}`);
  }
  const expected: Record<string, [Tensor, Shape]> = {
    weightIh: [weights.weightIh, [width, input]],
    weightHh: [weights.weightHh, [width, hidden]],
    biasIh: [weights.biasIh, [width]],
    biasHh: [weights.biasHh, [width]],
  };
  for (const [name, state] of Object.entries(states)) if (state !== null) expected[name] = [state, [batch, hidden]];
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
  return { batch, steps, hidden, width, reverse, mask };
}

/** A call's inputs for observers: x (or a table and an index), the weights and biases, the states, the mask. */
export function callOf(
  x: Tensor | Embedded,
  states: readonly (Tensor | null)[],
  w: Weights,
  { mask, reverse = false }: SequenceOptions,
): Call {
  const [direct, table, index] = x instanceof Tensor ? [x] : [null, x.table, x.index];
  return { inputs: [direct, w.weightIh, w.weightHh, w.biasIh, w.biasHh, ...states, mask, table, index], attributes: { reverse } };
}

/** [B, I] as a sequence of one step. */
export function oneStep(op: string, x: Tensor): Tensor {
  expectTensor(op, 'x', x);
  const [batch, input] = x.shape;
  if (x.rank !== 2 || batch === undefined || input === undefined) throw new RangeError(`${op}: x must be [B, I], got ${show(x.shape)}`);
  return reshape(x, [batch, 1, input]);
}

/**
 * The product of the inputs with their weight, step by step [T, B, gates·D]. If a table has fewer rows than there are inputs, each row is
 * multiplied once; the bits are the same. Inputs whose mask is false reach no gradient.
 */
export function inputGates(x: Tensor | Embedded, weightIh: Tensor, mask?: Tensor): Tensor {
  if (mask && !allFinite(x instanceof Tensor ? x : x.table)) {
    // The gradient of the weight is a product with all inputs, and 0 · NaN of a masked step would not be 0.
    const all = x instanceof Tensor ? x : gather(x.table, x.index);
    return inputGates(where(reshape(mask, [...mask.shape, 1]), all, 0), weightIh);
  }
  if (x instanceof Tensor) {
    const [batch, steps, input] = x.shape as [number, number, number];
    return linear(steps === 1 ? reshape(x, [1, batch, input]) : transpose(x, 0, 1), weightIh);
  }
  const index = transpose(x.index, 0, 1);
  if ((x.table.shape[0] as number) < index.size) return gather(linear(x.table, weightIh), index);
  return linear(gather(x.table, index), weightIh);
}

/** The place in time of the `s`-th step to process, and the places of the states before and after it. */
export function timeOf(q: Sequence, s: number): { t: number; before: number; after: number } {
  const t = q.reverse ? q.steps - 1 - s : s;
  return q.reverse ? { t, before: t + 1, after: t } : { t, before: t, after: t + 1 };
}

/** Address of the mask's column at time `t`; 0 without a mask. */
export function maskAt(q: Sequence, t: number): number {
  return q.mask ? q.mask.ptr + t * q.mask.storage.backend.unit : 0;
}

/** Address of element `i` of a tensor. */
export function at(x: Tensor, i: number): number {
  return x.ptr + i * x.storage.backend.unit;
}

/** Sets `n` elements from an address to zero. */
export function clear(out: number, n: number): void {
  backend().view(out, n, 'float32').fill(0);
}

/** Copies `n` elements from one address to another. */
export function move(out: number, x: number, n: number): void {
  call.copy({ out, x, lengths: [1, 1, 1, n], oStrides: [0, 0, 0, 1], xStrides: [0, 0, 0, 1] });
}

/** Allocates the states [T + 1, B, D]; the first one is `h0` or zeros. */
export function statesFrom(q: Sequence, h0: Tensor | null): Tensor {
  const { batch, steps, hidden } = q;
  const hs = empty([steps + 1, batch, hidden]);
  const first = (q.reverse ? steps : 0) * batch * hidden;
  if (h0) move(at(hs, first), h0.ptr, batch * hidden);
  else clear(at(hs, first), batch * hidden);
  return hs;
}

/**
 * Gradients of the state's weight and of both biases, from those of the two products: `dgates` of the inputs', `dinner` of the states', [T,
 * B, gates·D] each. Without an initial state the first step has no product.
 */
export function weightGradients(
  q: Sequence,
  w: Weights,
  hs: Tensor,
  given: boolean,
  dgates: Tensor,
  dinner: Tensor,
): (Tensor | Deferred | null)[] {
  const { batch, steps, hidden, width, reverse } = q;
  const columnSums = (d: Tensor) => reshape(sumAxis(d, 1, steps * batch, width), [width]);
  const from = reverse || given ? 0 : 1;
  const rows = Math.max(0, given ? steps : steps - 1) * batch;
  const part = (x: Tensor, start: number, n: number) => new Tensor(x.storage, [rows, n], 'float32', x.offset + start * batch * n);
  return [
    w.weightHh.requiresGrad ? outer(part(dinner, from, width), part(hs, reverse ? from + 1 : from, hidden)) : null,
    w.biasIh.requiresGrad ? columnSums(dgates) : null,
    w.biasHh.requiresGrad ? columnSums(dinner) : null,
  ];
}

/** A working copy of a gradient; zeros if there is none. */
export function copyOf(g: Tensor | null | undefined, shape: Shape): Tensor {
  if (!g) return zeros(shape);
  const y = empty(shape);
  move(y.ptr, g.ptr, g.size);
  return y;
}
