// The models, one sequence at a time, each from its paper.
import { lengthOf, sentences } from '../nn/row.ts';
import { attention, type Look, localMonotonic, localPredictive, monotonicSoft, multiHead, score, type Taken } from './attention.ts';
import { affine, at, type Matrix, plus, softmax, tanh, type Vector, zeros } from './plain.ts';
import { linear, lstm, run, type State } from './recurrent.ts';
import { rows, type Weights } from './weights.ts';

/** Special tokens of the tests. */
export const [PAD, START] = [0, 1];

/** Tokens of example `e` as `sentences` makes them. */
export const tokensOf = (e: number, steps: number, symbols: number, seed: number): number[] =>
  at(rows(sentences([e], steps, symbols, seed)), 0);

export interface Encoded {
  outputs: Matrix;
  h: Vector;
  c: Vector;
}

/** Bahdanau, Cho, Bengio 2015, §3.2 and A.2.1: a forward and a backward LSTM; a position's annotation is both outputs. */
export function encode(w: Weights, tokens: readonly number[], hidden: number, layers = 1, core = lstm): Encoded {
  const table = w.matrix('embedding.weight');
  const length = tokens.filter((token) => token !== PAD).length;
  const { outputs, last } = run(
    core,
    w.within('rnn'),
    tokens.map((token) => at(table, token)),
    { hidden, length, layers, ways: 2 },
  );
  const [forward, backward] = [at(last, -2), at(last, -1)];
  return { outputs, h: [...forward.h, ...backward.h], c: [...forward.c, ...backward.c] };
}

/** A.2.2: s₀ = tanh(W h); for the cell, which the paper's gated unit lacks, W c without the tanh. */
export function bridge(w: Weights, { h, c }: { h: Vector; c: Vector }): State {
  const first = tanh(linear(w, 'h', h));
  return { h: first, c: w.has('c.weight') ? linear(w, 'c', c) : zeros(first.length) };
}

/** One decoder step: from the embedded token to the vector from which the logits are computed. */
type Step = (embedded: Vector, t: number) => Vector;

/** Teacher forcing: the logits of each token of the target, given those before it. */
function taught(w: Weights, target: readonly number[], step: Step): Matrix {
  const table = w.matrix('embedding.weight');
  return target.map((_, t) => linear(w, 'output', step(at(table, t === 0 ? START : at(target, t - 1)), t)));
}

/**
 * Without attention. `each`: Cho et al. 2014, §2.2, the encoding at every step; `first`: at the first step only; `state`: Sutskever,
 * Vinyals, Le 2014, as the decoder's first state.
 */
export function seq2seq(w: Weights, feed: string, source: readonly number[], target: readonly number[], hidden: number): Matrix {
  const encoding = bridge(w.within('bridge'), encode(w.within('encoder'), source, hidden));
  let state: State = feed === 'state' ? encoding : { h: zeros(hidden), c: zeros(hidden) };
  return taught(w, target, (embedded, t) => {
    const fed = feed === 'each' || t === 0 ? encoding.h : zeros(hidden);
    state = lstm(w.within('cell'), '', feed === 'state' ? embedded : [...embedded, ...fed], state);
    return tanh(linear(w, 'combine', state.h));
  });
}

/**
 * `luong`: Luong, Pham, Manning 2015, §3 and §3.3: h = LSTM([y; h̃′]), h̃ = tanh(W [c; h]), c read for h. `bahdanau`: Bahdanau et al. 2015,
 * §3.1 and A.2.2: c read for h′, h = LSTM([y; c]), and the output layer sees context, state and token: tanh(W [c; h; y]).
 */
export function attentive(
  w: Weights,
  decoder: string,
  look: Look,
  source: readonly number[],
  target: readonly number[],
  hidden: number,
): { logits: Matrix; vectors: Matrix; taken: Taken[] } {
  const encoded = encode(w.within('encoder'), source, hidden);
  const keys = w.has('project.weight') ? encoded.outputs.map((x) => linear(w, 'project', x)) : encoded.outputs;
  const may = source.map((token) => token !== PAD);
  const past: Taken[] = [];
  const contextFor = (query: Vector, t: number) => {
    past.push(look({ query, keys, values: keys, may, t, place: t, past: [...past] }));
    return at(past, -1).output;
  };
  let state = bridge(w.within('bridge'), encoded);
  let fed: Vector = zeros(hidden);
  const vectors: Vector[] = [];
  const step: Step = (embedded, t) => {
    if (decoder === 'bahdanau') {
      const context = contextFor(state.h, t);
      state = lstm(w.within('cell'), '', [...embedded, ...context], state);
      return tanh(linear(w, 'combine', [...context, ...state.h, ...embedded]));
    }
    state = lstm(w.within('cell'), '', [...embedded, ...fed], state);
    fed = tanh(linear(w, 'combine', [...contextFor(state.h, t), ...state.h]));
    return fed;
  };
  const logits = taught(w, target, (embedded, t) => {
    vectors.push(step(embedded, t));
    return at(vectors, t);
  });
  return { logits, vectors, taken: past };
}

/** The attention of each variant in the table of models. */
export const looks: Record<string, (w: Weights) => Look> = {
  additive: (w) => attention({ score: score('additive', w.within('score')) }),
  general: (w) => attention({ score: score('general', w.within('score')) }),
  'bahdanau decoder': (w) => attention({ score: score('additive', w.within('score')) }),
  'luong local-p dot': (w) => attention({ score: score('dot', w), window: localPredictive(w.within('window'), 2) }),
  'local-m': (w) => attention({ score: score('general', w.within('score')), window: localMonotonic(1) }),
  locationAware: (w) => attention({ score: score('locationAwareOfSum', w.within('score')) }),
  multiHead: (w) => multiHead(w, 2, attention({ score: score('scaledDot', w) })),
  monotonic: (w) => attention({ score: score('monotonic', w.within('score')), selection: monotonicSoft }),
};

/**
 * Vinyals, Fortunato, Jaitly 2015, eq. 3: uⱼ = vᵀ tanh(W₁ eⱼ + W₂ dᵢ) over the end and the real items, p = softmax(u). The input is the
 * item chosen last; the start at first and after −1.
 */
export function pointers(w: Weights, items: Matrix, length: number, target: readonly number[], hidden: number, ways: number): Matrix {
  const { outputs, last } = run(lstm, w.within('encoder'), items, { hidden: hidden / ways, length, ways });
  const inputs = [w.vector('start'), ...items];
  const keys = [w.vector('end'), ...outputs];
  let state: State = { h: last.flatMap(({ h }) => h), c: last.flatMap(({ c }) => c) };
  const may = keys.map((_, j) => j <= length);
  const look = attention({ score: score('additive', w.within('score')) });
  return target.map((_, t) => {
    const before = t === 0 ? 0 : Math.max(0, at(target, t - 1));
    state = lstm(w.within('decoder'), '_l0', at(inputs, before), state);
    return look({ query: state.h, keys, values: keys, may, t, place: t, past: [] }).weights;
  });
}

/**
 * Cheng, Dong, Lapata 2016, eq. 4 to 6, read beside the state as in Daniluk et al. 2017, §2.1: α = softmax(qᵀ tanh(W₁ vᵢ + W₂ hₜ + b)) over the
 * last `window` states, and the output is tanh(W [Σ α v; h]). Weights of a step by the state's number.
 */
export function intra(w: Weights, inputs: Matrix, hidden: number, window: number): { outputs: Matrix; weights: Matrix; states: State[] } {
  const states: State[] = [];
  const weights: Vector[] = [];
  const outputs = inputs.map((x, t) => {
    const state = lstm(w.within('cell'), '', x, states.at(-1) ?? { h: zeros(hidden), c: zeros(hidden) });
    const from = Math.max(0, t - window);
    const past = states.slice(from).map(({ h }) => h);
    const line = past.map((v) => {
      const inner = plus(affine(w.matrix('score.key.weight'), v, w.vector('score.key.bias')), linear(w, 'score.query', state.h));
      return w.vector('score.v').reduce((sum, q, i) => sum + q * Math.tanh(at(inner, i)), 0);
    });
    const share = past.length > 0 ? softmax(line) : [];
    const context = past.reduce<Vector>(
      (sum, v, i) =>
        plus(
          sum,
          v.map((value) => value * at(share, i)),
        ),
      zeros(hidden),
    );
    states.push(state);
    weights.push([...zeros(from), ...share]);
    return tanh(linear(w, 'combine', [...context, ...state.h]));
  });
  return { outputs, weights, states };
}

export const realOf = (e: number, steps: number) => lengthOf(e, steps);

/** Luong's decoder as in {@link attentive}, from zeros, over the symbols themselves: START before them, and the last one marked. */
export function items(w: Weights, source: readonly number[], target: readonly number[], hidden: number): Matrix {
  const read = [START, ...source.filter((token) => token !== PAD)];
  const edge = (i: number) => at(w.matrix('edges.weight'), i === read.length - 1 ? 1 : 0);
  const keys = read.map((token, i) => plus(at(w.matrix('items.weight'), token), edge(i)));
  const look = attention({ score: score('additive', w.within('attention.score')) });
  let [state, fed]: [State, Vector] = [{ h: zeros(hidden), c: zeros(hidden) }, zeros(hidden)];
  return taught(w, target, (embedded, t) => {
    state = lstm(w.within('cell'), '', [...embedded, ...fed], state);
    const { output } = look({ query: state.h, keys, values: keys, may: keys.map(() => true), t, place: t, past: [] });
    fed = tanh(linear(w, 'combine', [...output, ...state.h]));
    return fed;
  });
}
