// What the op table cannot say of softmax, layer norm, gathering and losses: the edges.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import * as ops from '../../src/ops/index.ts';
import { full, ones, tensor } from '../../src/tensor/create.ts';
import { key, randomInt } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const list = (x: Tensor) => Array.from(x.toArray());
const gradientOf = (y: Tensor, x: Tensor) => list(grad(y, [x], { gradient: ones(y.shape) })[0] as Tensor);
const drawn = (rows: number, n: number) =>
  tensor(
    Float32Array.from({ length: rows * n }, (_, i) => randomInt(key(3), i, 2000) / 100 - 10),
    { shape: [rows, n] },
  );

describe('a masked softmax', () => {
  it('gives exact zeros and no gradient where the mask is false, whatever lies there', () => {
    const x = parameter(tensor([[1, Number.NaN, 2, Number.POSITIVE_INFINITY]]));
    const y = ops.softmax(x, { mask: tensor([true, false, true, false]) });
    const [a, b, c, d] = list(y) as [number, number, number, number];
    expect([b, d]).toEqual([0, 0]);
    expect(a + c).toBeCloseTo(1, 6);
    expect(a / c).toBeCloseTo(Math.exp(-1), 6);
    const g = gradientOf(ops.square(y), x);
    expect([g[1], g[3]].map(Math.abs as (x?: number) => number)).toEqual([0, 0]);
    expect(Math.abs(g[0] as number)).toBeGreaterThan(0.01);
  });

  it('gives zeros and gradient zero where nothing may be attended to', () => {
    const x = parameter(drawn(3, 7));
    const y = ops.softmax(x, { mask: tensor([[true], [false], [true]]) });
    expect(list(y).slice(7, 14)).toEqual(new Array(7).fill(0));
    expect(
      gradientOf(ops.square(y), x)
        .slice(7, 14)
        .map((v) => v === 0),
    ).toEqual(new Array(7).fill(true));
    expect(list(ops.softmax(tensor([[-Infinity, -Infinity]])))).toEqual([0, 0]);
  });

  it('refuses a mask that is not bool or would stretch x', () => {
    expect(() => ops.softmax(drawn(2, 3), { mask: drawn(2, 3) })).toThrow('softmax: mask must be bool, got float32');
    expect(() => ops.softmax(drawn(1, 3), { mask: tensor([[true], [false]]) })).toThrow(
      'softmax: mask must broadcast to x, got [2, 1] and [1, 3]',
    );
  });
});

describe('extreme logits', () => {
  it('neither overflow nor vanish', () => {
    const x = tensor([[1e4, -1e4, 1e4, -Infinity]]);
    expect(list(ops.softmax(x))).toEqual([0.5, 0, 0.5, 0]);
    const [a, b, , d] = list(ops.logSoftmax(x)) as number[];
    expect(a).toBeCloseTo(-Math.LN2, 6);
    expect(d).toBe(-Infinity);
    expect(b).toBe(Math.fround(-20000 - Math.LN2));
    expect(ops.crossEntropy(x, tensor(Int32Array.of(1))).item()).toBeCloseTo(20000.693, 2);
    expect(list(ops.logSumExp(x))).toEqual([Math.fround(1e4 + Math.LN2)]);
    expect(list(ops.logSumExp(tensor([[-Infinity, -Infinity]])))).toEqual([-Infinity]);
    expect(list(ops.binaryCrossEntropyWithLogits(tensor([-1e4, 1e4]), tensor([0, 1]), { reduction: 'none' }))).toEqual([0, 0]);
  });

  it('do not hide NaN', () => {
    const x = tensor([[-Infinity, Number.NaN, -Infinity, 1, 2]]);
    expect(list(ops.softmax(x)).every(Number.isNaN)).toBe(true);
    expect(list(ops.softmax(tensor([[Number.NaN, -Infinity]]))).every(Number.isNaN)).toBe(true);
    expect(list(ops.max(x, { axis: 1 }))).toEqual([Number.NaN]);
  });
});

describe('a row', () => {
  const functions: [string, (x: Tensor) => Tensor][] = [
    ['softmax', ops.softmax],
    ['logSoftmax', ops.logSoftmax],
    ['logSumExp', ops.logSumExp],
    ['layerNorm', ops.layerNorm],
    ['sum', (x) => ops.sum(x, { axis: -1 })],
    ['max', (x) => ops.max(x, { axis: -1 })],
  ];
  it.each(functions)('has the same bits under %s wherever it lies in the batch', (_, f) => {
    for (const n of [1, 3, 4, 7, 19, 64, 101]) {
      const batch = drawn(5, n);
      const all = list(f(batch));
      const width = all.length / 5;
      for (let r = 0; r < 5; r++) {
        const alone = f(ops.slice(batch, 0, r, r + 1));
        expect(list(alone)).toEqual(all.slice(r * width, (r + 1) * width));
      }
    }
  });
});

describe('a row with zeros behind', () => {
  const behind = (x: Tensor, by: number, value: number) => ops.concat([x, full([x.shape[0] as number, by], value)], 1);

  it('has the same softmax and the same sum', () => {
    for (let n = 1; n <= 40; n++) {
      const x = drawn(3, n);
      const g = drawn(3, n);
      const slope = (xs: Tensor, gs: Tensor) => grad(ops.softmax(parameter(xs)), [xs], { gradient: gs })[0] as Tensor;
      for (const by of [1, 3, 4, 8, 13, 16, 50]) {
        expect(list(ops.slice(ops.softmax(behind(x, by, -Infinity)), 1, 0, n))).toEqual(list(ops.softmax(x)));
        expect(list(ops.sum(behind(x, by, 0), { axis: 1 }))).toEqual(list(ops.sum(x, { axis: 1 })));
      }
      const mask = tensor([Array.from({ length: n + 13 }, (_, i) => i < n)]);
      const xs = parameter(behind(x, 13, 5));
      const masked = grad(ops.softmax(xs, { mask }), [xs], { gradient: behind(g, 13, 7) })[0] as Tensor;
      expect(list(ops.slice(masked, 1, 0, n))).toEqual(list(slope(x, g)));
    }
  });
});

describe('max', () => {
  it('gives its gradient to the first of the largest', () => {
    const x = parameter(tensor([[1, 3, 3, 2]]));
    expect(gradientOf(ops.max(x, { axis: -1 }), x)).toEqual([0, 1, 0, 0]);
    expect(gradientOf(ops.max(x), x)).toEqual([0, 1, 0, 0]);
  });

  it('refuses an empty axis', () => {
    expect(() => ops.max(drawn(2, 0), { axis: 1 })).toThrow('max: axis must not be empty, got [2, 0]');
    expect(() => ops.argmax(drawn(2, 0), { axis: 1 })).toThrow('argmax: axis must not be empty, got [2, 0]');
  });
});

describe('indices', () => {
  it('are checked before a kernel sees them', () => {
    const x = drawn(30, 2);
    expect(() => ops.gather(x, tensor(Int32Array.of(0, 1, 29, 2, 31)))).toThrow('gather: index must be in [0, 30), got 31 at 4');
    expect(() => ops.gather(x, tensor([1, 2]))).toThrow('gather: index must be int32, got float32');
    expect(() => ops.segmentSum(x, tensor(new Int32Array(30).fill(-1)), 4)).toThrow('segmentSum: index must be in [0, 4), got -1 at 0');
    expect(() => ops.segmentSum(x, tensor(new Int32Array(3)), 4)).toThrow(
      'segmentSum: x must begin with the shape of index, got [30, 2] and [3]',
    );
    expect(() => ops.pick(x, tensor(new Int32Array(30).fill(2)))).toThrow('pick: index must be in [-1, 2), got 2 at 0');
  });

  it('gather and scatter rows', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const index = tensor(Int32Array.of(2, 0, 2));
    expect(list(ops.gather(x, index))).toEqual([5, 6, 1, 2, 5, 6]);
    expect(list(ops.segmentSum(x, index, 3))).toEqual([3, 4, 0, 0, 6, 8]);
    expect(list(ops.pick(x, tensor(Int32Array.of(1, -1, 0))))).toEqual([2, 0, 5]);
  });
});

describe('crossEntropy', () => {
  it('leaves ignored targets out of the loss, the mean and the gradient', () => {
    const x = parameter(drawn(3, 4));
    const target = tensor(Int32Array.of(1, -100, 2));
    const y = ops.crossEntropy(x, target, { ignoreIndex: -100 });
    const kept = ops.gather(x, tensor(Int32Array.of(0, 2)));
    expect(y.item()).toBe(ops.crossEntropy(kept, tensor(Int32Array.of(1, 2))).item());
    expect(
      gradientOf(y, x)
        .slice(4, 8)
        .every((v) => v === 0),
    ).toBe(true);
  });

  it('is 0 with gradient 0 where every target is ignored', () => {
    const x = parameter(drawn(2, 4));
    for (const labelSmoothing of [0, 0.1]) {
      const y = ops.crossEntropy(x, tensor(Int32Array.of(9, 9)), { ignoreIndex: 9, labelSmoothing });
      expect(y.item()).toBeCloseTo(0, 12);
      expect(gradientOf(y, x).every((v) => v === 0)).toBe(true);
    }
  });

  it('checks targets', () => {
    expect(() => ops.crossEntropy(drawn(2, 4), tensor(Int32Array.of(0, 4)))).toThrow('crossEntropy: target must be in [0, 4), got 4 at 1');
    expect(() => ops.crossEntropy(drawn(2, 4), tensor(Int32Array.of(0)))).toThrow('crossEntropy: target must have the shape of');
  });
});
