// Recurrent cores, with weights in PyTorch's layout: the rows of the gates one gate after the other, and two biases.
import { affine, apply, at, type Matrix, plus, range, rowsOf, scaled, sigmoid, tanh, times, type Vector, zeros } from './plain.ts';
import type { Weights } from './weights.ts';

export interface State {
  h: Vector;
  c: Vector;
}

export type Core = (w: Weights, suffix: string, x: Vector, state: State) => State;

/** `W x + b` and `U h + b′`, gate by gate; biases are optional. */
function parts(w: Weights, suffix: string, x: Vector, h: Vector): [fromInput: Matrix, fromState: Matrix] {
  const of = (kind: 'ih' | 'hh', v: Vector) => {
    const product = apply(w.matrix(`weight_${kind}${suffix}`), v);
    const bias = `bias_${kind}${suffix}`;
    return rowsOf(w.has(bias) ? plus(product, w.vector(bias)) : product, h.length);
  };
  return [of('ih', x), of('hh', h)];
}

/** Elman 1990, "Finding structure in time": h = tanh(W x + b + U h′ + b′). */
export const rnn: Core = (w, suffix, x, { h, c }) => {
  const [a, b] = parts(w, suffix, x, h);
  return { h: tanh(plus(at(a, 0), at(b, 0))), c };
};

/** Hochreiter and Schmidhuber 1997 with the forget gate of Gers, Schmidhuber, Cummins 2000, eq. 3–9; gates i f g o. */
export const lstm: Core = (w, suffix, x, { h, c }) => {
  const [a, b] = parts(w, suffix, x, h);
  const sums = range(4).map((gate) => plus(at(a, gate), at(b, gate)));
  const [i, f, o] = [sigmoid(at(sums, 0)), sigmoid(at(sums, 1)), sigmoid(at(sums, 3))];
  const cell = plus(times(f, c), times(i, tanh(at(sums, 2))));
  return { h: times(o, tanh(cell)), c: cell };
};

/** Cho et al. 2014, §2.3, with the reset gate on the state's product, as in cuDNN and PyTorch; gates r z n. */
export const gru: Core = (w, suffix, x, { h, c }) => {
  const [a, b] = parts(w, suffix, x, h);
  const r = sigmoid(plus(at(a, 0), at(b, 0)));
  const z = sigmoid(plus(at(a, 1), at(b, 1)));
  const n = tanh(plus(at(a, 2), times(r, at(b, 2))));
  return {
    h: plus(
      times(
        scaled(z, -1).map((v) => 1 + v),
        n,
      ),
      times(z, h),
    ),
    c,
  };
};

/** The results of a stack of layers for one sequence: outputs (zeros after its end), and the last state of each core. */
export interface Run {
  outputs: Matrix;
  last: State[];
}

/** Runs `inputs`, of which the first `length` are real; the second way (Schuster and Paliwal 1997) reads them from the last real one. */
export function run(
  core: Core,
  w: Weights,
  inputs: Matrix,
  { hidden, length = inputs.length, layers = 1, ways = 1 }: { hidden: number; length?: number; layers?: number; ways?: number },
): Run {
  let below = inputs;
  const last: State[] = [];
  for (const layer of range(layers)) {
    const each = range(ways).map((way) => {
      const outputs: Vector[] = inputs.map(() => zeros(hidden));
      let state: State = { h: zeros(hidden), c: zeros(hidden) };
      for (const i of range(length)) {
        const t = way === 0 ? i : length - 1 - i;
        state = core(w, `_l${layer}${way === 0 ? '' : '_reverse'}`, at(below, t), state);
        outputs[t] = state.h;
      }
      last.push(state);
      return outputs;
    });
    below = inputs.map((_, t) => each.flatMap((outputs) => at(outputs, t)));
  }
  return { outputs: below, last };
}

/** W x of a linear map without a bias, W x + b with one. */
export const linear = (w: Weights, path: string, x: Vector): Vector =>
  w.has(`${path}.bias`) ? affine(w.matrix(`${path}.weight`), x, w.vector(`${path}.bias`)) : apply(w.matrix(`${path}.weight`), x);
