import { describe, expect, it } from 'vitest';
import { Attention, bahdanau, softAttention } from '../../src/attention/attention.ts';
import type { Prepared } from '../../src/attention/parts.ts';
import * as selecting from '../../src/attention/selection.ts';
import * as windowing from '../../src/attention/window.ts';
import { grad } from '../../src/autograd/backward.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { select, slice } from '../../src/ops/index.ts';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { beside, bits, list, real } from '../nn/row.ts';
import { B, BATCH, inputs, K, named, S, scores, selections, T, V, widths, windows } from './table.ts';

/** Where example b's query t may look: everywhere; a beginning; a gap; nowhere. */
const mayLook = (b: number, s: number) => [true, s < 3, s % 3 !== 1, false][b] as boolean;

/** The same, and query t of each no further than s = t + 2; the second query of the first example nowhere. */
const mayLookAt = (b: number, t: number, s: number) => mayLook(b, s) && s <= t + 2 && !(b === 0 && t === 1);

const grid = <X>(...[n, ...rest]: number[]) => ({
  of: (f: (...at: number[]) => X): unknown[] =>
    Array.from({ length: n as number }, (_, i) => (rest.length ? grid<X>(...rest).of((...at) => f(i, ...at)) : f(i))),
});

interface Masked {
  name: string;
  mask?: (examples: readonly number[]) => Tensor;
  may: (b: number, t: number, s: number) => boolean;
}

const masks: Masked[] = [
  { name: 'no mask', may: () => true },
  {
    name: '[B, S] mask',
    may: (b, _, s) => mayLook(b, s),
    mask: (examples) => tensor(examples.map((b) => Array.from({ length: S }, (_, s) => mayLook(b, s)))),
  },
  {
    name: '[B, T, S] mask',
    may: mayLookAt,
    mask: (examples) => tensor(examples.map((b) => grid(T, S).of((t, s) => mayLookAt(b, t as number, s as number)) as boolean[][])),
  },
];

/** The parts that may be combined. */
const combinations = named.flatMap(([score, row]) =>
  Object.entries(windows).flatMap(([window, windowFunction]) =>
    Object.entries(selections).flatMap(([selection, { selection: select, key: drawn }]) =>
      masks.map((masked) => ({
        title: [score, window, selection, masked.name].join(', '),
        row,
        masked,
        make: () => new Attention({ score: row.build(widths(row), key(1)), window: windowFunction, selection: select }),
        options: (examples: readonly number[] = BATCH) => ({
          ...(masked.mask ? { mask: masked.mask(examples) } : {}),
          ...(drawn ? { key: drawn } : {}),
        }),
      })),
    ),
  ),
);

describe.each(combinations.map((c) => [c.title, c] as const))('attention with %s', (_, { row, masked, make, options }) => {
  const mayAny = (b: number, t: number) => Array.from({ length: S }, (_, s) => masked.may(b, t, s)).some(Boolean);

  it('gives weights that sum to 1 where it may look and are exactly 0 where it may not', () => {
    const { output, weights } = make().forward(...inputs(row), options());
    expect(output.shape).toEqual([B, T, V]);
    expect(weights.shape).toEqual([B, T, S]);
    const [w, y] = [list(weights), list(output)];
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < T; t++) {
        const line = w.slice((b * T + t) * S, (b * T + t + 1) * S);
        line.forEach((weight, s) => {
          if (masked.may(b, t, s)) expect(weight).toBeGreaterThan(0);
          else expect(weight).toBe(0);
        });
        const total = line.reduce((sum, x) => sum + x, 0);
        if (mayAny(b, t)) expect(Math.abs(total - 1)).toBeLessThanOrEqual(S * 2 ** -24);
        else expect(y.slice((b * T + t) * V, (b * T + t + 1) * V).map(Math.abs)).toEqual(new Array(V).fill(0));
      }
    }
  });

  it('reads the weighted sum of the values', () => {
    withBackend(referenceBackend(), () => {
      const [query, keys, values] = inputs(row);
      const { output, weights } = make().forward(query, keys, values, options());
      const [y, w, v] = [list(output), list(weights), list(values)];
      y.forEach((got, i) => {
        const [bt, column] = [Math.floor(i / V), i % V];
        const b = Math.floor(bt / T);
        let wanted = 0;
        for (let s = 0; s < S; s++) wanted += (w[bt * S + s] as number) * (v[(b * S + s) * V + column] as number);
        expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-15);
      });
    });
  });

  it('has gradients, 0 from where there is nothing to look at', () => {
    const attention = make();
    const xs = inputs(row).map(parameter);
    const [query, keys, values] = xs as [Tensor, Tensor, Tensor];
    const { output, weights } = attention.forward(query, keys, values, options());
    const y = beside(output, weights);
    const parameters = [...attention.stateDict().values()];
    const gradients = grad(y, [...xs, ...parameters], { gradient: real(BATCH, [y.size / B], 4) }).map(list);
    for (const g of gradients) {
      expect(g.every(Number.isFinite)).toBe(true);
      expect(g.some((x) => x !== 0)).toBe(true);
    }
    const [forQuery, forKeys, forValues] = gradients as [number[], number[], number[]];
    const width = widths(row).query;
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < T; t++) {
        const zero = forQuery.slice((b * T + t) * width, (b * T + t + 1) * width).every((g) => g === 0);
        expect(zero, `query ${t} of ${b}`).toBe(!mayAny(b, t));
      }
      for (let s = 0; s < S; s++) {
        const seen = Array.from({ length: T }, (_, t) => masked.may(b, t, s)).some(Boolean);
        const part = (g: number[], n: number) => g.slice((b * S + s) * n, (b * S + s + 1) * n).some((x) => x !== 0);
        expect([part(forKeys, K), part(forValues, V)], `key ${s} of ${b}`).toEqual([seen, seen]);
      }
    }
  });

  it('has the gradients that central differences say', () => {
    gradcheck((query, keys, values) => {
      const { output, weights } = make().forward(query, keys, values, options());
      return beside(output, weights);
    }, inputs(row));
  });

  it('steps as it runs, bit for bit', () => {
    const attention = make();
    const [query, keys, values] = inputs(row);
    const { mask, ...rest } = options();
    const whole = attention.forward(query, keys, values, { ...rest, ...(mask ? { mask } : {}) });
    const prepared = attention.prepare(keys, values);
    let state = attention.initialState(prepared, T);
    for (let t = 0; t < T; t++) {
      const now: Prepared = mask ? { ...prepared, mask: mask.rank === 3 ? select(mask, 1, t) : mask } : prepared;
      const step = attention.step(select(query, 1, t), now, state, rest);
      expect(bits(step.context)).toEqual(bits(select(whole.output, 1, t)));
      expect(bits(step.weights)).toEqual(bits(select(whole.weights, 1, t)));
      state = step.state;
    }
  });

  it('gives an example the same bits alone and within a batch', () => {
    const attention = make();
    const all = attention.forward(...inputs(row), options());
    for (const b of BATCH) {
      const alone = attention.forward(...inputs(row, [b]), options([b]));
      expect(bits(alone.output)).toEqual(bits(slice(all.output, 0, b, b + 1)));
      expect(bits(alone.weights)).toEqual(bits(slice(all.weights, 0, b, b + 1)));
    }
  });

  if (masked.mask)
    it('does not see what lies where it may not look', () => {
      const attention = make();
      for (let t = 0; t < T; t++) {
        const [query, keys, values] = inputs(row);
        const before = attention.forward(query, keys, values, options());
        const change = (x: Tensor, width: number, to: number) => {
          const view = x.view();
          for (let i = 0; i < view.length; i++) {
            const place = Math.floor(i / width);
            if (!masked.may(Math.floor(place / S), t, place % S)) view[i] = to * (i % 2 === 0 ? 1 : -1);
          }
        };
        for (const [key, value] of [
          [1e4, 1e30],
          [-1e30, -3],
          [Number.POSITIVE_INFINITY, 1e38],
          [Number.NaN, 0],
        ] as const) {
          change(keys, K, key);
          change(values, V, value);
          const after = attention.forward(query, keys, values, options());
          expect(bits(select(after.output, 1, t))).toEqual(bits(select(before.output, 1, t)));
          expect(bits(select(after.weights, 1, t))).toEqual(bits(select(before.weights, 1, t)));
        }
      }
    });

  it('frees what it makes', () => {
    const attention = make();
    const run = () => scope(() => list(attention.forward(...inputs(row), options()).output));
    run();
    const before = backend().heap.report().blocks;
    run();
    expect(backend().heap.report().blocks).toBe(before);
  });
});

describe('attention to nothing at all', () => {
  it.each(named)('%s: weights, output and every gradient are 0', (_, row) => {
    const attention = new Attention({ score: row.build(widths(row), key(1)) });
    const xs = inputs(row).map(parameter) as [Tensor, Tensor, Tensor];
    for (const mask of [zeros([B, S], 'bool'), zeros([B, T, S], 'bool'), zeros([B, 1, S], 'bool')]) {
      const { output, weights } = attention.forward(...xs, { mask });
      const y = beside(output, weights);
      expect(list(y).every((x) => x === 0)).toBe(true);
      const gradients = grad(y, [...xs, ...attention.stateDict().values()], { gradient: real(BATCH, [y.size / B], 4) });
      for (const g of gradients) expect(list(g).every((x) => x === 0)).toBe(true);
    }
  });
});

describe('the attention tables', () => {
  it('have a row for every window and every selection', () => {
    expect(Object.keys(windowing).filter((name) => !windows[name])).toEqual([]);
    expect(Object.keys(selecting).filter((name) => !selections[name])).toEqual([]);
  });

  it('bahdanau is soft attention with the additive score', () => {
    const sizes = { query: 6, key: K, hidden: 9 };
    const run = (attention: Attention) => bits(attention.forward(...inputs(scores.additive)).output);
    expect(run(bahdanau(sizes, key(1)))).toEqual(run(softAttention('additive', sizes, key(1))));
  });
});
