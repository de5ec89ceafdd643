// Sukhbaatar et al. 2015 (in the form of the authors' code) and Henaff et al. 2017, example by example in plain float64.
import { afterOf, agesOf, pastOf, questionsOf, STORY, SYMBOLS, storiesOf, told, WORDS } from '../models/memory.ts';
import { sentences } from '../nn/row.ts';
import type { Equation } from './modules.ts';
import { apply, at, blend, dot, type Matrix, plus, range, scaled, softmax, type Vector, zeros } from './plain.ts';
import { rows, type Weights } from './weights.ts';

/** `l[j, k] = 1 + 4 (k − (d + 1)/2) (j − (J + 1)/2) / (d J)`, j and k from 1. */
const place = (j: number, k: number, longest: number, d: number) =>
  1 + (4 * (k + 1 - (d + 1) / 2) * (j + 1 - (longest + 1) / 2)) / (d * longest);

/** Words at their places, as a sum of embeddings; 0 is no word. */
const bag = (table: Matrix, words: readonly (readonly [word: number, j: number])[], weight: (j: number, k: number) => number): Vector =>
  words
    .filter(([word]) => word !== 0)
    .reduce<Vector>(
      (sum, [word, j]) =>
        plus(
          sum,
          at(table, word).map((x, k) => x * weight(j, k)),
        ),
      zeros(at(table, 0).length),
    );

interface Form {
  hops: number;
  layerwise?: boolean;
  linear?: boolean;
  time?: boolean;
  encoded?: boolean;
  nil?: boolean;
}

/** Logits, then what each hop read of each sentence. */
const memoryNetwork =
  ({ hops, layerwise = false, linear = false, time = true, encoded = true, nil = true }: Form): Equation =>
  (w, e) => {
    const tables = range(layerwise ? 4 : hops + 1).map((i) => w.matrix(`embeddings.${i}`));
    const [asked, answers] = layerwise ? [2, 3] : [0, hops];
    const d = at(at(tables, 0), 0).length;
    const longest = WORDS + (time ? 1 : 0);
    const weight = encoded ? (j: number, k: number) => place(j, k, longest, d) : () => 1;
    const story = rows(storiesOf([e]));
    const ages = at(rows(agesOf([e])), 0);
    const vectors = (table: Matrix) =>
      story.map((words, s) => {
        const own = words.map((word, j) => [word, j] as const);
        const age = at(ages, s);
        return bag(table, time && age > 0 ? [...own, [SYMBOLS + age - 1, WORDS]] : own, weight);
      });
    let u = bag(
      at(tables, asked),
      at(rows(sentences([e], WORDS, SYMBOLS, 2)), 0).map((word, j) => [word, j] as const),
      weight,
    );
    const looks: number[] = [];
    for (const hop of range(hops)) {
      const [m, c] = [vectors(at(tables, layerwise ? 0 : hop)), vectors(at(tables, layerwise ? 1 : hop + 1))];
      const scores = m.map((own) => dot(u, own));
      const real = nil ? [...scores, ...zeros(2)] : scores.slice(0, told(e)); // two places more than sentences
      const p = linear ? scores : range(STORY).map((s) => softmax(real)[s] ?? 0);
      looks.push(...p);
      u = plus(layerwise ? apply(w.matrix('between'), u) : u, blend(p, c));
    }
    return [...at(tables, answers).map((own, word) => (word === 0 ? 0 : dot(own, u))), ...looks];
  };

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Logits, what questions read, gates, states. */
const entityNetwork =
  (keysOf: (w: Weights) => Matrix): Equation =>
  (w, e) => {
    const [table, keys] = [w.matrix('embedding'), keysOf(w)];
    const phi = (x: Vector): Vector => x.map((v, k) => (v > 0 ? v : v * at(w.vector('slopes'), k)));
    const heard = (words: Vector, mask: string) =>
      bag(
        table,
        words.map((word, j) => [word, j] as const),
        (j, k) => at(at(w.matrix(mask), j), k),
      );
    let h = keys;
    const [states, gates]: [Matrix[], number[]] = [[h], []];
    for (const words of rows(storiesOf([e]))) {
      const s = heard(words, 'storyWeights');
      const real = words.some((word) => word !== 0);
      h = h.map((own, j) => {
        const g = real ? sigmoid(dot(s, plus(own, at(keys, j))) + at(w.vector('gateBias'), j)) : 0;
        gates.push(g);
        if (!real) return own;
        const sum = plus(
          apply(w.matrix('stateWeight'), own),
          w.vector('stateBias'),
          apply(w.matrix('sentenceWeight'), s),
          apply(w.matrix('keyWeight'), at(keys, j)),
        );
        const moved = plus(own, scaled(phi(sum), g));
        return scaled(moved, 1 / Math.sqrt(dot(moved, moved)));
      });
      states.push(h);
    }
    const answers = rows(questionsOf([e])).map((words, i) => {
      const q = heard(words, 'questionWeights');
      const known = at(states, at(at(rows(afterOf([e])), 0), i));
      const p = softmax(known.map((own) => dot(q, own)));
      const y = phi(plus(q, apply(w.matrix('readWeight'), blend(p, known))));
      return { logits: w.matrix('answers').map((own, word) => (word === 0 ? 0 : dot(own, y))), p };
    });
    return [...answers.flatMap(({ logits }) => logits), ...answers.flatMap(({ p }) => p), ...gates, ...states.flat(2)];
  };

/** Sukhbaatar et al. 2015, §5: a word a place, no question, half of the units rectified. */
const memoryLanguageModel =
  (hops: number): Equation =>
  (w, e) => {
    const past = at(rows(pastOf([e])), 0);
    const vectors = (table: Matrix) =>
      past.map((word, s) => (word === 0 ? zeros(at(table, 0).length) : plus(at(table, word), at(table, SYMBOLS + (STORY - s) - 1))));
    const [m, c] = [vectors(w.matrix('input')), vectors(w.matrix('output'))];
    let u: Vector = at(m, 0).map(() => 0.1);
    const looks: number[] = [];
    for (const _ of range(hops)) {
      const p = softmax([...m.map((own) => dot(u, own)), ...zeros(2)]).slice(0, STORY); // two places more than words
      looks.push(...p);
      u = plus(apply(w.matrix('between'), u), blend(p, c)).map((x, k) => (k < 3 ? x : Math.max(0, x))); // 3 of 5 stay as they are
    }
    return [...w.matrix('answers').map((own, word) => (word === 0 ? 0 : dot(own, u))), ...looks];
  };

/** By the titles of their rows. */
export const memoryEquations: Record<string, Equation> = {
  MemoryNetwork: memoryNetwork({ hops: 2 }),
  'MemoryNetwork: linear start': memoryNetwork({ hops: 2, linear: true }),
  'MemoryNetwork: layerwise': memoryNetwork({ hops: 3, layerwise: true, nil: false }),
  'MemoryNetwork: bag, no time': memoryNetwork({ hops: 2, encoded: false, time: false }),
  MemoryLanguageModel: memoryLanguageModel(3),
  EntityNetwork: entityNetwork((w) => w.matrix('keys')),
  'EntityNetwork: tied keys': entityNetwork((w) => [2, 3, 5].map((word) => at(w.matrix('embedding'), word))),
};
