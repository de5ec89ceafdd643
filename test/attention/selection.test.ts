// What each selection takes, against the papers' formulas in plain TypeScript.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { exploring, gumbelSoftmax, gumbelStraightThrough, hard, highest, highestStraightThrough } from '../../src/attention/hard.ts';
import { type MonotonicScore, monotonicHard, monotonicSoft } from '../../src/attention/monotonic.ts';
import { monotonic, nearestKey } from '../../src/attention/named.ts';
import type { Selection } from '../../src/attention/parts.ts';
import { chosenItem } from '../../src/attention/read.ts';
import { DotScore } from '../../src/attention/score.ts';
import { soft, sparse, tempered } from '../../src/attention/selection.ts';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { logSoftmax, softmax, sparsemax } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { foldIn, type Key, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, real } from '../nn/row.ts';
import { BATCH, inputs, padded, S, T } from './table.ts';

const context = (more: { mask?: Tensor; key?: Key; each?: boolean } = {}) => ({ query: zeros([1, 1, 1]), state: {}, ...more });
const take = (selection: Selection, scores: Tensor, more: Parameters<typeof context>[0] = {}) => selection.select(scores, context(more));

describe('soft selections', () => {
  const scores = real(BATCH, [T, S], 1);

  it('are softmax, softmax of the score by the temperature, and sparsemax', () => {
    expect(bits(take(soft, scores).weights)).toEqual(bits(softmax(scores)));
    expect(bits(take(sparse, scores).weights)).toEqual(bits(sparsemax(scores)));
    let temperature = 2;
    const cooling = tempered({ temperature: () => temperature });
    const flat = list(take(cooling, scores).weights);
    temperature = 0.25;
    const sharp = list(take(cooling, scores).weights);
    const wanted = (t: number) => list(softmax(tensor(Float64Array.from(list(scores), (x) => x / t), { shape: scores.shape }))); // biome-ignore format: one thing
    flat.forEach((w, i) => expect(Math.abs(w - (wanted(2)[i] as number))).toBeLessThanOrEqual(2 ** -22));
    sharp.forEach((w, i) => expect(Math.abs(w - (wanted(0.25)[i] as number))).toBeLessThanOrEqual(2 ** -21));
    expect(() => take(tempered({ temperature: 0 }), scores)).toThrow('tempered: temperature must be a number above 0 or a function, got 0');
    expect(() => take(gumbelSoftmax({ temperature: () => -1 }), scores)).toThrow('gumbelSoftmax: temperature must be above 0, got -1');
  });
});

describe('hard selections', () => {
  const scores = tensor([[[1, 3, 2, 3], [0, -1, -2, -3]]]); // biome-ignore format: a matrix

  it('take the highest, the first of equals, where nothing is drawn', () => {
    for (const selection of [hard, highest, highestStraightThrough, gumbelStraightThrough()]) {
      const { weights, choice } = take(selection, scores);
      expect([list(weights), list(choice as Tensor)]).toEqual([
        [0, 1, 0, 0, 1, 0, 0, 0],
        [1, 0],
      ]);
      expect(bits(weights)).toEqual(bits(tensor([0, 1, 0, 0, 1, 0, 0, 0])));
      const mask = tensor([[[true, false, true, false], [false, false, false, false]]]); // biome-ignore format: a matrix
      expect(list(take(selection, scores, { mask }).choice as Tensor)).toEqual([2, -1]);
    }
  });

  it('draw as often as softmax says, and say how likely that was', () => {
    const rows = 4096;
    const logits = [0.5, -1, 1.5, 0];
    const p = list(softmax(tensor(logits)));
    const many = tensor(
      Float64Array.from({ length: rows * 4 }, (_, i) => logits[i % 4] as number),
      { shape: [rows, 1, 4] },
    );
    const mask = tensor([[[true, true, true, true]]]);
    const { choice, logProbability, entropy } = take(hard, many, { key: key(9) });
    const counts = [0, 0, 0, 0];
    const logs = list(logSoftmax(tensor(logits)));
    const got = list(logProbability as Tensor);
    list(choice as Tensor).forEach((k, i) => {
      counts[k] = (counts[k] as number) + 1;
      expect(got[i]).toBe(logs[k]);
    });
    // Four standard deviations of a count.
    counts.forEach((count, k) => {
      const q = p[k] as number;
      expect(Math.abs(count - rows * q)).toBeLessThanOrEqual(4 * Math.sqrt(rows * q * (1 - q)));
    });
    const h = -p.reduce((sum, x) => sum + x * Math.log(x), 0);
    for (const x of list(entropy as Tensor)) expect(Math.abs(x - h)).toBeLessThanOrEqual(4e-7);
    const straight = take(gumbelStraightThrough(), many, { key: key(9), mask });
    expect(list(straight.choice as Tensor)).toEqual(list(choice as Tensor)); // one noise, one draw
  });

  it('explore as often as they are told, every key alike, and say what the choice is worth', () => {
    const rows = 4096;
    const logits = [0.5, -1, 9, 1.5, 0];
    const many = tensor(
      Float64Array.from({ length: rows * 5 }, (_, i) => logits[i % 5] as number),
      { shape: [rows, 1, 5] },
    );
    const mask = tensor([[[true, true, false, true, true]]]);
    let epsilon = 0.4;
    const selection = exploring({ epsilon: () => epsilon });
    const { choice, value } = take(selection, many, { key: key(9), mask });
    const counts = [0, 0, 0, 0, 0];
    const worth = list(value as Tensor);
    list(choice as Tensor).forEach((k, i) => {
      counts[k] = (counts[k] as number) + 1;
      expect(worth[i]).toBe(logits[k]);
    });
    counts.forEach((count, k) => {
      const q = k === 2 ? 0 : 0.1 + (k === 3 ? 0.6 : 0);
      expect(Math.abs(count - rows * q)).toBeLessThanOrEqual(4 * Math.sqrt(rows * q * (1 - q)));
    });
    epsilon = 0;
    expect(new Set(list(take(selection, many, { key: key(9), mask }).choice as Tensor))).toEqual(new Set([3]));
    epsilon = 1.5;
    expect(() => take(selection, many)).toThrow('exploring: epsilon must be in [0, 1], got 1.5');
  });

  it('draw for each query from its own key', () => {
    const wide = real(BATCH, [T, S], 1);
    const whole = take(gumbelSoftmax({ temperature: 1 }), wide, { key: key(3), each: true });
    const attention = new Attention({ score: new DotScore(), selection: gumbelSoftmax({ temperature: 1 }) });
    expect(whole.weights.shape).toEqual(wide.shape);
    const [query, keys, values] = inputs({ square: true });
    const all = attention.forward(query, keys, values, { key: key(3) });
    const one = attention.step(tensor(Float64Array.from(list(query).filter((_, i) => Math.floor(i / 5) % T === 1)), { shape: [4, 5] }), attention.prepare(keys, values), {}, { key: foldIn(key(3), 1) }); // biome-ignore format: one call
    expect(list(one.weights)).toEqual(list(all.weights).filter((_, i) => Math.floor(i / S) % T === 1));
  });

  it('near temperature 0 are what straight-through takes', () => {
    const wide = real(BATCH, [T, S], 1);
    const cold = list(take(gumbelSoftmax({ temperature: 1e-6 }), wide, { key: key(3), each: true }).weights);
    const straight = list(take(gumbelStraightThrough(), wide, { key: key(3), each: true }).weights);
    cold.forEach((w, i) => expect(Math.abs(w - (straight[i] as number))).toBeLessThanOrEqual(1e-3));
  });
});

describe('straight-through', () => {
  it.each([
    ['Gumbel', gumbelStraightThrough({ temperature: 0.6 }), gumbelSoftmax({ temperature: 0.6 }), key(7)],
    ['highest', highestStraightThrough, soft, undefined],
  ] as const)('%s has the bits of the hard choice and the gradient of the soft one', (_, straight, smooth, from) => {
    const x = parameter(real(BATCH, [T, S], 1));
    const draw = { ...(from && { key: from, each: true }), mask: tensor(list(padded()).map(Boolean)) };
    const options = { ...draw, mask: tensor(Int32Array.from(list(padded())), { shape: [4, 1, S], dtype: 'bool' }) };
    const v = real(BATCH, [T, S], 2);
    const [a, b] = [take(straight, x, options), take(smooth, x, options)];
    for (const w of list(a.weights)) expect(w === 0 || w === 1).toBe(true);
    expect(bits(grad(a.weights, [x], { gradient: v })[0] as Tensor)).toEqual(bits(grad(b.weights, [x], { gradient: v })[0] as Tensor));
  });
});

describe('the chosen item', () => {
  it('has the bits of the weighted sum with one weight, and takes a choice', () => {
    const run = (read: object) =>
      new Attention({ score: new DotScore(), selection: hard, ...read }).forward(...inputs({ square: true }), { mask: padded() });
    expect(bits(run({ read: chosenItem }).output)).toEqual(bits(run({}).output));
    const wrong = new Attention({ score: new DotScore(), read: chosenItem });
    expect(() => wrong.forward(...inputs({ square: true }))).toThrow('chosenItem: selection must choose one key, got only weights');
  });

  it('of nearestKey is the nearest', () => {
    const attention = nearestKey({ query: 2, key: 2, hidden: 1 }, key(1));
    const [weight, bias] = [...attention.stateDict().values()] as [Tensor, Tensor];
    weight.view().set([1, 0, 0, 1]);
    bias.view().fill(0);
    const keys = tensor([[[5, 5], [1, 1], [0, 3]]]); // biome-ignore format: a matrix
    const { choice, output } = attention.forward(tensor([[[0.9, 1.2], [4, 9], [-1, 2.5]]]), keys); // biome-ignore format: a matrix
    expect(list(choice as Tensor)).toEqual([1, 0, 2]);
    expect(list(output)).toEqual([1, 1, 5, 5, 0, 3]);
  });
});

describe('monotonic attention', () => {
  /** Every path of Raffel's process, with its probability: the weights are the sums. */
  const enumerated = (p: number[][]): number[][] => {
    const keys = (p[0] as number[]).length;
    let reach = [1, ...new Array<number>(keys - 1).fill(0)];
    return p.map((row) => {
      const stops = new Array<number>(keys).fill(0);
      reach.forEach((mass, from) => {
        let left = mass;
        for (let s = from; s < keys; s++) {
          stops[s] = (stops[s] as number) + left * (row[s] as number);
          left *= 1 - (row[s] as number);
        }
      });
      reach = stops;
      return stops;
    });
  };

  it('gives the probability that the process stops at each key', () => {
    withBackend(referenceBackend(), () => {
      const attention = new Attention({ score: new DotScore(), selection: monotonicSoft() });
      const [query, keys, values] = inputs({ square: true });
      const scores = list(new DotScore().score(query, keys));
      const w = list(attention.forward(query, keys, values).weights);
      for (const b of BATCH) {
        const p = Array.from({ length: T }, (_, t) =>
          scores.slice((b * T + t) * S, (b * T + t + 1) * S).map((x) => 1 / (1 + Math.exp(-x))),
        );
        enumerated(p)
          .flat()
          .forEach((wanted, i) => expect(Math.abs((w[b * T * S + i] as number) - wanted)).toBeLessThanOrEqual(1e-14));
      }
    });
  });

  it('decodes the first key above 0 from where it stands, and never goes back', () => {
    const attention = new Attention({ score: new DotScore(), selection: monotonicHard });
    const keys = tensor([[[1, 0, 0, -1], [-1, 1, 0, -1], [1, -1, 1, -1], [-1, 1, -1, -1]]]); // biome-ignore format: a matrix
    const query = tensor([[[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]]); // biome-ignore format: a matrix
    const { choice, weights } = attention.forward(query, keys);
    expect(list(choice as Tensor)).toEqual([1, 2, -1, 3, -1]); // the third and the last find nothing ahead
    expect(list(weights).filter((w) => w > 0)).toEqual([1, 1, 1]);
  });

  it('is the same hard and soft where every probability is 0 or 1', () => {
    const sizes = { query: 6, key: 5, hidden: 9 };
    const build = (hardly: boolean) => {
      const made = monotonic(sizes, key(1), { hard: hardly, offset: 0 });
      (made.score as MonotonicScore).gain.view().fill(1e4);
      return made;
    };
    const [query, keys, values] = inputs({});
    const one = (x: Tensor) => tensor(Float64Array.from(list(x).filter((_, i) => Math.floor(i / 6) % T === 0)), { shape: [4, 1, 6] });
    expect(list(build(false).forward(one(query), keys, values).weights)).toEqual(
      list(build(true).forward(one(query), keys, values).weights),
    );
    expect([...build(false).stateDict().keys()]).toEqual([...build(true).stateDict().keys()]);
  });

  it('learns with noise, of the deviation asked for', () => {
    const run = (noise: number, from?: Key) =>
      scope(() =>
        list(monotonic({ query: 6, key: 5, hidden: 9 }, key(1), { noise }).forward(...inputs({}), from ? { key: from } : {}).weights),
      );
    expect(run(0, key(2))).toEqual(run(0));
    expect(run(1, key(2))).not.toEqual(run(1));
    expect(run(1, key(2))).not.toEqual(run(2, key(2)));
  });
});
