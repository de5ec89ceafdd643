// Where each window lets a query look, against the papers' formulas in plain TypeScript.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { gaussianFactor, LocalPredictive, localMonotonic, predictedPlaces } from '../../src/attention/local.ts';
import { luong } from '../../src/attention/named.ts';
import type { Window } from '../../src/attention/parts.ts';
import { AdditiveScore, DotScore } from '../../src/attention/score.ts';
import { biased, CombinedWindow, causal, coverage, masked, sliding } from '../../src/attention/window.ts';
import { backward } from '../../src/autograd/backward.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { param } from '../../src/nn/module.ts';
import { softmax, square as squared, sum } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, real } from '../nn/row.ts';
import { B, BATCH, inputs, padded, S, T } from './table.ts';

const square = { square: true } as const;
const lengthOf = (b: number) => S - b; // of `padded`
const having = (window: Window) => new Attention({ score: new DotScore(), window });

/** Whether each weight of a mechanism with this window is above 0, with and without padding. */
function seen(window: Window): { plain: boolean[]; padded: boolean[] } {
  const look = (options: object) => list(having(window).forward(...inputs(square), options).weights).map((w) => w > 0);
  return { plain: look({}), padded: look({ mask: padded() }) };
}

function expectSeen(window: Window, may: (t: number, s: number, length: number) => boolean): void {
  const found = seen(window);
  for (let i = 0; i < B * T * S; i++) {
    const [s, t, b] = [i % S, Math.floor(i / S) % T, Math.floor(i / S / T)];
    expect(found.plain[i], `${t}, ${s}`).toBe(may(t, s, S));
    expect(found.padded[i], `${b}, ${t}, ${s}`).toBe(s < lengthOf(b) && may(t, s, lengthOf(b)));
  }
}

describe('windows let a query look', () => {
  it('causal: at its own key and before, the last query at the last key', () => {
    expectSeen(causal, (t, s) => s <= t + S - T);
  });

  it('sliding: so far back and so far ahead', () => {
    expectSeen(sliding({ before: 2, after: 1 }), (t, s) => s >= t + S - T - 2 && s <= t + S - T + 1);
    expectSeen(sliding({ before: 1 }), (t, s) => s >= t + S - T - 1);
  });

  it('local-m: around the t-th key, and around the last where there is none', () => {
    expectSeen(localMonotonic({ size: 1 }), (t, s, length) => Math.abs(s - Math.min(t, length - 1)) <= 1);
  });

  it('masked: as the table says, query by query', () => {
    const rows = Array.from({ length: T }, (_, t) => Array.from({ length: S }, (__, s) => (t * s) % 3 !== 1));
    expectSeen(masked(tensor(rows)), (t, s) => (rows[t] as boolean[])[s] as boolean);
  });

  it('combined: where all do', () => {
    expectSeen(new CombinedWindow(causal, sliding({ before: 2 })), (t, s) => s <= t + S - T && s >= t + S - T - 2);
  });
});

describe('causal steps', () => {
  it('begin at the first key where no length is said', () => {
    const attention = having(causal);
    const [, keys, values] = inputs(square);
    const prepared = attention.prepare(keys, values);
    let state = attention.initialState(prepared);
    for (let t = 0; t < 3; t++) {
      const step = attention.step(real(BATCH, [5], 30 + t), prepared, state);
      expect(list(step.weights).map((w) => w > 0)).toEqual(Array.from({ length: B * S }, (_, i) => i % S <= t));
      state = step.state;
    }
  });
});

describe('local-p', () => {
  it('predicts places and weighs with a Gaussian, as Luong writes it', () => {
    withBackend(referenceBackend(), () => {
      const sizes = { query: 6, key: 5, hidden: 3 };
      const window = new LocalPredictive({ ...sizes, size: 2 }, key(3));
      const score = new AdditiveScore(sizes, key(4));
      const [query, keys, values] = inputs({});
      const { weights } = new Attention({ score, window }).forward(query, keys, values, { mask: padded() });
      const [w, v, q] = [list(window.project.weight), list(window.v), list(query)];
      const scores = list(score.score(query, score.prepare(keys)));
      list(weights).forEach((got, i) => {
        const [s, bt] = [i % S, Math.floor(i / S)];
        const length = lengthOf(Math.floor(bt / T));
        let inner = 0;
        for (let h = 0; h < 3; h++) {
          let sum = 0;
          for (let j = 0; j < 6; j++) sum += (w[h * 6 + j] as number) * (q[bt * 6 + j] as number);
          inner += (v[h] as number) * Math.tanh(sum);
        }
        const p = length / (1 + Math.exp(-inner));
        const may = (k: number) => k < length && Math.abs(k - p) <= 2;
        const total = Array.from({ length: S }, (_, k) => (may(k) ? Math.exp(scores[bt * S + k] as number) : 0)).reduce((a, b) => a + b);
        const wanted = may(s) ? (Math.exp(scores[i] as number) / total) * Math.exp(-((s - p) ** 2) / (2 * (2 / 2) ** 2)) : 0;
        expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-14);
      });
    });
  });

  it('has the gradients that central differences say, piece by piece', () => {
    const at = [real([0, 1], [3, 4], 1), real([0, 1], [4], 2), tensor([0.4, -0.7])];
    gradcheck((q, w, v) => predictedPlaces(q, w, v, tensor([[5], [3]])), at);
    gradcheck((x) => gaussianFactor(x, 3), [real([0, 1], [4], 1)]);
  });
});

describe('biased', () => {
  it('adds row t to the scores of query t, and learns', () => {
    const bias = real([0, 1, 2], [S], 6);
    const [query, keys, values] = inputs(square);
    const scores = new DotScore().score(query, keys);
    const { weights } = having(biased(bias)).forward(query, keys, values);
    const added = list(scores).map((x, i) => x + (list(bias)[i % (T * S)] as number));
    const wanted = list(softmax(tensor(Float64Array.from(added), { shape: scores.shape })));
    list(weights).forEach((got, i) => expect(Math.abs(got - (wanted[i] as number))).toBeLessThanOrEqual(2 ** -22));
    gradcheck((table) => having(biased(table)).forward(...inputs(square)).weights, [bias]);
  });
});

describe('coverage', () => {
  it('takes a batch of no rows', () => {
    const { output, weights } = having(coverage({ strength: 1 })).forward(zeros([0, 2, 3]), zeros([0, 4, 3]));
    expect([output.shape, weights.shape]).toEqual([
      [0, 2, 3],
      [0, 2, 4],
    ]);
  });

  it('lowers scores by what earlier steps looked at, and its strength may learn', () => {
    withBackend(referenceBackend(), () => {
      const [query, keys, values] = inputs(square);
      const scores = list(new DotScore().score(query, keys));
      const { weights } = having(coverage({ strength: 1.5 })).forward(query, keys, values);
      const w = list(weights);
      for (let b = 0; b < B; b++) {
        const sums = new Array<number>(S).fill(0);
        for (let t = 0; t < T; t++) {
          const from = (b * T + t) * S;
          const raised = sums.map((sum, s) => Math.exp((scores[from + s] as number) - 1.5 * sum));
          const total = raised.reduce((x, y) => x + y);
          raised.forEach((x, s) => {
            expect(Math.abs((w[from + s] as number) - x / total)).toBeLessThanOrEqual(1e-14);
            sums[s] = (sums[s] as number) + (w[from + s] as number);
          });
        }
      }
    });
    gradcheck((strength) => having(coverage({ strength })).forward(...inputs(square)).weights, [tensor([0.7])]);
  });
});

describe('what windows refuse', () => {
  it('is said', () => {
    expect(() => localMonotonic({ size: 0 })).toThrow('localMonotonic: size must be a number above 0, got 0');
    expect(() => new LocalPredictive({ query: 2, hidden: 2, size: Number.NaN }, key(1))).toThrow(
      'LocalPredictive: size must be a number above 0, got NaN',
    );
    const sizes = { query: 5, key: 5, hidden: 3 };
    expect(() => luong(sizes, key(1), { window: 'near' as 'global' })).toThrow(
      "luong: window must be one of global, local-m, local-p, got 'near'",
    );
    expect(() => luong({ ...sizes, key: 4 }, key(1), { score: 'dot' })).toThrow('dot: query and key must be of one width, got 5 and 4');
    expect(() => luong(sizes, key(1), { score: 'location', most: 3 }).forward(...inputs(square))).toThrow(
      "locationScore: keys must be at most the weight's 3 rows, got 7",
    );
  });

  it('a window that sees everything changes no bit', () => {
    const everything = having(sliding({})).forward(...inputs(square));
    expect(bits(everything.weights)).toEqual(bits(new Attention({ score: new DotScore() }).forward(...inputs(square)).weights));
  });
});

describe('tables and strengths', () => {
  it('that are parameters are found in their window, learn and are saved', () => {
    const strength = param(() => tensor([0.5]));
    const bias = param(() => zeros([T, S]));
    for (const [window, path, leaf] of [
      [coverage({ strength }), 'window.strength', strength],
      [biased(bias), 'window.bias', bias],
      [new CombinedWindow(causal, coverage({ strength })), 'window.windows.1.strength', strength],
    ] as const) {
      const attention = new Attention({ score: new DotScore(), window });
      expect([...attention.stateDict()]).toEqual([[path, leaf]]);
      backward(sum(squared(attention.forward(...inputs(square)).weights)));
      expect(list(leaf.grad as Tensor).some((g) => g !== 0)).toBe(true);
      leaf.grad = null;
    }
  });

  it('that do not fit are refused by name', () => {
    const run = (window: Window) => () => new Attention({ score: new DotScore(), window }).forward(...inputs(square));
    const wanted = (op: string) => `${op}: table must have a row for each query and a column for each of ${S} keys, got `;
    expect(run(masked(zeros([T - 1, S], 'bool')))).toThrow(`${wanted('masked')}[${T - 1}, ${S}]`);
    expect(run(biased(zeros([T, 1])))).toThrow(`${wanted('biased')}[${T}, 1]`);
    expect(() => biased(zeros([2, T, S]))).toThrow(`biased: table must be [T, S] or [1, T, S], got [2, ${T}, ${S}]`);
    expect(() => masked(zeros([T, S]))).toThrow('masked: table must be bool, got float32');
    expect(() => new CombinedWindow(causal, {} as Window)).toThrow(
      'CombinedWindow: window 1 must be an object with limit(), got an object',
    );
    expect(() => coverage({ strength: '1' as unknown as number })).toThrow("coverage: strength must be a number or a tensor, got '1'");
  });
});
