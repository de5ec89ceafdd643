import { recompose } from '../autograd/recompose.ts';
import { recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import { kernels } from '../runtime/backend.ts';
import { zeros } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { add, mul, sub } from './binary.ts';
import { sigmoid, tanh } from './elementwise.ts';
import { linear } from './matmul.ts';
import { dense } from './product.ts';
import {
  at,
  type Composed,
  copyOf,
  type Gradients,
  joined,
  leftPanels,
  maskAt,
  move,
  once,
  oneStep,
  product,
  productGradients,
  rightPanels,
  type Sequence,
  type SequenceOptions,
  sequence,
  timeOf,
  toSteps,
  tracked,
  type Weights,
} from './sequence.ts';
import { concat, reshape, select, slice } from './shape.ts';

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

/** Output [B, T, H] and the last h [B, H]. */
type Results = { output: Tensor; h: Tensor };

/** Writes the results. */
function forward(q: Sequence, y: Results, x: Tensor, h0: Tensor, w: Weights): Saved {
  const { batch, steps, input, hidden, width } = q;
  const block = batch * hidden;
  const xs = toSteps(q, x, input);
  const gates = product(dense(xs.ptr, input), dense(w.weightIh.ptr, input, true), { m: steps * batch, n: width, k: input });
  const [inner, hs] = [empty([steps, batch, width]), empty([steps + 1, batch, hidden])];
  move(hs.ptr, h0.ptr, block);
  const right = rightPanels(dense(w.weightHh.ptr, hidden, true), hidden, width);
  const left = leftPanels(batch, hidden);
  for (let s = 0; s < steps; s++) {
    const t = timeOf(q, s);
    const [here, next, now] = [at(hs, s * block), at(hs, (s + 1) * block), s * batch * width];
    kernels.packRows(left.ptr, here, batch, hidden, hidden, 1);
    kernels.matmulPacked(at(inner, now), left.ptr, right.ptr, batch, width, hidden, width, 0);
    const results = [at(y.output, t * hidden), next, at(gates, now), at(inner, now)] as const;
    kernels.gruCell(...results, w.biasIh.ptr, w.biasHh.ptr, here, maskAt(q, t), batch, hidden, steps * hidden, steps);
  }
  move(y.h.ptr, at(hs, steps * block), block);
  return { xs, gates, inner, hs };
}

/** Gradients of x, h0 and the weights from those of the results. */
function back(q: Sequence, gs: Gradients, x: Tensor, w: Weights, saved: Saved): (Tensor | null)[] {
  const { batch, steps, hidden, width } = q;
  const block = batch * hidden;
  const [dgates, dinner] = [empty([steps * batch, width]), empty([steps * batch, width])];
  const dy = gs[0] ?? zeros([batch, steps, hidden]);
  const dh = copyOf(gs[1], [batch, hidden]);
  const right = rightPanels(dense(w.weightHh.ptr, hidden), width, hidden);
  const left = leftPanels(batch, width);
  for (let s = steps - 1; s >= 0; s--) {
    const t = timeOf(q, s);
    const now = s * batch * width;
    const results = [at(dgates, now), at(dinner, now), dh.ptr] as const;
    const before = [at(saved.gates, now), at(saved.inner, now), at(saved.hs, s * block)] as const;
    kernels.gruCellBackward(...results, at(dy, t * hidden), ...before, maskAt(q, t), batch, hidden, steps * hidden, steps);
    kernels.packRows(left.ptr, at(dinner, now), batch, width, width, 1);
    kernels.matmulPacked(dh.ptr, left.ptr, right.ptr, batch, hidden, width, hidden, 1);
  }
  const [dx = null, ...dw] = productGradients(q, x, w, saved, dgates, dinner);
  return [dx, dh, ...dw];
}

function run(op: string, x: Tensor, h0: Tensor, weights: Weights, options: SequenceOptions, again?: Composed): Results {
  const q = sequence(op, 3, x, { h0 }, weights, options);
  const { batch, steps, hidden } = q;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const inputs = [x, h0, weightIh, weightHh, biasIh, biasHh];
  const y = { output: empty([batch, steps, hidden]), h: empty([batch, hidden]) };
  const saved = scope(() => {
    const all = forward(q, y, x, h0, weights);
    return tracked(inputs) ? all : undefined;
  });
  recordSeveral(op, [y.output, y.h], inputs, (gs) => {
    if (again && recording()) return recompose(again, inputs, joined(gs, [y.output, y.h]));
    const gradients = scope(() => back(q, gs, x, weights, saved as Saved));
    return once(op, gradients, inputs);
  });
  return y;
}

/**
 * A whole sequence through a GRU, gates in the order r z n (Cho et al. 2014, with the reset gate behind the product as in PyTorch):
 * `h = (1 − z)·n + z·h′` with `r, z = σ(W x + b + U h′ + b′)`, `n = tanh(W x + b + r·(U h′ + b′))`.
 * `x` [B, T, I], `h0` [B, H] → `output` [B, T, H] (0 where the mask is false) and the state after each row's last real step.
 * Gradient: a fused pass back through the steps, of first order.
 */
export function gru(x: Tensor, h0: Tensor, weights: Weights, options: SequenceOptions = {}): Results {
  return run('gru', x, h0, weights, options);
}

/** One step of {@link gru}: `x` [B, I], `h` [B, H] → the next `h`. Gradient: fused, and composed of ops where it is differentiated again. */
export function gruCell(x: Tensor, h: Tensor, weights: Weights): Tensor {
  return run('gruCell', oneStep('gruCell', x), h, weights, {}, composed).h;
}

/** {@link gruCell} in ops. */
function composed(...inputs: Tensor[]): Tensor {
  const [x, h, weightIh, weightHh, biasIh, biasHh] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const hidden = h.shape[1] as number;
  const gate = (gates: Tensor, i: number) => slice(gates, 1, i * hidden, (i + 1) * hidden);
  const outer = linear(select(x, 1, 0), weightIh, biasIh);
  const inner = linear(h, weightHh, biasHh);
  const [r, z] = [sigmoid(add(gate(outer, 0), gate(inner, 0))), sigmoid(add(gate(outer, 1), gate(inner, 1)))];
  const n = tanh(add(gate(outer, 2), mul(r, gate(inner, 2))));
  const y = add(n, mul(z, sub(h, n)));
  return reshape(concat([y, y]), [-1]);
}
