// Sums, comparisons, losses and orders where numbers are large, infinite or none, against values worked out by hand or in plain float64.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import * as ops from '../../src/ops/index.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { range, total } from './plain.ts';

const list = (x: Tensor) => Array.from(x.toArray());
const int32 = (...values: number[]) => tensor(Int32Array.from(values));
const gradientOf = (y: Tensor, x: Tensor) => list(grad(y, [x], { gradient: ones(y.shape) })[0] as Tensor);

describe('sums over leading axes', () => {
  it('do not stop at 2²⁴ however many rows there are', () => {
    scope(() => {
      expect(list(ops.sum(full([2 ** 25, 2], 1), { axis: 0 }))).toEqual([2 ** 25, 2 ** 25]);
      expect(ops.mean(full([2 ** 24 + 5, 2], 0.1), { axis: 0 }).toArray()[1]).toBeCloseTo(0.1, 6);
    });
  });

  it('go one row after the other up to 4,096, and by blocks of 256 beyond', () => {
    const f = Math.fround;
    const inOrder = (x: readonly number[]) => x.reduce((sum, v) => f(sum + v), 0);
    for (const n of [4095, 4096, 4097, 4352, 10_001]) {
      scope(() => {
        const x = range(3 * n).map((i) => f(Math.sin(i) * 10 ** (i % 4)));
        const column = (i: number) => range(n).map((k) => x[3 * k + i] as number);
        const blocks = (of: readonly number[]) => range(Math.ceil(n / 256)).map((b) => inOrder(of.slice(256 * b, 256 * (b + 1))));
        const wanted = range(3).map((i) => inOrder(n > 4096 ? blocks(column(i)) : column(i)));
        const rows = tensor(Float32Array.from(x), { shape: [n, 3] });
        expect(list(ops.sum(rows, { axis: 0 }))).toEqual(wanted);
        expect(list(ops.sum(ops.stack([rows, rows]), { axis: 1 }))).toEqual([...wanted, ...wanted]);
      });
    }
  });

  it('of one long row go by blocks too: a sum of 2²⁹ ones would stop at 2²⁸ in sixteen lanes', () => {
    scope(() => {
      const n = 2 ** 21 + 3;
      const tail = full([n], 1);
      tail.view()[0] = 2 ** 20;
      expect(ops.sum(tail).item()).toBe(2 ** 20 + n - 1);
    });
  });
});

describe('comparisons', () => {
  it('of int32 are exact, where float32 holds neither', () => {
    const [a, b] = [int32(20_000_001, -20_000_001, 2 ** 31 - 1), int32(20_000_000, -20_000_000, -(2 ** 31))];
    expect(list(ops.equal(a, b))).toEqual([0, 0, 0]);
    expect(list(ops.less(a, b))).toEqual([0, 1, 0]);
    expect(list(ops.lessEqual(b, a))).toEqual([1, 0, 1]);
    expect(list(ops.greater(a, b))).toEqual([1, 0, 1]);
    expect(list(ops.greaterEqual(a, 20_000_001))).toEqual([1, 0, 1]);
    expect(list(ops.equal(20_000_000, b))).toEqual([1, 0, 0]);
  });

  it('of int32 with float32, fractions and NaN are exact too', () => {
    const a = int32(16_777_217, 3, -3);
    expect(list(ops.equal(a, tensor([16_777_216, 3, -3])))).toEqual([0, 1, 1]);
    expect(list(ops.less(a, 2.5))).toEqual([0, 0, 1]);
    expect(list(ops.greaterEqual(2 ** 40, a))).toEqual([1, 1, 1]);
    expect(list(ops.lessEqual(a, Number.NaN))).toEqual([0, 0, 0]);
    expect(list(ops.less(tensor([true, false]), int32(1, 1)))).toEqual([0, 1]);
    expect(list(ops.greater(tensor([[2.5], [-4]]), a))).toEqual([0, 0, 1, 0, 0, 0]);
  });
});

describe('infinite logits', () => {
  it('of logSumExp give ∞, and NaN only where there is one', () => {
    const rows = tensor([[Infinity, 1], [-Infinity, Infinity], [-Infinity, -Infinity], [Infinity, Number.NaN], [-Infinity, 2]]); // biome-ignore format: rows
    expect(list(ops.logSumExp(rows))).toEqual([Infinity, Infinity, -Infinity, Number.NaN, 2]);
  });

  it('of binary cross-entropy that are right cost nothing, and wrong ones everything', () => {
    const x = parameter(tensor([Infinity, -Infinity, Infinity, -Infinity, 0]));
    const y = ops.binaryCrossEntropyWithLogits(x, tensor([1, 0, 0, 1, 1]), { reduction: 'none' });
    expect(list(y)).toEqual([0, 0, Infinity, Infinity, Math.fround(Math.LN2)]);
    expect(gradientOf(y, x)).toEqual([0, 0, 1, -1, -0.5]);
  });
});

describe('label smoothing with classes of −∞', () => {
  const target = int32(1, 0);
  const closed = () => parameter(tensor([[-Infinity, 2, 3, 0.5], [1, -Infinity, -2, -Infinity]])); // biome-ignore format: rows
  const open = [[2, 3, 0.5], [1, -2]]; // biome-ignore format: rows
  const own = [0, 0]; // the target's place among the open ones
  const logs = (x: readonly number[]) => x.map((v) => v - Math.log(total(x.map(Math.exp))));
  const wanted = open.map((x, r) => {
    const y = logs(x);
    return -0.9 * (y[own[r] as number] as number) - (0.1 / x.length) * total(y);
  });

  it('counts them as if they were not there', () => {
    const x = closed();
    const y = ops.crossEntropy(x, target, { labelSmoothing: 0.1, reduction: 'none' });
    list(y).forEach((value, r) => expect(value).toBeCloseTo(wanted[r] as number, 5));
    const slopes = open.map((row, r) => logs(row).map((v, i) => Math.exp(v) - 0.1 / row.length - (i === own[r] ? 0.9 : 0)));
    const g = gradientOf(y, x);
    [
      [1, 2, 3],
      [0, 2],
    ].forEach((places, r) => {
      places.forEach((place, i) => expect(g[4 * r + place]).toBeCloseTo(slopes[r]?.[i] as number, 5));
    });
    expect([g[0], g[5], g[7]].map(Math.abs as (x?: number) => number)).toEqual([0, 0, 0]);
  });

  it('is infinite only where the target is one of them', () => {
    const x = tensor([[-Infinity, 2]]);
    expect(ops.crossEntropy(x, int32(0), { labelSmoothing: 0.1 }).item()).toBe(Infinity);
    expect(ops.crossEntropy(x, int32(0), { labelSmoothing: 1 }).item()).toBe(0);
    expect(ops.crossEntropy(tensor([[-Infinity, -Infinity]]), int32(0), { labelSmoothing: 0.1 }).item()).toBe(Infinity);
  });

  it('has the second gradient that central differences say', () => {
    const f = (x: Tensor) =>
      ops.crossEntropy(ops.concat([x, full([2, 1], -Infinity)], 1), int32(1, 0), { labelSmoothing: 0.3, reduction: 'sum' });
    gradcheck(f, [tensor([[0.5, -1, 2], [1, 0.25, -0.5]])], { order: 2 }); // biome-ignore format: rows
  });
});

describe('class weights', () => {
  const logits = [[0.5, -1, 2], [1, 0.25, -0.5], [0, 3, 1], [-1, 0.5, 0.75]]; // biome-ignore format: rows
  const target = [2, 0, 1, 0];
  const weight = [0.5, 2, 0];
  const logs = logits.map((x) => x.map((v) => v - Math.log(total(x.map(Math.exp)))));
  const w = (k: number) => weight[k] as number;
  const y = (r: number, k: number) => logs[r]?.[k] as number;

  it.each([0, 0.2])('divide the mean by the weights of the targets, as PyTorch does (smoothing %d)', (e) => {
    const losses = target.map((k, r) => -(1 - e) * w(k) * y(r, k) - (e / 3) * total(range(3).map((c) => w(c) * y(r, c))));
    const divisor = total(target.map(w));
    const [x, t, by] = [tensor(logits), int32(...target), tensor(weight)];
    const options = { weight: by, labelSmoothing: e };
    list(ops.crossEntropy(x, t, { ...options, reduction: 'none' })).forEach((v, r) => expect(v).toBeCloseTo(losses[r] as number, 5));
    expect(ops.crossEntropy(x, t, { ...options, reduction: 'sum' }).item()).toBeCloseTo(total(losses), 5);
    expect(ops.crossEntropy(x, t, options).item()).toBeCloseTo(total(losses) / divisor, 5);
    expect(ops.crossEntropy(x, t, { ...options, ignoreIndex: 0 }).item()).toBeCloseTo(
      ((losses[0] as number) + (losses[2] as number)) / 2,
      5,
    );
    if (e === 0) expect(ops.nllLoss(tensor(logs), t, { weight: by }).item()).toBeCloseTo(total(losses) / divisor, 5);
  });

  it('have gradients of first and second order', () => {
    const f = (x: Tensor) => ops.crossEntropy(x, int32(...target), { weight: tensor([0.5, 2, 1.5]), labelSmoothing: 0.2 });
    gradcheck(f, [tensor(logits)], { order: 2 });
  });

  it('are refused where they do not fit', () => {
    const [x, t] = [tensor(logits), int32(...target)];
    expect(() => ops.crossEntropy(x, t, { weight: tensor([1, 2]) })).toThrow('crossEntropy: weight must be [3], got [2]');
    expect(() => ops.crossEntropy(x, t, { weight: tensor([1, 2, -1]) })).toThrow('crossEntropy: weight must be finite and from 0, got -1');
    expect(() => ops.crossEntropy(x, t, { weight: parameter(ones([3])) })).toThrow('crossEntropy: weight must be a constant');
  });

  it('of positives multiply their part of a binary cross-entropy', () => {
    const [x, t, p] = [[0.5, -1, 2], [1, 0, 0.25], [3, 1, 0.5]]; // biome-ignore format: rows
    const one = (i: number, by: number) =>
      by * (t[i] as number) * Math.log1p(Math.exp(-(x[i] as number))) + (1 - (t[i] as number)) * Math.log1p(Math.exp(x[i] as number));
    const call = (posWeight: Tensor | number) =>
      list(ops.binaryCrossEntropyWithLogits(tensor(x), tensor(t), { posWeight, reduction: 'none' }));
    call(tensor(p)).forEach((v, i) => expect(v).toBeCloseTo(one(i, p[i] as number), 5));
    call(3).forEach((v, i) => expect(v).toBeCloseTo(one(i, 3), 5));
    expect(() => call(tensor([1, 2]))).toThrow('binaryCrossEntropyWithLogits: ');
    expect(() => call(-1)).toThrow('binaryCrossEntropyWithLogits: posWeight must be finite and from 0, got -1');
  });
});

describe('int32 arithmetic', () => {
  it('is exact where float32 would round, and modulo 2³²', () => {
    const [a, b] = [int32(16_777_217, 2 ** 31 - 1, -5), int32(1, 1, 7)];
    expect(list(ops.add(a, b))).toEqual([16_777_218, -(2 ** 31), 2]);
    expect(list(ops.sub(a, b))).toEqual([16_777_216, 2 ** 31 - 2, -12]);
    expect(list(ops.mul(a, 3))).toEqual([50_331_651, 2_147_483_645, -15]);
    expect(list(ops.neg(a))).toEqual([-16_777_217, -(2 ** 31) + 1, 5]);
    expect(list(ops.sub(1, b))).toEqual([0, 0, -6]);
    expect(list(ops.maximum(a, b))).toEqual([16_777_217, 2 ** 31 - 1, 7]);
    expect(list(ops.minimum(a, 0))).toEqual([0, 0, -5]);
    expect(ops.add(ops.reshape(a, [3, 1]), b).shape).toEqual([3, 3]);
    for (const x of [ops.add(a, b), ops.neg(a), ops.minimum(a, 0), ops.sum(b, { axis: 0, keepDims: true })]) expect(x.dtype).toBe('int32');
  });

  it('sums, and finds the largest and the smallest, exactly', () => {
    const x = tensor(Int32Array.of(16_777_217, 16_777_216, -3, 4, 4, -(2 ** 31)), { shape: [2, 3] });
    expect(list(ops.sum(ops.slice(x, 1, 0, 2), { axis: 0 }))).toEqual([16_777_221, 16_777_220]);
    expect(ops.sum(ops.slice(x, 0, 0, 1)).item()).toBe(33_554_430);
    expect(list(ops.max(x, { axis: 1 }))).toEqual([16_777_217, 4]);
    expect(list(ops.argmax(x, { axis: 1 }))).toEqual([0, 0]);
    expect(list(ops.min(x, { axis: 0 }))).toEqual([4, 4, -(2 ** 31)]);
    expect(ops.argmin(x).item()).toBe(5);
    expect(list(ops.sort(x, { axis: 1 }))).toEqual([-3, 16_777_216, 16_777_217, -(2 ** 31), 4, 4]);
  });

  it('refuses fractions, float32 beside it, division, and sums beyond 32 bits', () => {
    const a = int32(1, 2);
    expect(() => ops.add(a, 0.5)).toThrow('add: b must be a whole number of 32 bits beside int32, got 0.5');
    expect(() => ops.mul(tensor([1, 2]), a)).toThrow('mul: a must be int32, got float32');
    expect(() => ops.div(a, 2)).toThrow('div: operands must be float32, got int32 (toFloat makes it so)');
    expect(() => ops.sum(int32(2 ** 31 - 1, 1))).toThrow('sum: a sum of int32 must fit 32 bits, got 2147483648');
    expect(() => ops.mean(a)).toThrow('mean: x must be float32, got int32');
  });
});

describe('order', () => {
  const x = () => tensor([2, NaN, -0, 0, -Infinity, 2, Infinity, NaN]);

  it('has NaN after every number, −0 as 0, and equals in the order of their places', () => {
    expect(list(ops.argsort(x()))).toEqual([4, 2, 3, 0, 5, 6, 1, 7]);
    expect(list(ops.argsort(x(), { descending: true }))).toEqual([1, 7, 6, 0, 5, 2, 3, 4]);
    expect(list(ops.sort(x()))).toEqual([-Infinity, -0, 0, 2, 2, Infinity, NaN, NaN]);
    expect(list(ops.topk(x(), 3).indices)).toEqual([1, 7, 6]);
    expect(list(ops.topk(x(), 4, { largest: false }).indices)).toEqual([4, 2, 3, 0]);
    expect(ops.min(x()).item()).toBeNaN();
    expect(ops.argmin(x()).item()).toBe(1);
    expect(list(ops.argmin(tensor([[3, 1, 1], [0, -0, 5]]), { axis: 1 }))).toEqual([1, 0]); // biome-ignore format: rows
  });

  it('gives gradients back to where elements came from, and takes empty axes', () => {
    const p = parameter(tensor([3, 1, 2]));
    expect(list(grad(ops.sort(p), [p], { gradient: tensor([10, 20, 30]) })[0] as Tensor)).toEqual([30, 10, 20]);
    expect(ops.sort(full([2, 0], 1)).shape).toEqual([2, 0]);
    expect(ops.topk(full([2, 3], 1), 0).values.shape).toEqual([2, 0]);
    expect(() => ops.topk(full([2, 3], 1), 4)).toThrow('topk: k must be a whole number from 0 to 3, got 4');
    expect(() => ops.sort(tensor([true]))).toThrow('sort: x must be float32 or int32, got bool');
  });
});

describe('pow', () => {
  it('has the limits of C99, and squares as a product does', () => {
    const cases: [number, number, number][] = [
      [0, 0, 1], [NaN, 0, 1], [1, NaN, 1], [-1, Infinity, 1], [-8, 1 / 3, NaN], [-2, 3, -8], [-2, -2, 0.25], [0, -1, Infinity], [-0, -3, -Infinity],
      [-0, 2, 0], [0.5, Infinity, 0], [2, -Infinity, 0], [-Infinity, 3, -Infinity], [-Infinity, 0.5, Infinity], [3, 40, Math.fround(3 ** 40)],
    ]; // biome-ignore format: a table
    for (const [a, b, wanted] of cases) {
      expect(ops.pow(tensor([a]), b).item(), `${a} to the ${b}`).toBe(wanted);
      expect(ops.pow(a, tensor([b])).item(), `${a} to the ${b}`).toBe(
        Number.isFinite(b) ? ops.pow(tensor([a]), tensor([b])).item() : wanted,
      );
    }
    const x = tensor(range(1000).map((i) => Math.fround(Math.sin(i) * 100)));
    expect(list(ops.pow(x, 2))).toEqual(list(ops.square(x)));
  });

  it('has finite gradients at 0', () => {
    const [a, b] = [parameter(tensor([0, 0, 2])), parameter(tensor([2, 0, 3]))];
    const [da, db] = grad(ops.pow(a, b), [a, b], { gradient: ones([3]) }) as [Tensor, Tensor];
    expect(list(da)).toEqual([0, 0, 12]);
    expect(list(db)).toEqual([0, 0, Math.fround(8 * Math.fround(Math.LN2))]);
    const p = parameter(tensor([0, 3]));
    expect(gradientOf(ops.pow(p, 2), p)).toEqual([0, 6]);
    expect(gradientOf(ops.pow(p, 0), p)).toEqual([0, 0]);
    const special = parameter(tensor([0, Number.NaN, Number.POSITIVE_INFINITY]));
    expect(gradientOf(ops.pow(special, parameter(zeros([3]))), special)).toEqual([0, 0, 0]);
    expect(gradientOf(ops.pow(special, 0), special)).toEqual([0, 0, 0]);
  });

  it('has a mixed second gradient also where the exponent is 0: 1/a', () => {
    const [a, b] = [parameter(tensor([0.5, 2])), parameter(tensor([0, 0]))];
    const [da] = grad(ops.sum(ops.pow(a, b)), [a], { createGraph: true }) as [Tensor];
    expect(list(grad(ops.sum(da), [b])[0] as Tensor)).toEqual([2, 0.5]);
  });
});

describe('slices in steps', () => {
  const x = () => tensor(range(7));
  it('are NumPy’s', () => {
    expect(list(ops.slice(x(), 0, 1, -1, { step: 2 }))).toEqual([1, 3, 5]);
    expect(list(ops.slice(x(), 0, -1, undefined, { step: -3 }))).toEqual([6, 3, 0]);
    expect(list(ops.slice(x(), 0, 5, 1, { step: -2 }))).toEqual([5, 3]);
    expect(list(ops.slice(x(), 0, 3, 3, { step: -1 }))).toEqual([]);
    expect(() => ops.slice(x(), 0, 0, 7, { step: 0 })).toThrow('slice: step must be a whole number other than 0, got 0');
    expect(() => ops.slice(x(), 0, 1, 5, { step: -1 })).toThrow(
      'slice: start and end must lie in order within [0, 7], got 1 and 5 in steps of -1',
    );
  });
});

describe('variance', () => {
  it('keeps its digits where the mean is large, and refuses too few elements', () => {
    const x = tensor([10_001, 10_002, 10_003]);
    expect(ops.variance(x).item()).toBe(1);
    expect(ops.std(x, { correction: 0 }).item()).toBe(Math.fround(Math.sqrt(Math.fround(2 / 3))));
    expect(() => ops.variance(tensor([1]))).toThrow('variance: axes must hold more elements than the correction, got 1 and 1');
  });
});
