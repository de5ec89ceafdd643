import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { arange, full, tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

describe('a tensor prints', () => {
  it('its type, its shape and its values', () => {
    expect(String(tensor(3.5))).toBe('Tensor(float32 []) 3.5');
    expect(String(tensor([1, -2.5, 0.1]))).toBe('Tensor(float32 [3]) [   1, -2.5,  0.1]');
    expect(`${tensor([[true, false]])}`).toBe('Tensor(bool [1, 2])\n[[ true, false]]');
    expect(String(arange(3))).toBe('Tensor(int32 [3]) [0, 1, 2]');
    expect(String(tensor([Number.NaN, Number.POSITIVE_INFINITY]))).toBe('Tensor(float32 [2]) [     NaN, Infinity]');
    expect(String(zeros([0]))).toBe('Tensor(float32 [0]) []');
    expect(String(zeros([2, 0]))).toBe('Tensor(float32 [2, 0])\n[[],\n []]');
  });

  it('a row a line, and a blank line between matrices', () => {
    const x = tensor([
      [
        [1, 20],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);
    expect(String(x)).toBe('Tensor(float32 [2, 2, 2])\n[[[ 1, 20],\n  [ 3,  4]],\n\n [[ 5,  6],\n  [ 7,  8]]]');
  });

  it('the very value, in no more digits than that takes', () => {
    for (const value of [0.1, 1 / 3, 16777217, 2 ** 31, 1e-45, 3.4028234663852886e38, 123456.789, -7]) {
      const text = String(tensor(value)).replace(/^.*\) /, '');
      expect(Math.fround(Number(text))).toBe(Math.fround(value));
      expect(text.length).toBeLessThanOrEqual(String(Math.fround(value)).length);
    }
    expect(String(tensor(0.1))).toBe('Tensor(float32 []) 0.1');
  });

  it('the ends alone where there are many, soon also for millions', () => {
    expect(String(arange(2000))).toBe('Tensor(int32 [2000]) [   0,    1,    2, …, 1997, 1998, 1999]');
    const began = performance.now();
    const lines = String(full([500, 4, 500], 1)).split('\n');
    expect(lines[1]).toBe('[[[1, 1, 1, …, 1, 1, 1],');
    expect(lines.filter((line) => line.trim() === '…,')).toHaveLength(1);
    expect(String(full([6, 6, 6, 6, 6, 6, 6], 1)).length).toBeLessThan(20_000);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('nothing at length where it is empty, however long its axes', () => {
    scope(() => {
      const began = performance.now();
      expect(String(zeros([10_000_000, 0]))).toBe(`Tensor(float32 [10000000, 0])\n[${'[],\n '.repeat(3)}…,\n ${'[],\n '.repeat(2)}[]]`);
      expect(performance.now() - began).toBeLessThan(500);
    });
  });

  it('where console.log and a debugger look', () => {
    const x = tensor([1, 2]);
    expect(inspect(x)).toBe('Tensor(float32 [2]) [1, 2]');
    expect(inspect({ x })).toBe('{ x: Tensor(float32 [2]) [1, 2] }');
  });

  it('that it is freed, and throws nothing', () => {
    let gone: Tensor | undefined;
    scope(() => {
      gone = tensor([[1, 2]]);
    });
    expect(String(gone)).toBe('Tensor(float32 [1, 2]): freed when its scope ended');
    expect(inspect(gone)).toBe(String(gone));
    expect(() => gone?.toNested()).toThrow('tensor: must be used inside the scope it was made in');
  });

  it('its values on another backend too', () => {
    const x = tensor([1, 2]);
    withBackend(referenceBackend(), () => expect(String(x)).toBe('Tensor(float32 [2]) [1, 2]'));
    const y = withBackend(referenceBackend(), () => tensor([0.1]));
    expect(String(y)).toBe('Tensor(float32 [1]) [0.1]');
  });
});

describe('a tensor in nested arrays', () => {
  it.each([
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [7],
    [[true, false]],
    [[]],
    [[[], []]],
    [[[[1], [2]]]],
  ])('%j is what it was made of', (values) => {
    expect(tensor(values).toNested()).toEqual(values);
    expect(JSON.parse(JSON.stringify(tensor(values)))).toEqual(values);
  });

  it('is whole, however long', () => {
    expect(arange(5000).toNested()).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  it('is what JSON holds, in a scope too', () => {
    expect(scope(() => JSON.stringify({ x: tensor([[1, 2]]) }))).toBe('{"x":[[1,2]]}');
  });
});
