// Recurrent parts: what they ask for, sequences of no steps, and no bias.
import { describe, expect, it } from 'vitest';
import { IntraAttention } from '../../src/attention/intra.ts';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { GRUCell, LSTMCell, RNNCell } from '../../src/nn/cells.ts';
import type { Module } from '../../src/nn/module.ts';
import { GRU, LSTM, RNN } from '../../src/nn/recurrent.ts';
import type { State } from '../../src/nn/state.ts';
import { type Core, unroll } from '../../src/nn/unroll.ts';
import { concat, reshape, uniform } from '../../src/ops/index.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { type Key, key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectNear } from './fixture.ts';
import { padding } from './row.ts';

const draw = (from: Key, shape: number[]) => uniform(from, shape, { low: -1, high: 1 });

describe.each([
  ['RNNCell', RNNCell, ['h']],
  ['LSTMCell', LSTMCell, ['h', 'c']],
  ['GRUCell', GRUCell, ['h']],
] as const)('%s', (name, Kind, parts) => {
  const cell = new Kind({ input: 3, hidden: 4 }, key(1)) as Core<State>;
  const state = (shape: number[]): State => Object.fromEntries(parts.map((part) => [part, ones(shape)]));

  it('says what it was given', () => {
    expect(() => cell.step(ones([2, 4]), state([2, 4]))).toThrow(`${name}: input must be [B, 3], got [2, 4]`);
    expect(() => cell.step(ones([2, 1, 3]), state([2, 4]))).toThrow(`${name}: input must be [B, 3], got [2, 1, 3]`);
    expect(() => cell.step(ones([2, 3, 1]), state([2, 4]))).toThrow(`${name}: input must be [B, 3], got [2, 3, 1]`);
    expect(() => cell.step(undefined as unknown as Tensor, state([2, 4]))).toThrow(`${name}: input must be [B, 3], got undefined`);
  });

  it('refuses a state of another batch, and does not broadcast it', () => {
    expect(() => cell.step(ones([2, 3]), state([1, 4]))).toThrow(`${name}: state must be [2, 4], got [1, 4] for h`);
  });

  it('asks for its state by name', () => {
    const step = (given: unknown) => () => cell.step(ones([2, 3]), given as State);
    const wanted = `${name}: state must be { ${parts.join(', ')} } of [2, 4] each`;
    expect(step(undefined)).toThrow(`${wanted}, got undefined`);
    expect(step(ones([2, 4]))).toThrow(`${wanted}, got an object`);
    expect(step({ hidden: ones([2, 4]) })).toThrow(`${wanted}, got { hidden }`);
  });
});

describe.each([
  ['RNN', RNN],
  ['LSTM', LSTM],
  ['GRU', GRU],
] as const)('%s of no steps', (_, Kind) => {
  it('gives no outputs, and the state it was given', () => {
    const module = new Kind({ input: 3, hidden: 4, layers: 2, bidirectional: true }, key(1));
    const state = Object.fromEntries(['h', ...(Kind === LSTM ? ['c'] : [])].map((name) => [name, draw(key(2), [4, 2, 4])]));
    const after = module.forward(zeros([2, 0, 3]), { state } as object);
    expect(after.output.shape).toEqual([2, 0, 8]);
    for (const [name, x] of Object.entries(after.state)) expect(x.toArray(), name).toEqual(state[name]?.toArray());
    expect(module.forward(zeros([2, 0, 3])).state.h.toArray()).toEqual(zeros([4, 2, 4]).toArray());
  });
});

/** One step of each kind in float64, from PyTorch's equations without b: gates W x + U h. */
function plainStep(kind: string, w: number[][], u: number[][], x: number[], h: number[], c: number[]): number[] {
  const [of, sigmoid] = [
    (m: number[][], v: number[]) => m.map((row) => row.reduce((s, a, i) => s + a * (v[i] as number), 0)),
    (a: number) => 1 / (1 + Math.exp(-a)),
  ];
  const [a, b] = [of(w, x), of(u, h)];
  const gate = (i: number, j: number) => (a[i * h.length + j] as number) + (b[i * h.length + j] as number);
  return h.map((old, j) => {
    if (kind === 'RNN') return Math.tanh(gate(0, j));
    if (kind === 'LSTM') {
      const next = sigmoid(gate(1, j)) * (c[j] as number) + sigmoid(gate(0, j)) * Math.tanh(gate(2, j));
      return sigmoid(gate(3, j)) * Math.tanh(next);
    }
    const n = Math.tanh((a[2 * h.length + j] as number) + sigmoid(gate(0, j)) * (b[2 * h.length + j] as number));
    const z = sigmoid(gate(1, j));
    return (1 - z) * n + z * old;
  });
}

describe.each([
  ['RNN', RNN, RNNCell],
  ['LSTM', LSTM, LSTMCell],
  ['GRU', GRU, GRUCell],
] as const)('%s without bias', (name, Kind, Cell) => {
  const rows = (x: Tensor) =>
    Array.from({ length: x.shape[0] as number }, (_, i) =>
      Array.from(x.toArray()).slice(i * (x.shape[1] as number), (i + 1) * (x.shape[1] as number)),
    );

  it('has the equations without b, and weights alone', () => {
    const module = new Kind({ input: 3, hidden: 4, bias: false, bidirectional: true }, key(1));
    expect([...module.stateDict().keys()]).toEqual(['weight_ih_l0', 'weight_hh_l0', 'weight_ih_l0_reverse', 'weight_hh_l0_reverse']);
    const one = new Kind({ input: 3, hidden: 4, bias: false }, key(1));
    const cell = new Cell({ input: 3, hidden: 4, bias: false }, key(1));
    const [ih, hh] = [...one.stateDict().values()] as [Tensor, Tensor];
    cell.loadStateDict(
      new Map([
        ['weight_ih', ih],
        ['weight_hh', hh],
      ]),
    );
    const [x, h, c] = [draw(key(2), [1, 3]), draw(key(3), [1, 4]), draw(key(4), [1, 4])];
    const wanted = plainStep(name, rows(ih), rows(hh), rows(x)[0] as number[], rows(h)[0] as number[], rows(c)[0] as number[]);
    const up = (y: Tensor) => reshape(y, [1, ...y.shape]);
    const state = name === 'LSTM' ? { h, c } : { h };
    const states = Object.fromEntries(Object.entries(state).map(([part, value]) => [part, up(value)]));
    expectNear((cell as Core<State>).step(x, state).output.toArray(), wanted, 'cell', 1e-6);
    expectNear(one.forward(reshape(x, [1, 1, 3]), { state: states } as object).output.toArray(), wanted, 'sequence', 1e-6);
  });
});

it('recurrent stacks start from zeros for each layer and direction', () => {
  const sizes = { input: 3, hidden: 4, layers: 3 };
  for (const Kind of [RNN, GRU, LSTM]) {
    for (const [part, x] of Object.entries(new Kind({ ...sizes, bidirectional: true }, key(1)).initialState(2)))
      expect([part, x.shape]).toEqual([part, [6, 2, 4]]);
    expect(new Kind(sizes, key(1)).initialState(2).h.shape).toEqual([3, 2, 4]);
  }
});

describe('what a mask of steps hides', () => {
  const [B, T] = [3, 5];
  const masks: Record<string, () => Tensor> = {
    'padding at the end': () => padding([0, 1, 2], T),
    gaps: () => tensor([1, 2, 3].map((row) => Array.from({ length: T }, (_, t) => (t + row) % 3 !== 0))),
    nothing: () => zeros([B, T], 'bool'),
  };
  type Run = (x: Tensor, mask: Tensor) => { outputs: Tensor; state: State };
  const intra = (module: IntraAttention, x: Tensor, mask: Tensor) => {
    const { output, state } = module.forward(x, { mask });
    return { outputs: output, state: state.cell };
  };
  const made = { input: 3, hidden: 4 };
  const parts: Record<string, () => [Module, Run]> = {
    ...Object.fromEntries(
      Object.entries({ RNN, LSTM, GRU }).map(([name, Kind]) => [
        name,
        (): [Module, Run] => {
          const module = new Kind({ ...made, layers: 2, bidirectional: true }, key(1));
          return [
            module,
            (x, mask) => {
              const { output, state } = module.forward(x, { mask });
              return { outputs: output, state };
            },
          ];
        },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries({ RNNCell, LSTMCell, GRUCell }).map(([name, Kind]) => [
        `${name}, unrolled`,
        (): [Module, Run] => {
          const cell = new Kind(made, key(1)) as Module & Core;
          return [
            cell,
            (x, mask) => {
              const { output, state } = unroll(cell, x, { mask });
              return { outputs: output, state };
            },
          ];
        },
      ]),
    ),
    IntraAttention: () => {
      const module = new IntraAttention({ ...made, window: T }, key(1));
      return [module, (x, mask) => intra(module, x, mask)];
    },
    'IntraAttention, step by step': () => {
      const module = new IntraAttention({ ...made, window: 2 }, key(1));
      return [module, (x, mask) => intra(module, x, mask)];
    },
  };

  describe.each(Object.entries(parts))('%s', (_, make) => {
    it.each(Object.entries(masks))('reaches neither outputs, states nor gradients: %s', (__, mask) => {
      const run = (hidden: number[]) => {
        const [module, forward] = make();
        const x = draw(key(2), [B, T, 3]);
        const real = mask().toArray();
        const view = x.view();
        for (let i = 0; i < view.length; i++) if (!real[Math.floor(i / 3)]) view[i] = hidden[i % hidden.length] as number;
        const { outputs, state } = forward(parameter(x), mask());
        const y = concat([outputs, ...Object.values(state)].map((part) => reshape(part as Tensor, [-1])));
        const gradients = grad(y, [x, ...module.stateDict().values()], { gradient: draw(key(3), [y.size]) });
        return [y, ...gradients].map((z) => Array.from(z.toArray(), (value) => value + 0));
      };
      const wanted = run([0.5]);
      expect(wanted.flat().every(Number.isFinite)).toBe(true);
      for (const hidden of [[Number.NaN], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], [1e38, 0, Number.NaN]]) {
        expect(run(hidden)).toEqual(wanted);
      }
    });
  });
});

describe('intra-attention', () => {
  const module = new IntraAttention({ input: 3, hidden: 4, window: 2 }, key(1));

  it('of no steps gives none, and the state it was given', () => {
    const { output, state } = module.forward(zeros([2, 0, 3]));
    expect([output.shape, state.values.toArray()]).toEqual([[2, 0, 4], module.initialState(2).values.toArray()]);
    const given = module.step(ones([2, 3]), module.initialState(2)).state;
    expect(module.forward(zeros([2, 0, 3]), { state: given }).state).toBe(given);
  });

  it('says what it was given', () => {
    expect(() => module.forward(ones([2, 3]))).toThrow('IntraAttention: x must be [B, T, 3], got [2, 3]');
    expect(() => module.forward(ones([2, 5, 4]))).toThrow('IntraAttention: x must be [B, T, 3], got [2, 5, 4]');
    expect(() => module.forward(ones([2, 5, 3]), { mask: ones([2, 4], 'bool') })).toThrow(
      'IntraAttention: mask must be [2, 5], got [2, 4]',
    );
    expect(() => module.forward(ones([2, 5, 3]), { reverse: true } as object)).toThrow('options must be among mask, state, got reverse');
  });
});
