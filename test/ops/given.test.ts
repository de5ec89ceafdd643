// What a caller gives stays the caller's: lists and records may be changed after the call, and what is no operand or option is refused by name.
import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { checkpoint } from '../../src/autograd/checkpoint.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { add, concat, einsum, gru, gruCell, lstm, lstmCell, mul, square, stack, sum } from '../../src/ops/index.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const values = (x: Tensor | null) => x && Array.from(x.toArray());
const column = (n: number, value: number) => parameter(tensor(Array.from({ length: n }, () => [value])));
const weights = (gates: number) => ({
  weightIh: column(gates, 1),
  weightHh: column(gates, 1),
  biasIh: parameter(zeros([gates])),
  biasHh: parameter(zeros([gates])),
});

describe('what is changed after a call', () => {
  it('is not the list that concat joined', () => {
    scope(() => {
      const [a, b] = [parameter(tensor([1])), parameter(tensor([2]))];
      const list = [a, b];
      const y = concat(list);
      list.reverse();
      backward(sum(mul(y, tensor([3, 5]))));
      expect([values(a.grad), values(b.grad)]).toEqual([[3], [5]]);
    });
  });

  it('is not the list that checkpoint was given', () => {
    scope(() => {
      const [a, b] = [parameter(tensor([2])), parameter(tensor([3]))];
      const list = [a, b];
      const y = checkpoint((u, v) => mul(square(u), v), list);
      list.reverse();
      backward(sum(y));
      expect([values(a.grad), values(b.grad)]).toEqual([[12], [4]]);
    });
  });

  it.each([
    ['lstm', 4, (x: Tensor, w: ReturnType<typeof weights>) => lstm(x, null, null, w).output],
    ['gru', 3, (x: Tensor, w: ReturnType<typeof weights>) => gru(x, null, w).output],
  ])('is not the record of weights that %s has read', (_, gates, op) => {
    const gradient = (change: boolean) =>
      scope(() => {
        const [w, x] = [weights(gates), parameter(tensor([[[1], [2]]]))];
        const y = op(x, w);
        if (change) Object.assign(w, { weightIh: column(gates, 5), weightHh: column(gates, 5) });
        backward(sum(y));
        return values(x.grad);
      });
    expect(gradient(true)).toEqual(gradient(false));
  });

  it.each([
    ['lstmCell', 4, (x: Tensor, h: Tensor, w: ReturnType<typeof weights>) => lstmCell(x, h, ones([1, 1]), w).h],
    ['gruCell', 3, gruCell],
  ])('is not the record of weights that %s has read', (_, gates, op) => {
    const gradient = (change: boolean) =>
      scope(() => {
        const [w, h] = [weights(gates), parameter(tensor([[1]]))];
        const y = op(tensor([[1]]), h, w);
        if (change) Object.assign(w, { weightHh: column(gates, 5) });
        backward(sum(y));
        return values(h.grad);
      });
    expect(gradient(true)).toEqual(gradient(false));
  });
});

/** As a caller in JavaScript may call. */
const anyhow = (f: unknown) => f as (...given: unknown[]) => unknown;

describe('what is no option or operand is refused by name', () => {
  const p = () => parameter(tensor([1, 2]));

  it('by backward and grad', () => {
    scope(() => {
      const [x, y] = [p(), mul(p(), 2)];
      expect(() => anyhow(backward)(y, { grad: ones([2]) })).toThrow('backward: options must be among gradient, got grad');
      expect(() => anyhow(backward)(y, { gradient: [1, 1] })).toThrow('backward: gradient must be a tensor, got [1, 1]');
      expect(() => anyhow(backward)(y, { gradient: ones([2], 'int32') })).toThrow('backward: gradient must be float32, got int32');
      expect(() => anyhow(backward)(undefined)).toThrow('backward: result must be a tensor, got undefined');
      const z = sum(square(x));
      expect(() => anyhow(grad)(z, [x], { create_graph: true })).toThrow(
        'grad: options must be among gradient, createGraph, got create_graph',
      );
      expect(() => anyhow(grad)(z, x)).toThrow('grad: xs must be an array of tensors, got an object');
      expect(() => anyhow(grad)(z, [3])).toThrow('grad: xs must be a tensor, got 3');
    });
  });

  it('in one line, without the values of tensors', () => {
    scope(() => {
      const [x, y] = [ones([2, 2]), ones([3, 3])];
      expect(() => concat([x, y])).toThrow(/^concat: tensors must agree except along axis 0, got float32 \[2, 2\] and float32 \[3, 3\]$/);
      expect(() => stack([x, ones([2, 2], 'int32')])).toThrow(/^stack: tensors must be float32, got int32$/);
      expect(() => einsum('i,ij->j', add(x, 1), y)).toThrow(/^einsum: a term must have a letter for each axis, got 'i' for \[2, 2\]$/);
    });
  });
});
