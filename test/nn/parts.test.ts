// Small promises of parts: what is passed on as it is, what outlives a scope, and what each says of input that is none.
import { describe, expect, it } from 'vitest';
import { assign, buffer, parameterCount } from '../../src/nn/buffer.ts';
import { LSTMCell } from '../../src/nn/cells.ts';
import { Dropout } from '../../src/nn/dropout.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import { described, expectSamePaths } from '../../src/nn/fit.ts';
import { LayerNorm } from '../../src/nn/layer-norm.ts';
import { Linear } from '../../src/nn/linear.ts';
import { GRU, LSTM, RNN } from '../../src/nn/recurrent.ts';
import { withoutUnseen } from '../../src/nn/unseen.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list } from './row.ts';

describe('dropout', () => {
  const x = ones([50]);

  it('gives x itself without a key, and where nothing is dropped', () => {
    expect(new Dropout({ p: 0.5 }).forward(x)).toBe(x);
    expect(new Dropout({ p: 0 }).forward(x, { key: key(1) })).toBe(x);
    expect(new Set(list(new Dropout({ p: 0.5 }).forward(x, { key: key(1) })))).toEqual(new Set([0, 2]));
    expect(list(x)).toEqual(list(ones([50])));
  });

  it('refuses options that there are not', () => {
    expect(() => new Dropout({ p: 0.5 }).forward(x, { kye: key(1) } as object)).toThrow('Dropout: options must be among key, got kye');
  });
});

it('a layer norm divides by the root of the variance and eps', () => {
  const x = tensor([[-1, 1]]);
  expect(list(new LayerNorm({ size: 2, eps: 3 }).forward(x))).toEqual([-0.5, 0.5]);
  expect(list(new LayerNorm({ size: 2 }).forward(tensor([[-1e-3, 1e-3]])))[1]).toBeCloseTo(1e-3 / Math.sqrt(1e-6 + 1e-5), 5);
});

it('parts without bias outlive the scope that they are made in', () => {
  const [lstm, cell, linear] = scope(() => {
    const sizes = { input: 2, hidden: 3, bias: false };
    const made = [new LSTM(sizes, key(1)), new LSTMCell(sizes, key(2)), new Linear({ input: 2, output: 1, bias: false }, key(3))] as const;
    return made;
  });
  zeros([1000]);
  expect(lstm.forward(ones([1, 2, 2])).output.shape).toEqual([1, 2, 3]);
  expect(cell.step(ones([1, 2]), cell.initialState(1)).output.shape).toEqual([1, 3]);
  expect(linear.forward(ones([1, 2])).shape).toEqual([1, 1]);
  expect([...linear.stateDict().keys()]).toEqual(['weight']);
  expect([cell.bias_ih, cell.bias_hh, linear.bias]).toEqual([null, null, null]);
  expect(() => cell.step(ones([1, 2, 1]), cell.initialState(1))).toThrow('LSTMCell: input must be [B, 2], got [1, 2, 1]');
});

describe.each([
  ['RNN', RNN],
  ['LSTM', LSTM],
  ['GRU', GRU],
] as const)('%s', (name, Kind) => {
  const module = new Kind({ input: 3, hidden: 2, layers: 2 }, key(1));
  const forward = (x: unknown, options: object = {}) => module.forward(x as Tensor, options);

  it('refuses what is no input, and options that there are not', () => {
    expect(() => forward(undefined)).toThrow(`${name}: x must be a tensor`);
    expect(() => forward([[1]])).toThrow(`${name}: x must be a tensor`);
    expect(() => forward(ones([2, 3]))).toThrow(`${name}: x must be [B, T, 3], got [2, 3]`);
    expect(() => forward(ones([3]))).toThrow(`${name}: x must be [B, T, 3], got [3]`);
    expect(() => forward(ones([1, 2, 3, 1]))).toThrow(`${name}: x must be [B, T, 3], got [1, 2, 3, 1]`);
    expect(() => forward(ones([1, 2, 3]), { masks: 1 })).toThrow(`${name}: options must be among state, mask, key, got masks`);
    expect(() => forward(ones([1, 2, 3]), { mask: ones([1, 2]) })).toThrow(`${name}: mask must be bool, got float32`);
  });

  it('says what shape the symbols of a table would give', () => {
    const read = (shape: number[], width: number) => () => forward({ index: zeros(shape, 'int32'), table: ones([5, width]) });
    if (Kind !== RNN) expect(read([1, 2], 3)).not.toThrow();
    expect(read([2], 3)).toThrow(`${name}: x must be [B, T, 3], got [2, 3]`);
    expect(read([1, 2], 4)).toThrow(`${name}: x must be [B, T, 3], got [1, 2, 4]`);
  });

  it('begins with zeros, in both directions', () => {
    const both = new Kind({ input: 3, hidden: 2, layers: 2, bidirectional: true }, key(1));
    for (const [made, count] of [
      [module, 2],
      [both, 4],
    ] as const) {
      const state = made.initialState(2);
      for (const part of Object.values(state) as Tensor[]) {
        expect(part.shape).toEqual([count, 2, 2]);
        expect(list(part)).toEqual(list(zeros([count, 2, 2])));
      }
      const x = ones([2, 4, 3]);
      expect(list(made.forward(x, { state } as object).output)).toEqual(list(made.forward(x).output));
    }
  });

  it('reads symbols under a mask as their vectors, and NaN without one as NaN', () => {
    const table = new Embedding({ symbols: 5, size: 3 }, key(2));
    const index = tensor(Int32Array.of(1, 4, 2, 0), { shape: [2, 2] });
    const mask = tensor([
      [true, false],
      [true, true],
    ]);
    const wanted = list(forward(table.forward(index), { mask }).output);
    if (Kind !== RNN) expect(list(forward(table.lookup(index), { mask }).output)).toEqual(wanted);
    expect(list(forward(tensor([[[1, 2, Number.NaN]]])).output).every(Number.isNaN)).toBe(true);
  });
});

describe('what a mask hides from all', () => {
  const [bad, worse] = [Number.NaN, Number.POSITIVE_INFINITY];

  it('is 0 where anything is no number, and left as it is else', () => {
    const x = tensor([
      [[1], [bad], [3]],
      [[worse], [5], [6]],
    ]);
    const mask = tensor([
      [true, false, false],
      [false, true, true],
    ]);
    expect(list(withoutUnseen(x, mask))).toEqual([1, 0, 0, 0, 5, 6]);
    const finite = ones([2, 3, 1]);
    expect(withoutUnseen(finite, mask)).toBe(finite);
  });

  it('is what no step may see', () => {
    const x = tensor([
      [[1], [bad], [3]],
      [[worse], [5], [bad]],
    ]);
    const mask = tensor([
      [
        [true, false, false],
        [false, false, true],
      ],
      [
        [false, true, false],
        [false, true, false],
      ],
    ]);
    expect(list(withoutUnseen(x, mask))).toEqual([1, 0, 3, 0, 5, 0]);
    expect(list(withoutUnseen(x, zeros([2, 2, 3], 'bool')))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('messages of loading', () => {
  it('describe what was given', () => {
    const embedding = new Embedding({ symbols: 2, size: 1 }, key(1));
    const values = [ones([2]), zeros([1, 2], 'int32'), embedding, [1, 2], Object.create(null), null, undefined, 'text', 3];
    expect(values.map(described)).toEqual([
      'float32 [2]',
      'int32 [1, 2]',
      'a Embedding',
      '[1, 2]',
      'a object',
      'null',
      'undefined',
      "'text'",
      '3',
    ]);
  });

  it('name every path that is unknown or missing', () => {
    const paths = (...names: string[]) => new Map(names.map((name) => [name, 0]));
    const check = (given: string[], own: string[]) => () => expectSamePaths("paths must be the module's", paths(...given), paths(...own));
    expect(check(['x'], ['x'])).not.toThrow();
    expect(check(['a', 'x', 'b'], ['x'])).toThrow("loadStateDict: paths must be the module's, got unknown [a, b] and missing []");
    expect(check(['x'], ['c', 'x', 'd'])).toThrow('got unknown [] and missing [c, d]');
  });
});

it('buffers are named in what they refuse', () => {
  const b = buffer(() => ones([2]));
  expect(() => buffer(() => 3 as unknown as Tensor)).toThrow('buffer: result must be a tensor');
  expect(() => assign(3 as unknown as Tensor, b)).toThrow('assign: to must be a tensor');
  expect(() => assign(b, [1, 2] as unknown as Tensor)).toThrow('assign: from must be a tensor');
  expect(() => parameterCount(new Linear({ input: 1, output: 1 }, key(1)), { frozn: true } as object)).toThrow(
    'parameterCount: options must be among frozen, got frozn',
  );
  expect(() => parameterCount(3 as never)).toThrow(/^parameterCount: /);
});
