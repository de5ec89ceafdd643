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
  /** Activations r z n [T, B, 3H] */
  gates: Tensor;
  /** The state's part of the gates [T, B, 3H]; its last third, bias included, is what r is multiplied with. */
  inner: Tensor;
  /** [T + 1, B, H] */
  hs: Tensor;
}

/** Writes output [B, T, H] and h [B, H] one after another into `y`. */
function forward(q: Sequence, y: Tensor, x: Tensor, h0: Tensor, w: Weights): Saved {
  const { batch, steps, input, hidden, width } = q;
  const block = batch * hidden;
  const xs = toSteps(q, x, input);
  const gates = product(matrix(xs.ptr, steps * batch, input), transposed(matrix(w.weightIh.ptr, width, input)));
  const [inner, hs] = [empty([steps, batch, width]), empty([steps + 1, batch, hidden])];
  move(hs.ptr, h0.ptr, block);
  const right = packRight(transposed(matrix(w.weightHh.ptr, width, hidden)));
  const left = packLeft(matrix(hs.ptr, batch, hidden));
  for (let s = 0; s < steps; s++) {
    const t = timeOf(q, s);
    const [here, next, now] = [at(hs, s * block), at(hs, (s + 1) * block), s * batch * width];
    if (s > 0) packLeft(matrix(here, batch, hidden), left);
    kernels.matmulPacked(at(inner, now), left.ptr, right.ptr, batch, width, hidden, width, 0);
    const results = [at(y, t * hidden), next, at(gates, now), at(inner, now)] as const;
    kernels.gruCell(...results, w.biasIh.ptr, w.biasHh.ptr, here, maskAt(q, t), batch, hidden, steps * hidden, steps);
  }
  move(at(y, steps * block), at(hs, steps * block), block);
  return { xs, gates, inner, hs };
}

/** Gradients of x, h0 and the weights from the gradient of what {@link forward} wrote. */
function back(q: Sequence, g: Tensor, x: Tensor, w: Weights, saved: Saved): (Tensor | null)[] {
  const { batch, steps, hidden, width } = q;
  const block = batch * hidden;
  const [dgates, dinner] = [empty([steps * batch, width]), empty([steps * batch, width])];
  const dh = empty([batch, hidden]);
  move(dh.ptr, at(g, steps * block), block);
  const right = packRight(matrix(w.weightHh.ptr, width, hidden));
  const left = empty([Math.ceil(batch / 4) * 4, width]);
  for (let s = steps - 1; s >= 0; s--) {
    const t = timeOf(q, s);
    const now = s * batch * width;
    const results = [at(dgates, now), at(dinner, now), dh.ptr] as const;
    const before = [at(saved.gates, now), at(saved.inner, now), at(saved.hs, s * block)] as const;
    kernels.gruCellBackward(...results, at(g, t * hidden), ...before, maskAt(q, t), batch, hidden, steps * hidden, steps);
    packLeft(matrix(at(dinner, now), batch, width), left);
    kernels.matmulPacked(dh.ptr, left.ptr, right.ptr, batch, hidden, width, hidden, 1);
  }
  const [dx = null, ...dw] = productGradients(q, x, w, saved, dgates, dinner);
  return [dx, dh, ...dw];
}

/**
 * A whole sequence through a GRU, gates in the order r z n (Cho et al. 2014, with the reset gate behind the product as in PyTorch):
 * `h = (1 − z)·n + z·h′` with `r, z = σ(W x + b + U h′ + b′)`, `n = tanh(W x + b + r·(U h′ + b′))`.
 * `x` [B, T, I], `h0` [B, H] → `output` [B, T, H] (0 where the mask is false) and the state after each row's last real step.
 * Gradient: a fused pass back through the steps, of first order.
 */
export function gru(x: Tensor, h0: Tensor, weights: Weights, options: SequenceOptions = {}): { output: Tensor; h: Tensor } {
  const q = sequence('gru', 3, x, { h0 }, weights, options);
  const { batch, steps, hidden } = q;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const inputs = [x, h0, weightIh, weightHh, biasIh, biasHh];
  const block = batch * hidden;
  const y = empty([(steps + 1) * block]);
  const saved = scope(() => {
    const all = forward(q, y, x, h0, weights);
    return tracked(inputs) ? all : undefined;
  });
  const results = record('gru', y, inputs, (g) => {
    const gradients = scope(() => back(q, g, x, weights, saved as Saved));
    return once('gru', gradients, [...inputs, g]);
  });
  return { output: part(results, 0, [batch, steps, hidden]), h: part(results, steps * block, [batch, hidden]) };
}
