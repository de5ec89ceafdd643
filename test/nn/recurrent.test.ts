import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { GRUCell, LSTMCell, RNNCell } from '../../src/nn/cells.ts';
import type { Module } from '../../src/nn/module.ts';
import { GRU, LSTM, RNN } from '../../src/nn/recurrent.ts';
import { type Core, unroll } from '../../src/nn/unroll.ts';
import { concat, gather, gru, lstm, reshape, slice, uniform } from '../../src/ops/index.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { type Key, key, split } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectNear } from './fixture.ts';

const [B, T, I, H] = [5, 6, 7, 9];

const draw = (from: Key, shape: number[]) => uniform(from, shape, { low: -1, high: 1 });

const weightsOf = (cell: LSTMCell | GRUCell) => ({
  weightIh: cell.weight_ih,
  weightHh: cell.weight_hh,
  biasIh: cell.bias_ih as Tensor,
  biasHh: cell.bias_hh as Tensor,
});

const flat = (tensors: Tensor[]) => concat(tensors.map((x) => reshape(x, [x.size])));

/** Padding, a gap, a row with nothing. */
const mask = () =>
  tensor([1, 2, 3, 4, 5].map((row) => [0, 1, 2, 3, 4, 5].map((t) => (row === 3 ? t % 2 === 0 : row !== 5 && t < 7 - row))));

describe.each([
  ['plain', () => ({})],
  ['reverse', () => ({ reverse: true })],
  ['masked', () => ({ mask: mask() })],
  ['masked reverse', () => ({ mask: mask(), reverse: true })],
] as const)('the fused sequence equals the unrolled cell, %s', (_, options) => {
  const [forCell, forX, forH, forC, forG] = split(key(3), 5);

  const compare = (cell: Module, inputs: Tensor[], fused: () => Tensor[], unrolled: () => Tensor[]) => {
    const xs = [...inputs, ...cell.stateDict().values()];
    const evaluate = (f: () => Tensor[]) => {
      const y = flat(f());
      return [y, ...grad(y, xs, { gradient: draw(forG, [y.size]) })];
    };
    const wanted = evaluate(unrolled);
    evaluate(fused).forEach((got, i) => {
      expectNear(got.view(), (wanted[i] as Tensor).view(), i === 0 ? 'value' : `gradient ${i - 1}`, 3e-6);
    });
  };

  it('LSTM', () => {
    const cell = new LSTMCell({ input: I, hidden: H }, forCell);
    const [x, h, c] = [parameter(draw(forX, [B, T, I])), parameter(draw(forH, [B, H])), parameter(draw(forC, [B, H]))];
    const fused = () => {
      const y = lstm(x, h, c, weightsOf(cell), options());
      return [y.output, y.h, y.c];
    };
    const unrolled = () => {
      const { output, state } = unroll(cell, x, { state: { h, c }, ...options() });
      return [output, state.h, state.c];
    };
    compare(cell, [x, h, c], fused, unrolled);
  });

  it('GRU', () => {
    const cell = new GRUCell({ input: I, hidden: H }, forCell);
    const [x, h] = [parameter(draw(forX, [B, T, I])), parameter(draw(forH, [B, H]))];
    const fused = () => {
      const y = gru(x, h, weightsOf(cell), options());
      return [y.output, y.h];
    };
    const unrolled = () => {
      const { output, state } = unroll(cell, x, { state: { h }, ...options() });
      return [output, state.h];
    };
    compare(cell, [x, h], fused, unrolled);
  });
});

describe.each([
  ['RNN', RNN],
  ['LSTM', LSTM],
  ['GRU', GRU],
] as const)('%s', (_, Kind) => {
  const sizes = { input: I, hidden: H, layers: 2, bidirectional: true };

  it('gives each row the same bits alone and in a batch', () => {
    const module = new Kind(sizes, key(1));
    const x = draw(key(2), [B, T, I]);
    const { output, state } = module.forward(x, { mask: mask() });
    for (let row = 0; row < B; row++) {
      const alone = module.forward(slice(x, 0, row, row + 1), { mask: slice(mask(), 0, row, row + 1) });
      expect(alone.output.toArray()).toEqual(slice(output, 0, row, row + 1).toArray());
      expect(alone.state.h.toArray()).toEqual(slice(state.h, 1, row, row + 1).toArray());
    }
  });

  it('is not moved by what is padded', () => {
    const module = new Kind(sizes, key(1));
    const x = draw(key(2), [1, T, I]);
    const real = tensor([[true, true, true, false, false, false]]);
    const short = module.forward(slice(x, 1, 0, 3));
    const padded = module.forward(x, { mask: real });
    expect(slice(padded.output, 1, 0, 3).toArray()).toEqual(short.output.toArray());
    expect(slice(padded.output, 1, 3).toArray()).toEqual(new Float32Array(3 * 2 * H));
    expect(padded.state.h.toArray()).toEqual(short.state.h.toArray());
  });

  it('has the parameters of PyTorch, within ±1/√H', () => {
    const dict = new Kind({ input: I, hidden: H, bidirectional: true }, key(1)).stateDict();
    const names = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'];
    expect([...dict.keys()]).toEqual(['_l0', '_l0_reverse'].flatMap((suffix) => names.map((name) => name + suffix)));
    const values = [...dict.values()].flatMap((p) => Array.from(p.view()));
    const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(most).toBeLessThanOrEqual(1 / 3);
    expect(most).toBeGreaterThan(0.32);
  });

  it('drops between layers only, and only with a key', () => {
    const x = draw(key(2), [B, T, I]);
    const at = (layers: number, p: number) => new Kind({ input: I, hidden: H, layers, dropout: p }, key(1));
    const plain = at(2, 0).forward(x).output.toArray();
    expect(at(2, 0.5).forward(x).output.toArray()).toEqual(plain);
    expect(
      at(2, 0.5)
        .forward(x, { key: key(8) })
        .output.toArray(),
    ).not.toEqual(plain);
    expect(
      at(1, 0.5)
        .forward(x, { key: key(8) })
        .output.toArray(),
    ).toEqual(at(1, 0).forward(x).output.toArray());
  });

  it('says what it was given', () => {
    const module = new Kind(sizes, key(1));
    expect(() => module.forward(ones([2, 3, 4]))).toThrow(`${Kind.name}: x must be [B, T, 7], got [2, 3, 4]`);
    const names = Kind === LSTM ? ['h', 'c'] : ['h'];
    const stated = (state: unknown) => () => module.forward(ones([2, 3, I]), { state } as object);
    expect(stated(Object.fromEntries(names.map((name) => [name, ones([1, 2, H])])))).toThrow(
      `${Kind.name}: state must be [4, 2, 9], got [1, 2, 9] for h`,
    );
    const wanted = `${Kind.name}: state must be { ${names.join(', ')} } of [4, 2, 9] each`;
    expect(stated(ones([4, 2, H]))).toThrow(`${wanted}, got an object`);
    expect(stated(null)).toThrow(`${wanted}, got null`);
    expect(stated({ c: ones([4, 2, H]) })).toThrow(`${wanted}, got { c }`);
    expect(stated({ h: ones([4, 2, H]), c: ones([4, 2, H]), d: ones([1]) })).toThrow(`${wanted}, got { h, c, d }`);
    expect(() => module.forward(ones([2, 3, I]), { mask: tensor([[true]]) })).toThrow('mask must be [2, 3], got [1, 1]');
    expect(() => new Kind({ input: 3, hidden: 0 }, key(1))).toThrow(`${Kind.name}: hidden must be a whole number from 1, got 0`);
    expect(() => new Kind({ ...sizes, dropout: 1 }, key(1))).toThrow(`${Kind.name}: dropout must be in [0, 1), got 1`);
  });
});

describe('cells', () => {
  it('are differentiable twice', () => {
    const check = <S extends { h: Tensor }>(make: () => Core<S>) =>
      gradcheck((x) => unroll(make(), x).output, [draw(key(4), [2, 2, 3])], { order: 2 });
    check(() => new RNNCell({ input: 3, hidden: 4 }, key(1)));
    check(() => new LSTMCell({ input: 3, hidden: 4 }, key(1)));
    check(() => new GRUCell({ input: 3, hidden: 4 }, key(1)));
  });

  it('say what they were given', () => {
    const cell = new LSTMCell({ input: 3, hidden: 4 }, key(1));
    expect(() => unroll(cell, ones([2, 3]))).toThrow('unroll: inputs must be [B, T, I] with at least one step, got [2, 3]');
  });
});

describe('the fused sequence', () => {
  const cell = new LSTMCell({ input: I, hidden: H }, key(1));

  it('refuses a second gradient', () => {
    const x = parameter(draw(key(2), [1, 2, I]));
    const { output } = lstm(x, ones([1, H]), ones([1, H]), weightsOf(cell));
    const [first] = grad(output, [x], { gradient: ones(output.shape), createGraph: true });
    expect(() => grad(first as Tensor, [x], { gradient: ones(x.shape) })).toThrow('lstm: gradients must be of first order');
  });

  it('gives the same gradient twice', () => {
    const x = parameter(draw(key(2), [3, 2, I]));
    const { output } = lstm(x, ones([3, H]), ones([3, H]), weightsOf(cell));
    const again = () => grad(output, [x], { gradient: ones(output.shape) })[0]?.toArray();
    expect(again()).toEqual(again());
  });

  it('gives the same bits for vectors and for symbols of a table, for zeros and for no state', () => {
    const table = draw(key(3), [5, I]);
    const index = tensor(Int32Array.from([0, 4, 4, 1, 2, 3, 3, 0]), { shape: [2, 4] });
    const zero = zeros([2, H]);
    const given = lstm(gather(table, index), zero, zero, weightsOf(cell), { reverse: true });
    const bare = lstm({ table, index }, null, null, weightsOf(cell), { reverse: true });
    for (const name of ['output', 'h', 'c'] as const) expect(bare[name].toArray()).toEqual(given[name].toArray());
  });

  it('takes no steps and no rows', () => {
    const state = draw(key(2), [2, H]);
    const y = lstm(ones([2, 0, I]), state, state, weightsOf(cell));
    expect([y.output.shape, y.h.toArray(), y.c.toArray()]).toEqual([[2, 0, H], state.toArray(), state.toArray()]);
    const [none, nothing] = [ones([0, H]), parameter(ones([0, 3, I]))];
    const { output } = lstm(nothing, none, none, weightsOf(cell));
    expect(grad(output, [nothing, cell.bias_hh as Tensor], { gradient: output }).map((g) => Array.from(g.view()))).toEqual([
      [],
      Array(4 * H).fill(0),
    ]);
  });

  it('says what it was given', () => {
    const state = ones([2, H]);
    expect(() => lstm(ones([2, I]), state, state, weightsOf(cell))).toThrow('lstm: x must be [B, T, I], got [2, 7]');
    expect(() => lstm(ones([2, 3, 4]), state, state, weightsOf(cell))).toThrow('lstm: weightIh must be [36, 4], got [36, 7]');
    expect(() => gru(ones([2, 3, I]), state, weightsOf(cell))).toThrow('gru: weightHh must be [3·H, H], got [36, 9]');
    expect(() => lstm(ones([2, 3, I]), state, ones([H]), weightsOf(cell))).toThrow('lstm: c0 must be [2, 9], got [9]');
    expect(() => lstm(ones([2, 3, I]), state, state, weightsOf(cell), { mask: ones([2, 3]) })).toThrow(
      'lstm: mask must be bool, got float32',
    );
  });
});
