import { recompose } from '../autograd/recompose.ts';
import { recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import * as call from '../runtime/generated/calls.ts';
import { zeros } from '../tensor/create.ts';
import { asOne } from '../tensor/observe.ts';
import { scope } from '../tensor/scope.ts';
import { type Deferred, empty, type Tensor } from '../tensor/tensor.ts';
import { add, mul, sub } from './binary.ts';
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
  /** Activations r z n [T, B, 3H] */
  gates: Tensor;
  /** The factor of r: the last third of the state's product, with its bias [T, B, D]. */
  inner: Tensor;
  /** [T + 1, B, D] */
  hs: Tensor;
}

/** The output [B, T, D] and the last h [B, D]. */
type Results = { output: Tensor; h: Tensor };

/** Writes the results, from the products of the inputs [T, B, 3H]. */
function forward(q: Sequence, y: Results, input: Tensor, h0: Tensor | null, w: Weights): Saved {
  const { batch, steps, hidden, width } = q;
  const block = batch * hidden;
  const [gates, inner, hs] = [empty([steps, batch, width]), empty([steps, batch, hidden]), statesFrom(q, h0)];
  const product = multiplier(w.weightHh, true, batch);
  for (let s = 0; s < steps; s++) {
    const { t, before, after } = timeOf(q, s);
    const here = at(hs, before * block);
    const now = at(gates, t * batch * width);
    if (s === 0 && !h0) clear(now, batch * width);
    else product(now, here, 0);
    call.gruCell({
      out: at(y.output, t * hidden),
      h: at(hs, after * block),
      gates: now,
      inner: at(inner, t * block),
      input: at(input, t * batch * width),
      biasIh: w.biasIh.ptr,
      biasHh: w.biasHh.ptr,
      hPrev: here,
      mask: maskAt(q, t),
      batch,
      hidden,
      outStride: steps * hidden,
      maskStride: steps,
    });
  }
  move(y.h.ptr, at(hs, (q.reverse ? 0 : steps) * block), block);
  return { gates, inner, hs };
}

/** The gradients of the inputs' products, the weights and h0, from those of the results. */
function back(q: Sequence, gs: Gradients, h0: Tensor | null, w: Weights, saved: Saved): (Tensor | Deferred | null)[] {
  const { batch, steps, hidden, width } = q;
  const block = batch * hidden;
  const [dgates, dinner] = [empty([steps, batch, width]), empty([steps, batch, width])];
  const dy = gs[0] ?? zeros([batch, steps, hidden]);
  const dh = copyOf(gs[1], [batch, hidden]);
  const product = multiplier(w.weightHh, false, batch);
  for (let s = steps - 1; s >= 0; s--) {
    const { t, before } = timeOf(q, s);
    const now = t * batch * width;
    call.gruCellBackward({
      dgates: at(dgates, now),
      dinner: at(dinner, now),
      dh: dh.ptr,
      g: at(dy, t * hidden),
      gates: at(saved.gates, now),
      inner: at(saved.inner, t * block),
      hPrev: at(saved.hs, before * block),
      mask: maskAt(q, t),
      batch,
      hidden,
      gStride: steps * hidden,
      maskStride: steps,
    });
    if (s === 0 && !h0?.requiresGrad) break;
    product(dh.ptr, at(dinner, now), 1);
  }
  return [dgates, ...weightGradients(q, w, saved.hs, h0 !== null, dgates, dinner), ...(h0 ? [dh] : [])];
}

function run(op: string, x: Tensor | Embedded, h0: Tensor | null, weights: Weights, options: SequenceOptions, again?: Composed): Results {
  const q = sequence(op, 3, x, { h0 }, weights, options);
  return asOne(
    'gru',
    callOf(x, [h0], weights, options),
    () => checked(op, q, x, h0, weights, again),
    ({ output, h }) => [output, h],
  );
}

function checked(op: string, q: Sequence, x: Tensor | Embedded, h0: Tensor | null, weights: Weights, again: Composed | undefined): Results {
  const w = { ...weights }; // the caller may replace some before the gradient is computed
  const { batch, steps, hidden } = q;
  const input = inputGates(x, w.weightIh, q.mask);
  const inputs = [input, w.weightHh, w.biasIh, w.biasHh, ...(h0 ? [h0] : [])];
  const y = { output: empty([batch, steps, hidden]), h: empty([batch, hidden]) };
  const saved = scope(() => {
    const all = forward(q, y, input, h0, w);
    return tracked(inputs) ? all : undefined;
  });
  recordSeveral(op, [y.output, y.h], { inputs }, (gs) => {
    if (again && recording()) return recompose(again, inputs, joined(gs, [y.output, y.h]));
    return scope(() => back(q, gs, h0, w, saved as Saved));
  });
  return y;
}

/**
 * A whole sequence through a GRU, gates in the order r z n (Cho et al. 2014, with the reset gate after the product as in PyTorch): `h = (1
 * − z)·n + z·h′` with `r, z = σ(W x + b + U h′ + b′)`, `n = tanh(W x + b + r·(U h′ + b′))`. `x` [B, T, I] (or symbols of a table), `h0` [B,
 * D] (`null` for zeros) → `output` [B, T, D] (0 where the mask is false) and the state after each row's last real step. Gradient: a fused
 * pass back through the steps, of first order.
 */
export function gru(
  x: Tensor | Embedded,
  h0: Tensor | null,
  weights: Weights,
  options: SequenceOptions = {},
): { output: Tensor; h: Tensor } {
  return run('gru', x, h0, weights, options);
}

/** One step of {@link gru}: `x` [B, I], `h` [B, D] → the next `h`. Gradient: fused; composed of ops if it is differentiated again. */
export function gruCell(x: Tensor, h: Tensor, weights: Weights): Tensor {
  return run('gruCell', oneStep('gruCell', x), h, weights, {}, composed).h;
}

/** {@link gruCell} composed of ops, from the products of the inputs. */
function composed(...inputs: Tensor[]): Tensor {
  const [input, weightHh, biasIh, biasHh, h] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const [, batch, width] = input.shape as [number, number, number];
  const hidden = width / 3;
  const gate = (gates: Tensor, i: number) => slice(gates, 1, i * hidden, (i + 1) * hidden);
  const outer = add(reshape(input, [batch, width]), biasIh);
  const inner = linear(h, weightHh, biasHh);
  const [r, z] = [sigmoid(add(gate(outer, 0), gate(inner, 0))), sigmoid(add(gate(outer, 1), gate(inner, 1)))];
  const n = tanh(add(gate(outer, 2), mul(r, gate(inner, 2))));
  const y = add(n, mul(z, sub(h, n)));
  return reshape(concat([y, y]), [-1]);
}
