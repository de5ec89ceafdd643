// Mishra et al. 2018, §3: SNAIL, one sequence at a time.
import { real } from '../nn/row.ts';
import { blend, dot, type Matrix, plus, range, sigmoid, softmax, tanh, times, type Vector, zeros } from './plain.ts';
import { linear } from './recurrent.ts';
import { layerNorm } from './transformer.ts';
import { rows, type Weights } from './weights.ts';

const input = (e: number): Matrix => rows(real([e], [5, 3], 1));

/** At each step a dilated convolution of two taps for the filter, another for the gate: zeros before the sequence. */
function dense(w: Weights, x: Matrix, dilation: number): Matrix {
  const [all, bias] = [w.matrix('weight'), w.vector('bias')];
  const filters = bias.length / 2;
  const tap = (first: number, v: Vector): Vector => all.slice(first, first + filters).map((one) => dot(one, v));
  const normed = (name: string, v: Vector): Vector => (w.has(`${name}.weight`) ? layerNorm(w.within(name), v) : v);
  return x.map((now, t) => {
    const before = x[t - dilation] ?? zeros(now.length);
    const filter = plus(tap(0, now), tap(2 * filters, before), bias.slice(0, filters));
    const gate = plus(tap(filters, now), tap(3 * filters, before), bias.slice(filters));
    return [...now, ...times(tanh(normed('filterNorm', filter)), sigmoid(normed('gateNorm', gate)))];
  });
}

const temporal = (w: Weights, x: Matrix, blocks: number): Matrix =>
  range(blocks).reduce<Matrix>((y, i) => dense(w.within(`blocks.${i}`), y, 2 ** i), x);

/** Each step attends to itself and to what came before. */
function attentive(w: Weights, x: Matrix): { output: Matrix; weights: Matrix } {
  const mapped = (name: string): Matrix => x.map((one) => linear(w, name, one));
  const [q, k, v] = [mapped('query'), mapped('key'), mapped('value')];
  const weights = q.map((query, t) => [
    ...softmax(k.slice(0, t + 1).map((key) => dot(query, key) / Math.sqrt(query.length))),
    ...zeros(x.length - t - 1),
  ]);
  return { output: x.map((one, t) => [...one, ...blend(weights[t] ?? [], v)]), weights };
}

function snail(w: Weights, e: number): { features: Matrix; weights: Matrix[] } {
  const first = attentive(w.within('layers.0'), input(e));
  const last = attentive(w.within('layers.2'), temporal(w.within('layers.1'), first.output, 3));
  return { features: last.output, weights: [first.weights, last.weights] };
}

type Equation = (w: Weights, e: number) => Vector;

export const metaEquations: Record<string, Equation> = {
  ...Object.fromEntries(
    [1, 2, 7].map((dilation): [string, Equation] => [`DenseBlock: dilation ${dilation}`, (w, e) => dense(w, input(e), dilation).flat()]),
  ),
  TCBlock: (w, e) => temporal(w, input(e), 3).flat(), // 1, 2, 4: the last of 5 steps sees all
  AttentionBlock: (w, e) => {
    const { output, weights } = attentive(w, input(e));
    return [...output.flat(), ...weights.flat()];
  },
  Snail: (w, e) => {
    const { features, weights } = snail(w, e);
    const head = (name: string): Vector => features.flatMap((one) => linear(w, name, one));
    return [...head('output'), ...head('value'), ...weights.flat(2)];
  },
  'Snail: norm': (w, e) => snail(w, e).features.flatMap((one) => linear(w, 'output', one)),
};
