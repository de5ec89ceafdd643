// Several heads: PyTorch's, and one op where the parts allow it.
import { describe, expect, it } from 'vitest';
import { MultiHead, type MultiHeadOptions } from '../../src/attention/multi-head.ts';
import { multiHead } from '../../src/attention/named.ts';
import type { Window } from '../../src/attention/parts.ts';
import { DotScore } from '../../src/attention/score.ts';
import { tempered } from '../../src/attention/selection.ts';
import { biased, CombinedWindow, causal, coverage, everywhere, masked, sliding } from '../../src/attention/window.ts';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { matmul, mean, reshape, select, slice, where } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { cases, expectParity, stored } from '../nn/fixture.ts';
import { bits, list, padding, real } from '../nn/row.ts';

describe('parameters', () => {
  const shapes = (mechanism: MultiHead) => Object.fromEntries([...mechanism.stateDict()].map(([path, { shape }]) => [path, shape]));
  const largest = (x: Tensor | undefined) => Math.max(...list(x as Tensor).map(Math.abs));

  it('are PyTorch’s, drawn as there', () => {
    const mechanism = new MultiHead({ query: 8, key: 5, value: 3, heads: 2, output: 7 }, key(1));
    expect(Object.entries(shapes(mechanism))).toEqual([
      ['q_proj_weight', [8, 8]],
      ['k_proj_weight', [8, 5]],
      ['v_proj_weight', [8, 3]],
      ['in_proj_bias', [24]],
      ['out_proj.weight', [7, 8]],
      ['out_proj.bias', [7]],
    ]);
    expect(largest(mechanism.k_proj_weight)).toBeLessThanOrEqual(Math.sqrt(6 / 13));
    expect(largest(mechanism.k_proj_weight)).toBeGreaterThan(0.8 * Math.sqrt(6 / 13));
    expect([largest(mechanism.in_proj_bias as Tensor), largest(mechanism.out_proj.bias as Tensor)]).toEqual([0, 0]);
  });

  it('are packed where all are of one width', () => {
    const mechanism = new MultiHead({ query: 8, key: 8, heads: 2 }, key(1));
    expect(Object.entries(shapes(mechanism))).toEqual([
      ['in_proj_weight', [24, 8]],
      ['in_proj_bias', [24]],
      ['out_proj.weight', [8, 8]],
      ['out_proj.bias', [8]],
    ]);
    expect(largest(mechanism.in_proj_weight)).toBeLessThanOrEqual(Math.sqrt(6 / 32));
    expect(largest(mechanism.in_proj_weight)).toBeGreaterThan(0.8 * Math.sqrt(6 / 32));
  });

  it('want heads that divide the width', () => {
    expect(() => new MultiHead({ query: 8, key: 8, heads: 3 }, key(1))).toThrow('MultiHead: size must be a multiple of heads, got 8 and 3');
    expect(() => new MultiHead({ query: 8, key: 8, heads: 0 }, key(1))).toThrow('MultiHead: heads must be a whole number from 1, got 0');
  });
});

describe('equals PyTorch', () => {
  it.each(cases('multi-head').map((from) => [from.name, from] as const))('%s', (_, from) => {
    const { causal: untilNow, averaged, ...sizes } = from.options;
    const mechanism = new MultiHead({ ...(sizes as unknown as MultiHeadOptions), ...(untilNow && { window: causal }) }, key(1));
    mechanism.loadStateDict(loadTensors(saveTensors(stored(from))));
    expectParity(from, mechanism.stateDict(), ({ query, key: keys, value, mask }) => {
      const { output, weights } = mechanism.forward(query as Tensor, keys as Tensor, value as Tensor, mask ? { mask } : {});
      return { output, weights: averaged ? mean(weights, { axis: 1 }) : weights };
    });
  });
});

const [B, T, S, E] = [3, 70, 300, 12];
const examples = [0, 1, 2];
const [query, keys] = [real(examples, [T, E], 1), real(examples, [S, E], 2)];
const table = (at: (t: number, s: number) => number) => Array.from({ length: T }, (_, t) => Array.from({ length: S }, (_, s) => at(t, s)));
const someBias = () => parameter(tensor(table((t, s) => ((t * 7 + s * 3) % 11) / 4)));
const allowed = () =>
  tensor(
    table((t, s) => +((t + s) % 3 !== 0)),
    { dtype: 'bool' },
  );

/** Windows by name, made in the backend at hand, with a bias where it takes one. */
const windows: Record<string, (bias: Tensor) => Window | undefined> = {
  'no window': () => undefined,
  everywhere: () => everywhere,
  causal: () => causal,
  sliding: () => sliding({ before: 40, after: 2 }),
  masked: () => masked(allowed()),
  biased,
  'causal and biased': (bias) => new CombinedWindow(causal, biased(bias)),
  'all that look at no score': (bias) =>
    new CombinedWindow(sliding({ before: 200 }), biased(bias), masked(allowed()), biased(bias), everywhere),
};

const build = (window?: Window, rest: object = {}) => {
  const mechanism = new MultiHead({ query: E, key: E, heads: 3, ...(window && { window }), ...rest }, key(3));
  (mechanism.in_proj_bias as Tensor).view().set(list(real([0], [3 * E], 7)));
  return mechanism;
};

/** Not the usual read, so that heads take every part in turn. */
const inTurn = { read: (weights: Tensor, values: Tensor) => matmul(weights, values) };

describe.each(Object.entries(windows))('as one op: %s', (name, make) => {
  const mask = padding(examples, S);

  it('is what its parts do in turn, gradients too', () => {
    withBackend(referenceBackend(), () => {
      const run = (rest?: object) => {
        const xs = [parameter(real(examples, [T, E], 1)), parameter(real(examples, [S, E], 2))] as const;
        const bias = someBias();
        const mechanism = build(make(bias), rest);
        const { output, weights } = mechanism.forward(...xs, xs[1], { mask: padding(examples, S) });
        const leaves = [...xs, ...(name.includes('biased') || name.startsWith('all') ? [bias] : []), ...mechanism.stateDict().values()];
        return [output, weights, ...grad(output, leaves, { gradient: real(examples, [T, E], 4) })];
      };
      const wanted = run(inTurn);
      for (const [i, x] of run().entries()) {
        const other = list(wanted[i] as Tensor);
        expect(list(x).reduce((most, y, at) => Math.max(most, Math.abs(y - (other[at] as number))), 0)).toBeLessThanOrEqual(1e-11);
      }
    });
  });

  it('has the same bits with and without weights, gradients too', () => {
    const mechanism = build(make(someBias()));
    const parameters = [...mechanism.stateDict().values()];
    const { output, weights } = mechanism.forward(query, keys, keys, { mask });
    const alone = mechanism.forward(query, keys, keys, { mask, weights: false });
    expect([Object.keys(alone), weights.shape]).toEqual([['output'], [B, 3, T, S]]);
    expect(bits(alone.output)).toEqual(bits(output));
    const gradient = real(examples, [T, E], 4);
    const wanted = grad(output, parameters, { gradient });
    for (const [i, g] of grad(alone.output, parameters, { gradient }).entries()) expect(bits(g)).toEqual(bits(wanted[i] as Tensor));
  });

  it('steps as it runs, bit for bit', () => {
    const mechanism = build(make(someBias()));
    const whole = mechanism.forward(query, keys, keys, { mask });
    const prepared = mechanism.prepare(keys, keys, { mask });
    let state = mechanism.initialState(prepared, T);
    for (let t = 0; t < T; t++) {
      const step = mechanism.step(select(query, 1, t), prepared, state);
      state = step.state;
      if (![0, 1, 5, 30, 63, 64, 69].includes(t)) continue;
      expect(bits(step.context)).toEqual(bits(select(whole.output, 1, t)));
      expect(bits(step.weights)).toEqual(bits(select(whole.weights, 2, t)));
    }
  });
});

describe('self-attention', () => {
  it('has the bits of queries, keys and values that are alike', () => {
    const mechanism = build(causal);
    const copy = () => reshape(query, [B, T, E]);
    const once = mechanism.forward(query, query);
    const thrice = mechanism.forward(query, copy(), copy());
    for (const field of ['output', 'weights'] as const) expect(bits(once[field])).toEqual(bits(thrice[field]));
  });
});

describe('self-attention over padding', () => {
  it.each(['one op', 'in turn'])('reaches neither real outputs nor gradients, whatever the padding holds: %s', (way) => {
    const N = 6;
    const mask = padding(examples, N);
    const seen = mask.toArray();
    const run = (filler: number[]) => {
      const x = parameter(real(examples, [N, E], 1));
      const view = x.view();
      for (let i = 0; i < view.length; i++) if (!seen[Math.floor(i / E)]) view[i] = filler[i % filler.length] as number;
      const mechanism = build(undefined, way === 'in turn' ? inTurn : {});
      const { output } = mechanism.forward(x, x, x, { mask });
      const gradient = where(reshape(mask, [B, N, 1]), real(examples, [N, E], 4), 0); // no loss asks for what padding reads
      const all = [where(reshape(mask, [B, N, 1]), output, 0), ...grad(output, [x, ...mechanism.stateDict().values()], { gradient })];
      return all.map((y) => list(y).map((value) => value + 0));
    };
    const wanted = run([0]);
    expect(wanted.flat().every(Number.isFinite)).toBe(true);
    for (const filler of [[Number.NaN], [Number.POSITIVE_INFINITY, -1], [3, Number.NaN, 1e38]]) expect(run(filler)).toEqual(wanted);
  });
});

describe('memory', () => {
  it('without weights holds nothing as large as the scores of one head', () => {
    const N = 512;
    const held = (weights: boolean) =>
      scope(() => {
        const [mechanism, x, before] = [build(causal), real([0], [N, E], 1), memoryReport().bytes];
        const { output } = weights ? mechanism.forward(x, x) : mechanism.forward(x, x, x, { weights: false });
        expect(output.requiresGrad).toBe(true); // so that all a gradient needs is held
        return memoryReport().bytes - before;
      });
    expect(held(false)).toBeLessThan(4 * N * N);
    expect(held(true)).toBeGreaterThan(3 * 4 * N * N);
  });
});

describe('other parts', () => {
  it('are taken in turn, and give no weights where none are wanted', () => {
    const parts = { selection: tempered({ temperature: 0.5 }), score: () => new DotScore() };
    const mechanism = multiHead({ query: E, key: E, hidden: E }, key(1), { heads: 2, ...parts });
    const { output, weights } = mechanism.forward(query, keys);
    const alone = mechanism.forward(query, keys, keys, { weights: false });
    expect([Object.keys(alone), weights.shape]).toEqual([['output'], [B, 2, T, S]]);
    expect(bits(alone.output)).toEqual(bits(output));
    expect(bits(slice(output, 1, 0, 9))).toEqual(bits(mechanism.forward(slice(query, 1, 0, 9), keys).output));
  });
});

describe('combined windows', () => {
  it('that look at no score keep the heads one op', () => {
    const N = 512;
    const held = (window: Window) =>
      scope(() => {
        const [mechanism, x, before] = [build(window), real([0], [N, E], 1), memoryReport().bytes];
        expect(mechanism.forward(x, x, x, { weights: false }).output.requiresGrad).toBe(true);
        return memoryReport().bytes - before;
      });
    const bias = biased(parameter(zeros([N, N])));
    // Scores of three heads would be 3 · 4 · N² bytes, and their gradient wants the weights as well.
    expect(held(new CombinedWindow(causal))).toBeLessThan(4 * N * N);
    expect(held(new CombinedWindow(causal, bias))).toBeLessThan(2 * 4 * N * N);
    expect(held(new CombinedWindow(causal, coverage({ strength: 1 })))).toBeGreaterThan(2 * 3 * 4 * N * N);
  });

  it('of causal alone have its very bits', () => {
    for (const field of ['output', 'weights'] as const) {
      expect(bits(build(new CombinedWindow(causal)).forward(query, keys)[field])).toEqual(bits(build(causal).forward(query, keys)[field]));
    }
  });

  it('have the bias of a window among the parameters, and learn it', () => {
    const mechanism = build(new CombinedWindow(causal, biased(someBias())));
    expect([...mechanism.stateDict().keys()]).toContain('attention.window.windows.1.bias');
  });
});

describe('what heads are given', () => {
  const module = new MultiHead({ query: 6, key: 5, value: 4, heads: 2 }, key(1));
  const [q, k, v] = [zeros([2, 3, 6]), zeros([2, 7, 5]), zeros([2, 7, 4])];

  it('is asked for by name', () => {
    expect(() => module.forward(zeros([3, 6]), k, v)).toThrow(
      'MultiHead: query must be [B, T, 6], got [3, 6] with [2, 7, 5] with [2, 7, 4]',
    );
    expect(() => module.forward(q, zeros([2, 7, 6]), v)).toThrow(
      'MultiHead: keys must be [B, S, 5], got [2, 3, 6] with [2, 7, 6] with [2, 7, 4]',
    );
    expect(() => module.forward(q, zeros([1, 7, 5]), v)).toThrow('MultiHead: keys must be [B, S, 5]');
    expect(() => module.forward(q, k, zeros([2, 6, 4]))).toThrow('MultiHead: values must be [B, S, 4]');
    expect(() => module.prepare(k, k)).toThrow('MultiHead: values must be [B, S, 4], got [2, 7, 5] with [2, 7, 5]');
    const prepared = module.prepare(k, v);
    expect(() => module.step(q, prepared, {})).toThrow('MultiHead: query must be [B, 6], got [2, 3, 6]');
    expect(() => module.step(zeros([1, 6]), prepared, {})).toThrow(
      "MultiHead: query of a step must be of a source's 2 examples, got [1, 6]",
    );
  });

  it('may be no queries', () => {
    for (const parts of [{}, { selection: tempered({ temperature: 2 }) }]) {
      const heads = new MultiHead({ query: 6, key: 5, value: 4, heads: 2, ...parts }, key(1));
      const { output, weights } = heads.forward(zeros([2, 0, 6]), k, v);
      expect([output.shape, weights.shape]).toEqual([
        [2, 0, 6],
        [2, 2, 0, 7],
      ]);
    }
  });
});

describe('heads without bias', () => {
  it('have the names of PyTorch without it, and no bias in what they give', () => {
    const [plain, biasless] = [true, false].map((bias) => new MultiHead({ query: E, key: E, heads: 3, bias }, key(1))) as [
      MultiHead,
      MultiHead,
    ];
    expect([...biasless.stateDict().keys()]).toEqual(['in_proj_weight', 'out_proj.weight']);
    plain.loadStateDict(biasless.stateDict(), { strict: false }); // whose biases are 0
    expect(bits(biasless.forward(query, keys).output)).toEqual(bits(plain.forward(query, keys).output));
    (plain.in_proj_bias as Tensor).view().fill(1);
    expect(bits(biasless.forward(query, keys).output)).not.toEqual(bits(plain.forward(query, keys).output));
  });
});
