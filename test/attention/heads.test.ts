// Heads apart from their maps: what parts say of themselves, maps that are given, what happens between maps and score, and how many heads there are.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import type { Between } from '../../src/attention/between.ts';
import { Heads } from '../../src/attention/heads.ts';
import { placeOfQuery, placesOf } from '../../src/attention/history.ts';
import { MultiHead, type MultiHeadOptions } from '../../src/attention/multi-head.ts';
import type { Read, Selection, Window } from '../../src/attention/parts.ts';
import { DotScore, GeneralScore } from '../../src/attention/score.ts';
import { soft, tempered } from '../../src/attention/selection.ts';
import { biased, CombinedWindow, causal, offsets, positional, sliding } from '../../src/attention/window.ts';
import { add, concat, cos, matmul, mul, reshape, select, sin, slice, sub, toFloat } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, real } from '../nn/row.ts';

const [_B, T, S, E, H] = [2, 5, 9, 12, 3];
const D = E / H;
const examples = [0, 1];
const [query, keys] = [real(examples, [T, E], 1), real(examples, [S, E], 2)];
const build = (rest: Partial<MultiHeadOptions>) => new MultiHead({ query: E, key: E, heads: H, ...rest }, key(3));
const off = (a: Tensor, b: Tensor) => list(a).reduce((most, x, i) => Math.max(most, Math.abs(x - (list(b)[i] as number))), 0);
const copied =
  (read: Read): Read =>
  (weights, values, selected) =>
    read(weights, values, selected);
const plain = copied((weights, values) => matmul(weights, values));

describe('heads are one op where the parts say so, whoever wrote them', () => {
  const own: Selection = { kind: 'softmax', select: soft.select };
  const fused: [string, Partial<MultiHeadOptions>][] = [
    ['the usual parts', {}],
    ['a read of one’s own', { read: Object.assign(copied(plain), { kind: 'weightedSum' as const }) }],
    ['a selection of one’s own', { selection: own }],
    ['an unscaled dot product', { score: () => new DotScore() }],
    ['a bilinear score', { score: (sizes, from) => new GeneralScore(sizes, from) }],
    [
      'windows in windows',
      { window: new CombinedWindow(new CombinedWindow(causal, sliding({ before: 3 })), biased(real([0], [T, S], 9))) },
    ],
  ];
  const general: [string, Partial<MultiHeadOptions>][] = [
    ['a read that says nothing', { read: plain }],
    ['a selection that says nothing', { selection: { select: soft.select } }],
    ['another selection', { selection: tempered({ temperature: 1 }) }],
    ['a window that looks at scores', { window: { limit: (scores, { mask }) => ({ scores, mask }) } }],
  ];

  it.each(fused)('%s', (_, parts) => {
    const heads = build(parts);
    expect(heads.parts.heads.fused(undefined)).toBe(true);
    withBackend(referenceBackend(), () => {
      const run = (rest: Partial<MultiHeadOptions>) =>
        build({ ...parts, ...rest }).forward(real(examples, [T, E], 1), real(examples, [S, E], 2));
      if (parts.window) return; // its table is of the other backend
      const [one, each] = [run({}), run({ read: plain })];
      for (const field of ['output', 'weights'] as const) expect(off(one[field], each[field])).toBeLessThanOrEqual(1e-12);
    });
  });

  it.each(general)('but not with %s', (_, parts) => {
    expect(build(parts).parts.heads.fused(undefined)).toBe(false);
  });

  it('nor where weights are dropped', () => {
    const { heads } = build({ dropout: 0.5 }).parts;
    expect([heads.fused(undefined), heads.fused(key(1))]).toEqual([true, false]);
  });

  it('causal is what says so: sliding({ after: 0 }) has its bits', () => {
    expect([sliding({ after: 0 }).kind, sliding({ after: 1 }).kind, sliding({ after: 0, before: 9 }).kind]).toEqual([
      'causal',
      undefined,
      undefined,
    ]);
    const [a, b] = [causal, sliding({ after: 0 })].map((window) => build({ window }).forward(query, keys).output);
    expect(bits(a as Tensor)).toEqual(bits(b as Tensor));
  });
});

/** Rotary positions of halves (Su et al. 2021), with angles that need no powers: t / (1 + i). */
const rotary: Between = {
  query: (x, positions) => turned(x, positions),
  key: (x, positions) => turned(x, positions),
};

function turned(x: Tensor, positions: Tensor): Tensor {
  const half = (x.shape[3] as number) / 2;
  const rates = tensor(Float64Array.from({ length: half }, (_, i) => 1 / (1 + i)));
  const angles = mul(reshape(toFloat(positions), [...positions.shape, 1]), rates); // [B or 1, N, D / 2]
  const [c, s] = [cos(angles), sin(angles)].map((y) => reshape(y, [y.shape[0] as number, 1, ...y.shape.slice(1)])) as [Tensor, Tensor];
  const [a, b] = [slice(x, 3, 0, half), slice(x, 3, half)];
  return concat([sub(mul(a, c), mul(b, s)), add(mul(b, c), mul(a, s))], 3);
}

describe('what happens between maps and score', () => {
  it('is told places: rotary scores are those of turned pairs, in plain float64', () => {
    const q = real(examples, [H, T, D], 1);
    const k = real(examples, [H, S, D], 2);
    const heads = new Heads({ attention: new Attention({ score: new DotScore({ scaled: true }), heads: H }), between: rotary });
    const { weights } = heads.forward(q, k, k);
    const at = (x: Tensor, b: number, h: number, n: number) => list(select(select(select(x, 0, b), 0, h), 0, n));
    for (const [b, h, t] of [
      [0, 0, 0],
      [1, 2, 4],
      [0, 1, 2],
    ] as const) {
      const scores = Array.from({ length: S }, (_, s) => {
        const [x, y] = [at(q, b, h, t), at(k, b, h, s)] as [number[], number[]];
        const gap = s - (t + S - T); // the last query stands at the last key
        let total = 0;
        for (let i = 0; i < D / 2; i++) {
          const [x0, x1, y0, y1] = [x[i], x[i + D / 2], y[i], y[i + D / 2]] as [number, number, number, number];
          const angle = gap / (1 + i);
          total += (x0 * y0 + x1 * y1) * Math.cos(angle) + (x1 * y0 - x0 * y1) * Math.sin(angle);
        }
        return total / Math.sqrt(D);
      });
      const most = Math.max(...scores);
      const masses = scores.map((x) => Math.exp(x - most));
      const whole = masses.reduce((a, x) => a + x, 0);
      const got = list(select(select(select(weights, 0, b), 0, h), 0, t));
      got.forEach((w, s) => expect(w).toBeCloseTo((masses[s] as number) / whole, 5));
    }
  });

  it.each([
    ['one op', {}],
    ['in turn', { read: plain }],
  ])('steps as it runs, bit for bit: %s', (_, parts) => {
    const mechanism = build({ between: rotary, window: causal, ...parts });
    const whole = mechanism.forward(query, keys);
    const prepared = mechanism.prepare(keys);
    let state = mechanism.initialState(prepared, T);
    for (let t = 0; t < T; t++) {
      const step = mechanism.step(select(query, 1, t), prepared, state);
      expect(bits(step.context)).toEqual(bits(select(whole.output, 1, t)));
      expect(bits(step.weights)).toEqual(bits(select(whole.weights, 2, t)));
      state = step.state;
    }
    const unturned = build({ window: causal, ...parts }).forward(query, keys);
    expect(bits(whole.output)).not.toEqual(bits(unturned.output));
  });
});

describe('a window knows how many heads there are', () => {
  const slopes = (heads: number) => tensor(Float64Array.from({ length: heads }, (_, h) => 2 ** (-(8 * (h + 1)) / heads)));
  /** Press, Smith, Lewis 2022, "Train short, test long": m_h (s − t). */
  const alibi = () =>
    positional(
      ([batch = 0, queries = 0, length = 0], state, heads) => ({
        bias: mul(
          reshape(slopes(heads), [heads, 1, 1]),
          reshape(offsets(placesOf(state, 'place', queries), length), [batch, 1, queries, length]),
        ),
      }),
      { history: placeOfQuery },
    );

  it('so that ALiBi adds a slope for each, in one op and in turn alike', () => {
    withBackend(referenceBackend(), () => {
      const [q, k] = [real(examples, [T, E], 1), real(examples, [S, E], 2)];
      const run = (window: Window, rest: Partial<MultiHeadOptions> = {}) => build({ window, ...rest }).forward(q, k);
      const one = run(alibi());
      const each = run(alibi(), { read: plain });
      const combined = run(new CombinedWindow(causal, alibi()));
      const inTurn = run(new CombinedWindow(causal, alibi()), { read: plain });
      for (const field of ['output', 'weights'] as const) {
        expect(off(one[field], each[field])).toBeLessThanOrEqual(1e-12);
        expect(off(combined[field], inTurn[field])).toBeLessThanOrEqual(1e-12);
      }
      // ln of weights, less those without the window, is m_h s and something that is the same for each key.
      const without = build({}).forward(q, k).weights;
      const at = (x: Tensor, h: number, s: number) => Math.log(list(select(select(select(x, 0, 1), 0, h), 0, 2))[s] as number);
      for (let h = 0; h < H; h++) {
        const gains = Array.from({ length: S }, (_, s) => at(one.weights, h, s) - at(without, h, s));
        gains.slice(1).forEach((gain, s) => expect(gain - (gains[s] as number)).toBeCloseTo(2 ** (-(8 * (h + 1)) / H), 10));
      }
    });
  });

  it('and steps as it runs, bit for bit', () => {
    for (const parts of [{}, { read: plain }]) {
      const mechanism = build({ window: new CombinedWindow(causal, alibi()), ...parts });
      const whole = mechanism.forward(query, keys);
      const prepared = mechanism.prepare(keys);
      let state = mechanism.initialState(prepared, T);
      for (let t = 0; t < T; t++) {
        const step = mechanism.step(select(query, 1, t), prepared, state);
        expect(bits(step.context)).toEqual(bits(select(whole.output, 1, t)));
        state = step.state;
      }
    }
  });

  it('which is 1 where there are none', () => {
    const told: number[] = [];
    const window = positional((_, __, heads) => {
      told.push(heads);
      return {};
    });
    new Attention({ score: new DotScore(), window }).forward(query, keys);
    build({ window }).forward(query, keys);
    build({ window, read: plain }).forward(query, keys);
    expect(told).toEqual([1, H, H]);
    expect(() => positional(5 as never)).toThrow('positional: places must be a function, got 5');
    expect(() => positional(() => ({}), { history: {} as never })).toThrow('positional: history must be an object with initial()');
    expect(() => new Attention({ score: new DotScore(), heads: 0 })).toThrow('Attention: heads must be a whole number from 1, got 0');
  });
});

describe('causal beside a bias', () => {
  it('costs the memory of the bias alone: heads stay one op and causal makes no mask', () => {
    const N = 128;
    const bias = biased(real([0], [N, N], 9));
    const held = (window: Window) =>
      scope(() => {
        const x = real([0], [N, E], 1);
        const { bytes, blocks } = memoryReport();
        build({ window }).forward(x, x, x, { weights: false });
        return [memoryReport().bytes - bytes, memoryReport().blocks - blocks];
      });
    const [alone, both] = [held(bias), held(new CombinedWindow(causal, bias))] as [number[], number[]];
    expect((both[0] as number) - (alone[0] as number)).toBeLessThan(N * N);
    expect(both[1]).toBeLessThanOrEqual((alone[1] as number) + 2);
  });
});
