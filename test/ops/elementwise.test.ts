import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import * as ops from '../../src/ops/index.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const list = (x: Tensor) => Array.from(x.toArray());
const bools = (...values: number[]) => tensor(values, { dtype: 'bool' });

function gradients(f: (...xs: Tensor[]) => Tensor, ...values: number[][]): number[][] {
  const xs = values.map((v) => parameter(tensor(v)));
  const y = f(...xs);
  return grad(y, xs, { gradient: ones(y.shape) }).map(list);
}

describe('gelu', () => {
  it.each(['none', 'tanh'] as const)('has the bits that it has where no gradient is wanted, %s', (approximate) => {
    const values = Float32Array.from({ length: 1001 }, (_, i) => (i - 500) / 60);
    expect(list(ops.gelu(parameter(tensor(values)), { approximate }))).toEqual(list(ops.gelu(tensor(values), { approximate })));
  });
});

describe('logic', () => {
  const [a, b] = [bools(0, 0, 1, 1), bools(0, 1, 0, 1)];
  it('has the tables of and, or, not', () => {
    expect(list(ops.and(a, b))).toEqual([0, 0, 0, 1]);
    expect(list(ops.or(a, b))).toEqual([0, 1, 1, 1]);
    expect(list(ops.not(a))).toEqual([1, 1, 0, 0]);
  });

  it('compares with NaN as false, and element types with each other', () => {
    const x = tensor([NaN, 1, 2]);
    for (const f of [ops.equal, ops.less, ops.lessEqual, ops.greater, ops.greaterEqual]) expect(list(f(x, x))[0]).toBe(0);
    expect(list(ops.equal(tensor(Int32Array.of(3, 1, 2)), x))).toEqual([0, 1, 1]);
    expect(list(ops.greaterEqual(tensor(Int32Array.of(3, 1, 2)), 2))).toEqual([1, 0, 1]);
    expect(list(ops.less(2, tensor(Int32Array.of(3, 1, 2))))).toEqual([1, 0, 0]);
  });

  it('chooses by mask, also int32 and between two numbers', () => {
    expect(list(ops.where(a, tensor(Int32Array.of(1, 2, 3, 4)), 9))).toEqual([9, 9, 3, 4]);
    expect(list(ops.where(a, 1, 0.5))).toEqual([0.5, 0.5, 1, 1]);
    expect(ops.where(bools(1), 1, tensor([[2], [3]])).shape).toEqual([2, 1]);
  });
});

describe('gradients where a function has a kink', () => {
  it('abs, relu: 0 at 0', () => {
    expect(gradients(ops.abs, [-1, 0, 1])).toEqual([[-1, 0, 1]]);
    expect(gradients(ops.relu, [-1, 0, 1])).toEqual([[0, 0, 1]]);
  });

  it('maximum, minimum: half to each at a tie', () => {
    const [a, b] = [
      [1, 2, 3],
      [2, 2, 2],
    ];
    expect(gradients(ops.maximum, a, b)).toEqual([
      [0, 0.5, 1],
      [1, 0.5, 0],
    ]);
    expect(gradients(ops.minimum, a, b)).toEqual([
      [1, 0.5, 0],
      [0, 0.5, 1],
    ]);
  });

  it('clamp: 1 at the ends', () => {
    expect(gradients((x) => ops.clamp(x, -1, 1), [-2, -1, 0, 1, 2])).toEqual([[0, 1, 1, 1, 0]]);
  });

  it('where: nothing of an infinite gradient reaches the other branch', () => {
    const safe = (x: Tensor) => ops.where(ops.less(0, x), ops.mul(x, 2), 0);
    expect(gradients(safe, [Infinity, -Infinity])).toEqual([[2, 0]]);
  });
});

describe('numbers as operands', () => {
  it('keep the sign of zero and round once', () => {
    expect(list(ops.mul(tensor([-0, 0, -1]), 2))).toEqual([-0, 0, -2]);
    expect(list(ops.add(tensor([0.1]), 0.2))).toEqual([Math.fround(Math.fround(0.1) + Math.fround(0.2))]);
    expect(list(ops.div(tensor([1]), 3))).toEqual([Math.fround(1 / 3)]);
  });
});

describe('NaN', () => {
  it('goes through', () => {
    const x = tensor([NaN]);
    const { abs, sign, exp, log, tanh, sigmoid, erf, sin, cos, sqrt, relu, softplus, gelu } = ops;
    for (const f of [abs, sign, exp, log, tanh, sigmoid, erf, sin, cos, sqrt, relu, softplus, gelu]) expect(f(x).item(), f.name).toBeNaN();
    expect(ops.clamp(x, 0, 1).item()).toBeNaN();
    for (const f of [ops.maximum, ops.minimum, ops.add, ops.mul]) {
      expect(f(x, 1).item(), f.name).toBeNaN();
      expect(f(1, x).item(), f.name).toBeNaN();
    }
  });
});

describe('errors', () => {
  it('say the rule and the values', () => {
    expect(() => ops.exp(tensor(Int32Array.of(1)))).toThrow('exp: x must be float32, got int32');
    expect(() => ops.add(ones([2, 3]), ones([4]))).toThrow('add: shapes must broadcast, got [2, 3] and [4]');
    expect(() => ops.and(ones([2]), bools(1))).toThrow('and: a must be bool, got float32');
    expect(() => ops.where(ones([2]), 1, 2)).toThrow('where: mask must be bool, got float32');
    expect(() => ops.where(bools(1), ones([1]), bools(1))).toThrow('where: b must be float32, got bool');
    expect(() => ops.clamp(ones([2]), 1, 0)).toThrow('clamp: low must not exceed high, got 1 and 0');
  });
});
