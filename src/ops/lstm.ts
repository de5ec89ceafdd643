import { recompose } from '../autograd/recompose.ts';
import { recording } from '../autograd/record.ts';
import { recordSeveral } from '../autograd/several.ts';
import { kernels } from '../runtime/backend.ts';
import { zeros } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { add, mul } from './binary.ts';
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
  /** Activations i f g o [T, B, 4H] */
  gates: Tensor;
  /** [T + 1, B, H] */
  hs: Tensor;
  /** [T + 1, B, H] */
  cs: Tensor;
}

/** Output [B, T, H] and the last h and c [B, H]. */
type Results = { output: Tensor; h: Tensor; c: Tensor };

/** Writes the results. */
function forward(q: Sequence, y: Results, x: Tensor, h0: Tensor, c0: Tensor, w: Weights): Saved {
  const { batch, steps, input, hidden, width } = q;
  const block = batch * hidden;
  const xs = toSteps(q, x, input);
  const gates = product(dense(xs.ptr, input), dense(w.weightIh.ptr, input, true), { m: steps * batch, n: width, k: input });
  const [hs, cs] = [empty([steps + 1, batch, hidden]), empty([steps + 1, batch, hidden])];
  move(hs.ptr, h0.ptr, block);
  move(cs.ptr, c0.ptr, block);
  const right = rightPanels(dense(w.weightHh.ptr, hidden, true), hidden, width);
  const left = leftPanels(batch, hidden);
  for (let s = 0; s < steps; s++) {
    const t = timeOf(q, s);
    const [here, next, now] = [s * block, (s + 1) * block, at(gates, s * batch * width)];
    kernels.packRows(left.ptr, at(hs, here), batch, hidden, hidden, 1);
    kernels.matmulPacked(now, left.ptr, right.ptr, batch, width, hidden, width, 1);
    const results = [at(y.output, t * hidden), at(hs, next), at(cs, next)] as const;
    const before = [at(hs, here), at(cs, here), maskAt(q, t)] as const;
    kernels.lstmCell(...results, now, w.biasIh.ptr, w.biasHh.ptr, ...before, batch, hidden, steps * hidden, steps);
  }
  move(y.h.ptr, at(hs, steps * block), block);
  move(y.c.ptr, at(cs, steps * block), block);
  return { xs, gates, hs, cs };
}

/** Gradients of x, h0, c0 and the weights from those of the results. */
function back(q: Sequence, gs: Gradients, x: Tensor, w: Weights, saved: Saved): (Tensor | null)[] {
  const { batch, steps, hidden, width } = q;
  const block = batch * hidden;
  const dgates = empty([steps * batch, width]);
  const dy = gs[0] ?? zeros([batch, steps, hidden]);
  const [dh, dc] = [copyOf(gs[1], [batch, hidden]), copyOf(gs[2], [batch, hidden])];
  const right = rightPanels(dense(w.weightHh.ptr, hidden), width, hidden);
  const left = leftPanels(batch, width);
  for (let s = steps - 1; s >= 0; s--) {
    const t = timeOf(q, s);
    const now = at(dgates, s * batch * width);
    const before = [at(saved.gates, s * batch * width), at(saved.cs, (s + 1) * block), at(saved.cs, s * block)] as const;
    kernels.lstmCellBackward(now, dh.ptr, dc.ptr, at(dy, t * hidden), ...before, maskAt(q, t), batch, hidden, steps * hidden, steps);
    kernels.packRows(left.ptr, now, batch, width, width, 1);
    kernels.matmulPacked(dh.ptr, left.ptr, right.ptr, batch, hidden, width, hidden, 1);
  }
  const [dx = null, ...dw] = productGradients(q, x, w, saved, dgates, dgates);
  return [dx, dh, dc, ...dw];
}

function run(op: string, x: Tensor, h0: Tensor, c0: Tensor, weights: Weights, options: SequenceOptions, again?: Composed): Results {
  const q = sequence(op, 4, x, { h0, c0 }, weights, options);
  const { batch, steps, hidden } = q;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const inputs = [x, h0, c0, weightIh, weightHh, biasIh, biasHh];
  const y = { output: empty([batch, steps, hidden]), h: empty([batch, hidden]), c: empty([batch, hidden]) };
  const saved = scope(() => {
    const all = forward(q, y, x, h0, c0, weights);
    return tracked(inputs) ? all : undefined;
  });
  recordSeveral(op, [y.output, y.h, y.c], inputs, (gs) => {
    if (again && recording()) return recompose(again, inputs, joined(gs, [y.output, y.h, y.c]));
    const gradients = scope(() => back(q, gs, x, weights, saved as Saved));
    return once(op, gradients, inputs);
  });
  return y;
}

/**
 * A whole sequence through an LSTM, gates in the order i f g o (Hochreiter and Schmidhuber 1997; Gers et al. 2000):
 * `c = f·c′ + i·g`, `h = o·tanh(c)` with `i, f, o = σ(W x + U h′ + b)`, `g = tanh(W x + U h′ + b)`.
 * `x` [B, T, I], `h0` and `c0` [B, H] → `output` [B, T, H] (0 where the mask is false) and the states after each row's last real step.
 * Gradient: a fused pass back through the steps, of first order.
 */
export function lstm(x: Tensor, h0: Tensor, c0: Tensor, weights: Weights, options: SequenceOptions = {}): Results {
  return run('lstm', x, h0, c0, weights, options);
}

/** One step of {@link lstm}: `x` [B, I], `h` and `c` [B, H]. Gradient: fused, and composed of ops where it is differentiated again. */
export function lstmCell(x: Tensor, h: Tensor, c: Tensor, weights: Weights): { h: Tensor; c: Tensor } {
  const result = run('lstmCell', oneStep('lstmCell', x), h, c, weights, {}, composed);
  return { h: result.h, c: result.c };
}

/** {@link lstmCell} in ops. */
function composed(...inputs: Tensor[]): Tensor {
  const [x, h, c, weightIh, weightHh, biasIh, biasHh] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const hidden = h.shape[1] as number;
  const gates = add(linear(select(x, 1, 0), weightIh, biasIh), linear(h, weightHh, biasHh));
  const gate = (i: number) => slice(gates, 1, i * hidden, (i + 1) * hidden);
  const next = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
  const y = mul(sigmoid(gate(3)), tanh(next));
  return reshape(concat([y, y, next]), [-1]);
}
