// Mishra et al. 2018, §3: SNAIL, one sequence at a time.
import { real } from '../nn/row.ts';
import { convolve, flatten, type Image, imageOf, pool } from './images.ts';
import { apply, at, blend, dot, type Matrix, plus, range, rowsOf, sigmoid, softmax, tanh, times, type Vector, zeros } from './plain.ts';
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
  const [q, k, v] = [mapped('query'), x.map((one) => apply(w.matrix('key.weight'), one)), mapped('value')];
  const weights = q.map((query, t) => [
    ...softmax(k.slice(0, t + 1).map((key) => dot(query, key) / Math.sqrt(query.length))),
    ...zeros(x.length - t - 1),
  ]);
  return { output: x.map((one, t) => [...one, ...blend(weights[t] ?? [], v)]), weights };
}

function snail(w: Weights, x: Matrix, blocks = 3): { features: Matrix; weights: Matrix[] } {
  const first = attentive(w.within('layers.0'), x);
  const last = attentive(w.within('layers.2'), temporal(w.within('layers.1'), first.output, blocks));
  return { features: last.output, weights: [first.weights, last.weights] };
}

/** Vinyals et al. 2016, §4.1.1, by the running statistics: convolution, normalisation, ReLU, maximum; then a linear map, if there is one. */
function embed(w: Weights, pixels: Vector): Vector {
  const last = range(4).reduce<Image>(
    (x, i) => {
      const own = w.within(`blocks.${i}`);
      const norm = (name: string) => own.vector(`norm.${name}`);
      const y = convolve(x, own.matrix('conv.weight'), own.vector('conv.bias'), [3, 3], [1, 1], [1, 1]).map((row) =>
        row.map((pixel) =>
          pixel.map((value, c) => {
            const scale = at(norm('weight'), c) / Math.sqrt(at(norm('running_var'), c) + 1e-5);
            return Math.max(0, (value - at(norm('running_mean'), c)) * scale + at(norm('bias'), c));
          }),
        ),
      );
      return y.length > 1 ? pool(y, 2, 'max') : y;
    },
    imageOf(pixels, 9, 1),
  );
  return w.has('output.weight') ? linear(w, 'output', flatten(last)) : flatten(last);
}

/** The episode of `episodesOf`: vectors of examples and queries, and the examples' classes. */
function episode(w: Weights, e: number): { support: Matrix; query: Matrix; labels: number[] } {
  const of = (count: number, seed: number) =>
    rowsOf(real([e], [count, 9, 9], seed).toArray(), 81).map((pixels) => embed(w.within('embedding'), pixels));
  return { support: of(3, 1), query: of(2, 2), labels: [e % 2, 0, 1 - (e % 2)] };
}

/** Snell et al. 2017, eq. 1 and 2; a class's probability is shared out among its examples. */
function prototypes(w: Weights, e: number): Vector {
  const { support, query, labels } = episode(w, e);
  const members = range(2).map((n) => support.filter((_, s) => labels[s] === n));
  const centres = members.map((list) => plus(...list).map((v) => v / list.length));
  const logits = query.map((f) =>
    centres.map(
      (c) =>
        -dot(
          plus(
            f,
            c.map((v) => -v),
          ),
          plus(
            f,
            c.map((v) => -v),
          ),
        ),
    ),
  );
  const weights = logits.map((row) => labels.map((n) => at(softmax(row), n) / at(members, n).length));
  return [...logits.flat(), ...weights.flat(), ...centres.flat()];
}

/** Mishra et al. 2018, §3.1: each query behind the examples, with its class left 0. */
function classified(w: Weights, e: number): Vector {
  const { support, query, labels } = episode(w, e);
  const known = support.map((vector, s) => [...vector, ...range(2).map((n) => (labels[s] === n ? 1 : 0))]);
  const each = query.map((vector) => snail(w.within('snail'), [...known, [...vector, 0, 0]], 2));
  const logits = each.flatMap(({ features }) => linear(w.within('snail'), 'output', at(features, -1)));
  return [...logits, ...range(2).flatMap((layer) => each.flatMap(({ weights }) => at(at(weights, layer), -1).slice(0, 3)))];
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
    const { features, weights } = snail(w, input(e));
    const head = (name: string): Vector => features.flatMap((one) => linear(w, name, one));
    return [...head('output'), ...head('value'), ...weights.flat(2)];
  },
  ConvEmbedding: (w, e) => embed(w, rowsOf(real([e], [9, 9], 1).toArray(), 81)[0] ?? []),
  'ConvEmbedding: output': (w, e) => embed(w, rowsOf(real([e], [9, 9], 1).toArray(), 81)[0] ?? []),
  PrototypicalNetwork: prototypes,
  SnailClassifier: classified,
  'Snail: norm': (w, e) => snail(w, input(e)).features.flatMap((one) => linear(w, 'output', one)),
};
