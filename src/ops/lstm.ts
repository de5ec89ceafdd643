import { recompose } from '../autograd/recompose.ts';
import { recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import * as call from '../runtime/generated/calls.ts';
import { zeros } from '../tensor/create.ts';
import { asOne } from '../tensor/observe.ts';
import { scope } from '../tensor/scope.ts';
import { type Deferred, empty, type Tensor } from '../tensor/tensor.ts';
import { add, mul } from './binary.ts';
import { sigmoid, tanh } from './elementwise.ts';
import { type Composed, type Gradients, joined, tracked } from './fused.ts';
import { linear } from './matmul.ts';
import { multiplier } from './product/multiply.ts';
import {
  at,
  callOf,
  clear,
  copyOf,
  type Embedded,
  inputGates,
  maskAt,
  move,
  oneStep,
  type Sequence,
  type SequenceOptions,
  sequence,
  statesFrom,
  timeOf,
  type Weights,
  weightGradients,
} from './sequence.ts';
import { concat, reshape, slice } from './shape.ts';

/** The values that the gradient needs from the forward pass. */
interface Saved {
  /** Activations i f g o [T, B, 4H] */
  gates: Tensor;
  /** [T + 1, B, D] */
  hs: Tensor;
  cs: Tensor;
}

/** The output [B, T, D] and the last h and c [B, D]. */
type Results = { output: Tensor; h: Tensor; c: Tensor };

/** Writes the results, from the products of the inputs [T, B, 4H]. */
function forward(q: Sequence, y: Results, input: Tensor, h0: Tensor | null, c0: Tensor | null, w: Weights): Saved {
  const { batch, steps, hidden, width } = q;
  const block = batch * hidden;
  const [gates, hs, cs] = [empty([steps, batch, width]), statesFrom(q, h0), statesFrom(q, c0)];
  const product = multiplier(w.weightHh, true, batch);
  for (let s = 0; s < steps; s++) {
    const { t, before, after } = timeOf(q, s);
    const now = at(gates, t * batch * width);
    if (s === 0 && !h0) clear(now, batch * width);
    else product(now, at(hs, before * block), 0);
    call.lstmCell({
      out: at(y.output, t * hidden),
      h: at(hs, after * block),
      c: at(cs, after * block),
      gates: now,
      input: at(input, t * batch * width),
      biasIh: w.biasIh.ptr,
      biasHh: w.biasHh.ptr,
      hPrev: at(hs, before * block),
      cPrev: at(cs, before * block),
      mask: maskAt(q, t),
      batch,
      hidden,
      outStride: steps * hidden,
      maskStride: steps,
    });
  }
  const last = (q.reverse ? 0 : steps) * block;
  move(y.h.ptr, at(hs, last), block);
  move(y.c.ptr, at(cs, last), block);
  return { gates, hs, cs };
}

/** The gradients of the inputs' products, the weights, h0 and c0, from those of the results. */
function back(q: Sequence, gs: Gradients, h0: Tensor | null, c0: Tensor | null, w: Weights, saved: Saved): (Tensor | Deferred | null)[] {
  const { batch, steps, hidden, width } = q;
  const block = batch * hidden;
  const dgates = empty([steps, batch, width]);
  const dy = gs[0] ?? zeros([batch, steps, hidden]);
  const [dh, dc] = [copyOf(gs[1], [batch, hidden]), copyOf(gs[2], [batch, hidden])];
  const product = multiplier(w.weightHh, false, batch);
  for (let s = steps - 1; s >= 0; s--) {
    const { t, before, after } = timeOf(q, s);
    const now = at(dgates, t * batch * width);
    call.lstmCellBackward({
      dgates: now,
      dh: dh.ptr,
      dc: dc.ptr,
      g: at(dy, t * hidden),
      gates: at(saved.gates, t * batch * width),
      c: at(saved.cs, after * block),
      cPrev: at(saved.cs, before * block),
      mask: maskAt(q, t),
      batch,
      hidden,
      gStride: steps * hidden,
      maskStride: steps,
    });
    if (s === 0 && !h0?.requiresGrad) break;
    product(dh.ptr, now, 1);
  }
  return [dgates, ...weightGradients(q, w, saved.hs, h0 !== null, dgates, dgates), ...(h0 ? [dh] : []), ...(c0 ? [dc] : [])];
}

function run(
  op: string,
  x: Tensor | Embedded,
  h0: Tensor | null,
  c0: Tensor | null,
  weights: Weights,
  options: SequenceOptions,
  again?: Composed,
): Results {
  const q = sequence(op, 4, x, { h0, c0 }, weights, options);
  return asOne(
    'lstm',
    callOf(x, [h0, c0], weights, options),
    () => checked(op, q, x, h0, c0, weights, again),
    ({ output, h, c }) => [output, h, c],
  );
}

function checked(
  op: string,
  q: Sequence,
  x: Tensor | Embedded,
  h0: Tensor | null,
  c0: Tensor | null,
  weights: Weights,
  again: Composed | undefined,
): Results {
  const w = { ...weights }; // the caller may replace some before the gradient is computed
  const { batch, steps, hidden } = q;
  const input = inputGates(x, w.weightIh, q.mask);
  const inputs = [input, w.weightHh, w.biasIh, w.biasHh, ...(h0 ? [h0] : []), ...(c0 ? [c0] : [])];
  const y = { output: empty([batch, steps, hidden]), h: empty([batch, hidden]), c: empty([batch, hidden]) };
  const saved = scope(() => {
    const all = forward(q, y, input, h0, c0, w);
    return tracked(inputs) ? all : undefined;
  });
  recordSeveral(op, [y.output, y.h, y.c], { inputs }, (gs) => {
    if (again && recording()) return recompose(again, inputs, joined(gs, [y.output, y.h, y.c]));
    return scope(() => back(q, gs, h0, c0, w, saved as Saved));
  });
  return y;
}

/**
 * A whole sequence through an LSTM, gates in the order i f g o (Hochreiter and Schmidhuber 1997; Gers et al. 2000):
 * `c = f·c′ + i·g`, `h = o·tanh(c)` with `i, f, o = σ(W x + U h′ + b)`, `g = tanh(W x + U h′ + b)`.
 * `x` [B, T, I] (or symbols of a table), `h0` and `c0` [B, D] (`null` for zeros) → `output` [B, T, D] (0 where the mask is false) and the
 * states after each row's last real step. Gradient: a fused pass back through the steps, of first order.
 */
export function lstm(
  x: Tensor | Embedded,
  h0: Tensor | null,
  c0: Tensor | null,
  weights: Weights,
  options: SequenceOptions = {},
): { output: Tensor; h: Tensor; c: Tensor } {
  return run('lstm', x, h0, c0, weights, options);
}

/** One step of {@link lstm}: `x` [B, I], `h` and `c` [B, D]. Gradient: fused; composed of ops if it is differentiated again. */
export function lstmCell(x: Tensor, h: Tensor, c: Tensor, weights: Weights): { h: Tensor; c: Tensor } {
  const result = run('lstmCell', oneStep('lstmCell', x), h, c, weights, {}, composed);
  return { h: result.h, c: result.c };
}

/** {@link lstmCell} composed of ops, from the products of the inputs. */
function composed(...inputs: Tensor[]): Tensor {
  const [input, weightHh, biasIh, biasHh, h, c] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const [, batch, width] = input.shape as [number, number, number];
  const hidden = width / 4;
  const gates = add(add(reshape(input, [batch, width]), biasIh), linear(h, weightHh, biasHh));
  const gate = (i: number) => slice(gates, 1, i * hidden, (i + 1) * hidden);
  const next = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
  const y = mul(sigmoid(gate(3)), tanh(next));
  return reshape(concat([y, y, next]), [-1]);
}
