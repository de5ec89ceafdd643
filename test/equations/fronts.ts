// The models under fronts, one sequence at a time, each from its paper.
import { lengthOf, real } from '../nn/row.ts';
import { attention, score } from './attention.ts';
import { attentive, tokensOf } from './models.ts';
import type { Equation } from './modules.ts';
import { apply, at, dot, type Matrix, plus, range, scaled, sigmoid, softmax, tanh, total, type Vector, zeros } from './plain.ts';
import { gru, linear, lstm, run } from './recurrent.ts';
import { rows, type Weights } from './weights.ts';

const [S, T, SYMBOLS, HIDDEN] = [5, 4, 7, 4];

const input = (e: number, shape: readonly number[], seed: number): Matrix => rows(real([e], shape, seed));

/**
 * Yang et al. 2016, eq. 5 to 7: u = tanh(W h + b), α = softmax(uᵀ q), and the logits are V Σ α [h; x] + c. After them the weights, and what each step adds
 * to each logit.
 */
function classify(w: Weights, x: Matrix, length: number, { hidden, ways }: { hidden: number; ways: number }): Vector {
  const { outputs } = run(gru, w.within('rnn'), x, { hidden, length, ways });
  const scores = outputs.slice(0, length).map((h) => dot(tanh(linear(w, 'keys', h)), w.vector('query')));
  const weights = [...softmax(scores), ...zeros(x.length - length)];
  const seen = outputs.map((h, t) => [...h, ...at(x, t)]);
  const effects = seen.map((v, t) => scaled(apply(w.matrix('output.weight'), v), at(weights, t)));
  return [...plus(w.vector('output.bias'), ...effects), ...weights, ...effects.flat()];
}

/**
 * See, Liu, Manning 2017, eq. 8 and 9: ln (p P(w) + (1 − p) Σ α_i over the i with w_i = w), p = σ(w h + b). What nothing leads to has 1e-30.
 */
function pointing(w: Weights, logits: Vector, vector: Vector, weights: Vector, source: readonly number[], all: number): Vector {
  const [p = 0] = sigmoid(linear(w, 'gate', vector));
  const written = softmax(logits);
  return range(all).map((token) => {
    const copied = total(weights.filter((_, i) => at(source, i) === token));
    return Math.log(Math.max(1e-30, p * (written[token] ?? 0) + (1 - p) * copied));
  });
}

const copying: Equation = (w, e) => {
  const [source, target] = [tokensOf(e, S, SYMBOLS, 1), tokensOf(e, T, SYMBOLS, 2)];
  const look = attention({ score: score('additive', w.within('attention.score')) });
  const { logits, vectors, taken } = attentive(w, 'luong', look, source, target, HIDDEN);
  return logits.flatMap((row, t) => pointing(w.within('copy'), row, at(vectors, t), at(taken, t).weights, source, SYMBOLS + 2));
};

/**
 * Forecasts as differences from the last value: an LSTM reads [x − last; whether x was observed; season], a second one continues over the seasons of the
 * future, each of its states s reads [h; x − last] with Bahdanau's weights (2015, eq. 5 and 6), and the output is W [s; c] + b + last, for each channel its
 * quantiles.
 */
const forecast =
  (quantiles: number, observed: boolean): Equation =>
  (w, e) => {
    const [past, table] = [input(e, [S, 2], 1), w.matrix('season.weight')];
    const seasons = { past: tokensOf(e, S, SYMBOLS, 1), future: tokensOf(e, T, SYMBOLS, 2) };
    const moved = past.map((x) => x.map((value, c) => value - at(at(past, -1), c)));
    const seen = (s: number) => (observed ? [s < lengthOf(e, S) ? 1 : 0, s < lengthOf(e, S) ? 0 : 1] : []);
    const inputs = moved.map((x, s) => [...x, ...seen(s), ...at(table, at(seasons.past, s))]);
    const { outputs: keys, last } = run(lstm, w.within('encoder'), inputs, { hidden: HIDDEN });
    const look = attention({ score: score('additive', w.within('attention.score')) });
    let state = at(last, -1);
    const steps = seasons.future.map((season, t) => {
      state = lstm(w.within('decoder'), '_l0', at(table, season), state);
      const values = keys.map((h, s) => [...h, ...at(moved, s)]);
      const { output, weights } = look({ query: state.h, keys, values, may: keys.map(() => true), t, place: t, past: [] });
      const found = linear(w, 'output', [...state.h, ...output]);
      return { output: found.map((x, i) => x + at(at(past, -1), Math.floor(i / quantiles))), weights };
    });
    return [...steps.flatMap(({ output }) => output), ...steps.flatMap(({ weights }) => weights)];
  };

export const frontEquations: Record<string, Equation> = {
  AttentionClassifier: (w, e) => classify(w, input(e, [S, 3], 1), lengthOf(e, S), { hidden: HIDDEN, ways: 2 }),
  'AttentionClassifier: one way': (w, e) => classify(w, input(e, [S, 3], 1), lengthOf(e, S), { hidden: HIDDEN, ways: 1 }),
  AttentionForecaster: forecast(1, false),
  'AttentionForecaster: quantiles': forecast(3, true),
  'AttentionSeq2Seq: copying': copying,
  Copy: (w, e) => {
    const inputs = [input(e, [T, SYMBOLS - 2], 1), input(e, [T, 4], 2), input(e, [T, S], 3).map(softmax)] as const;
    return range(T).flatMap((t) => pointing(w, at(inputs[0], t), at(inputs[1], t), at(inputs[2], t), tokensOf(e, S, SYMBOLS, 4), SYMBOLS));
  },
};
