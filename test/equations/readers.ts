// The readers, one document at a time, from Hermann et al. 2015, §3.2, and Chen, Bolton and Manning 2016, §3.2.

import { attention, score } from './attention.ts';
import { attentive, PAD, seq2seq, tokensOf } from './models.ts';
import { apply, at, blend, dot, type Matrix, plus, range, softmax, tanh, type Vector, zeros } from './plain.ts';
import { type Core, gru, lstm, type Run, run, type State } from './recurrent.ts';
import type { Weights } from './weights.ts';

const [S, T, SYMBOLS, HIDDEN] = [5, 4, 7, 3];
const [FIRST, CANDIDATES] = [2, 4];

const vectors = (w: Weights, tokens: readonly number[]): Matrix => tokens.map((token) => at(w.matrix('embedding.weight'), token));
const lengthOf = (tokens: readonly number[]) => tokens.filter((token) => token !== PAD).length;

/** p(a) ∝ e^(W_a g) over the candidates in the document. */
function answer(w: Weights, g: Vector, document: readonly number[]): Vector {
  const rows = range(CANDIDATES).filter((candidate) => document.includes(FIRST + candidate));
  const shares = softmax(rows.map((candidate) => dot(at(w.matrix('output.weight'), candidate), g)));
  return range(CANDIDATES).map((candidate) => shares[rows.indexOf(candidate)] ?? 0);
}

const both = (core: Core, w: Weights, xs: Matrix, length: number): Run & { last: State[] } =>
  run(core, w, xs, { hidden: HIDDEN, length, ways: 2 });

interface Texts {
  document: readonly number[];
  /** y_d of the real tokens. */
  annotations: Matrix;
  /** y_q of the real tokens. */
  asked: Matrix;
  u: Vector;
}

function texts(core: Core, w: Weights, e: number): Texts {
  const [document, question] = [tokensOf(e, S, SYMBOLS, 1), tokensOf(e, T, SYMBOLS, 2)];
  const [d, q] = [lengthOf(document), lengthOf(question)];
  const asked = both(core, w.within('question'), vectors(w, question), q);
  return {
    document,
    annotations: both(core, w.within('document'), vectors(w, document), d).outputs.slice(0, d),
    asked: asked.outputs.slice(0, q),
    u: asked.last.flatMap(({ h }) => h),
  };
}

const padded = (weights: Vector): Vector => [...weights, ...zeros(S - weights.length)];
const joined = (w: Weights, r: Vector, u: Vector): Vector =>
  tanh(plus(apply(w.matrix('joinRead.weight'), r), apply(w.matrix('joinQuestion.weight'), u)));

/** s ∝ e^(w·tanh(W_ym y_d + W_um u)). */
function additive(w: Weights, query: Vector, annotations: Matrix): Vector {
  const of = w.within('attention.score');
  const asked = apply(of.matrix('query.weight'), query);
  return softmax(annotations.map((y) => dot(of.vector('v'), tanh(plus(asked, apply(of.matrix('key.weight'), y), of.vector('key.bias'))))));
}

export const attentiveReader =
  (core: Core = lstm) =>
  (w: Weights, e: number): Vector => {
    const { document, annotations, u } = texts(core, w, e);
    const s = additive(w, u, annotations);
    return [...answer(w, joined(w, blend(s, annotations), u), document), ...padded(s)];
  };

export function bilinearReader(w: Weights, e: number): Vector {
  const { document, annotations, u } = texts(gru, w, e);
  const s = softmax(annotations.map((y) => dot(u, apply(w.matrix('attention.score.weight'), y))));
  return [...answer(w, blend(s, annotations), document), ...padded(s)];
}

export function uniformReader(w: Weights, e: number): Vector {
  const { document, annotations, u } = texts(lstm, w, e);
  const s = annotations.map(() => 1 / annotations.length);
  return [...answer(w, joined(w, blend(s, annotations), u), document), ...padded(s)];
}

export function impatientReader(w: Weights, e: number): Vector {
  const { document, annotations, asked, u } = texts(lstm, w, e);
  let r: Vector = zeros(2 * HIDDEN);
  const looks = asked.map((y) => {
    const s = additive(w, [...r, ...y], annotations);
    r = plus(blend(s, annotations), tanh(apply(w.matrix('again.weight'), r)));
    return padded(s);
  });
  return [...answer(w, joined(w, r, u), document), ...range(T).flatMap((i) => looks[i] ?? zeros(S))];
}

/** One text, without padding, through every layer; each sees the symbols beside the layer below. */
export const deepReader =
  (layers: number, documentFirst: boolean) =>
  (w: Weights, e: number): Vector => {
    const [document, question] = [tokensOf(e, S, SYMBOLS, 1), tokensOf(e, T, SYMBOLS, 2)].map((tokens) =>
      tokens.filter((token) => token !== PAD),
    ) as [number[], number[]];
    const symbols = vectors(w, documentFirst ? [...document, ...question] : [...question, ...document]);
    let below: Matrix = symbols.map(() => []);
    const last: Vector[] = [];
    for (const layer of range(layers)) {
      const inputs = symbols.map((x, t) => [...x, ...at(below, t)]);
      const { outputs, last: states } = run(lstm, w.within(`layers.${layer}`), inputs, { hidden: HIDDEN });
      last.push(at(states, 0).h);
      below = outputs;
    }
    return answer(w, last.flat(), document);
  };

const END = 2;

/** Vinyals et al. 2015: the words in reverse, then their end, through the model for sequences. */
export function grammarParser(w: Weights, e: number, attends: boolean): Vector {
  const words = tokensOf(e, S, SYMBOLS, 1);
  const length = lengthOf(words);
  const source = [...words.slice(0, length).reverse(), END, ...zeros(S - length)];
  const target = tokensOf(e, T, SYMBOLS, 2);
  const own = w.within('seq2seq');
  if (!attends) return seq2seq(own, 'state', source, target, 4).flat();
  const look = attention({ score: score('additive', own.within('attention.score')) });
  return attentive(own, 'luong', look, source, target, 4).logits.flat();
}
