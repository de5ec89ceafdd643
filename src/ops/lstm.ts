import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { scope } from '../tensor/scope.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import {
  at,
  maskAt,
  matrix,
  move,
  once,
  packLeft,
  packRight,
  part,
  product,
  productGradients,
  type Sequence,
  type SequenceOptions,
  sequence,
  timeOf,
  toSteps,
  tracked,
  transposed,
  type Weights,
} from './sequence.ts';

/** What the gradient needs of the forward pass, in order of processing. */
interface Saved {
  /** Inputs [T, B, I] */
  xs: Tensor;
  /** Activations i f g o [T, B, 4H] */
  gates: Tensor;
  /** [T + 1, B, H] */
  hs: Tensor;
  /** [T + 1, B, H] */
  cs: Tensor;
}

/** Writes output [B, T, H], h and c [B, H] one after another into `y`. */
function forward(q: Sequence, y: Tensor, x: Tensor, h0: Tensor, c0: Tensor, w: Weights): Saved {
  const { batch, steps, input, hidden, width } = q;
  const block = batch * hidden;
  const xs = toSteps(q, x, input);
  const gates = product(matrix(xs.ptr, steps * batch, input), transposed(matrix(w.weightIh.ptr, width, input)));
  const [hs, cs] = [empty([steps + 1, batch, hidden]), empty([steps + 1, batch, hidden])];
  move(hs.ptr, h0.ptr, block);
  move(cs.ptr, c0.ptr, block);
  const right = packRight(transposed(matrix(w.weightHh.ptr, width, hidden)));
  const left = packLeft(matrix(hs.ptr, batch, hidden));
  for (let s = 0; s < steps; s++) {
    const t = timeOf(q, s);
    const [here, next, now] = [s * block, (s + 1) * block, at(gates, s * batch * width)];
    if (s > 0) packLeft(matrix(at(hs, here), batch, hidden), left);
    kernels.matmulPacked(now, left.ptr, right.ptr, batch, width, hidden, width, 1);
    const results = [at(y, t * hidden), at(hs, next), at(cs, next)] as const;
    const before = [at(hs, here), at(cs, here), maskAt(q, t)] as const;
    kernels.lstmCell(...results, now, w.biasIh.ptr, w.biasHh.ptr, ...before, batch, hidden, steps * hidden, steps);
  }
  move(at(y, steps * block), at(hs, steps * block), block);
  move(at(y, (steps + 1) * block), at(cs, steps * block), block);
  return { xs, gates, hs, cs };
}

/** Gradients of x, h0, c0 and the weights from the gradient of what {@link forward} wrote. */
function back(q: Sequence, g: Tensor, x: Tensor, w: Weights, saved: Saved): (Tensor | null)[] {
  const { batch, steps, hidden, width } = q;
  const block = batch * hidden;
  const dgates = empty([steps * batch, width]);
  const [dh, dc] = [empty([batch, hidden]), empty([batch, hidden])];
  move(dh.ptr, at(g, steps * block), block);
  move(dc.ptr, at(g, (steps + 1) * block), block);
  const right = packRight(matrix(w.weightHh.ptr, width, hidden));
  const left = empty([Math.ceil(batch / 4) * 4, width]);
  for (let s = steps - 1; s >= 0; s--) {
    const t = timeOf(q, s);
    const now = at(dgates, s * batch * width);
    const before = [at(saved.gates, s * batch * width), at(saved.cs, (s + 1) * block), at(saved.cs, s * block)] as const;
    kernels.lstmCellBackward(now, dh.ptr, dc.ptr, at(g, t * hidden), ...before, maskAt(q, t), batch, hidden, steps * hidden, steps);
    packLeft(matrix(now, batch, width), left);
    kernels.matmulPacked(dh.ptr, left.ptr, right.ptr, batch, hidden, width, hidden, 1);
  }
  const [dx = null, ...dw] = productGradients(q, x, w, saved, dgates, dgates);
  return [dx, dh, dc, ...dw];
}

/**
 * A whole sequence through an LSTM, gates in the order i f g o (Hochreiter and Schmidhuber 1997; Gers et al. 2000):
 * `c = f·c′ + i·g`, `h = o·tanh(c)` with `i, f, o = σ(W x + U h′ + b)`, `g = tanh(W x + U h′ + b)`.
 * `x` [B, T, I], `h0` and `c0` [B, H] → `output` [B, T, H] (0 where the mask is false) and the states after each row's last real step.
 * Gradient: a fused pass back through the steps, of first order.
 */
export function lstm(
  x: Tensor,
  h0: Tensor,
  c0: Tensor,
  weights: Weights,
  options: SequenceOptions = {},
): { output: Tensor; h: Tensor; c: Tensor } {
  const q = sequence('lstm', 4, x, { h0, c0 }, weights, options);
  const { batch, steps, hidden } = q;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const inputs = [x, h0, c0, weightIh, weightHh, biasIh, biasHh];
  const block = batch * hidden;
  const y = empty([(steps + 2) * block]);
  const saved = scope(() => {
    const all = forward(q, y, x, h0, c0, weights);
    return tracked(inputs) ? all : undefined;
  });
  const results = record('lstm', y, inputs, (g) => {
    const gradients = scope(() => back(q, g, x, weights, saved as Saved));
    return once('lstm', gradients, [...inputs, g]);
  });
  return {
    output: part(results, 0, [batch, steps, hidden]),
    h: part(results, steps * block, [batch, hidden]),
    c: part(results, (steps + 1) * block, [batch, hidden]),
  };
}
