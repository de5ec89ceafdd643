// What the op table cannot say of sparsemax, running sums and products, taking by index, and convolution.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import * as ops from '../../src/ops/index.ts';
import { detach, full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const list = (x: Tensor) => Array.from(x.toArray());
const drawn = (seed: number, ...shape: number[]) => ops.normal(key(seed), shape);
const gradientOf = (y: Tensor, x: Tensor) => list(grad(y, [x], { gradient: drawn(9, ...y.shape) })[0] as Tensor);

describe('sparsemax', () => {
  it('is the point of the simplex that no other one in its neighbourhood is nearer than', () => {
    const x = ops.mul(drawn(1, 40, 9), 0.7);
    const p = ops.sparsemax(x);
    for (const total of list(ops.sum(p, { axis: 1 }))) expect(Math.abs(total - 1)).toBeLessThan(5e-7);
    expect(Math.min(...list(p))).toBe(0);
    // The variational inequality of a projection: (x − p) · (q − p) ≤ 0 for every q of the simplex; its corners are enough.
    const off = ops.sub(x, p);
    const highest = ops.max(off, { axis: 1 });
    const own = ops.sum(ops.mul(off, p), { axis: 1 });
    for (const gap of list(ops.sub(highest, own))) expect(gap).toBeLessThan(2e-6);
  });

  it('gives known weights', () => {
    expect(list(ops.sparsemax(tensor([0.5, 0.5, -3])))).toEqual([0.5, 0.5, 0]);
    expect(list(ops.sparsemax(tensor([5, 0, 1])))).toEqual([1, 0, 0]);
    expect(list(ops.sparsemax(tensor([1, 0.5, 0.25])))).toEqual([0.75, 0.25, 0]);
    expect(list(ops.sparsemax(tensor([1e30, -1e30, 1e30])))).toEqual([0.5, 0, 0.5]);
  });

  it('is 0 with gradient 0 where the mask is false and where nothing may be attended to', () => {
    const x = parameter(
      tensor([
        [1, Number.NaN, 1.5, 9],
        [1, 2, 3, 4],
      ]),
    );
    const y = ops.sparsemax(x, {
      mask: tensor([
        [true, false, true, false],
        [false, false, false, false],
      ]),
    });
    expect(list(y)).toEqual([0.25, 0, 0.75, 0, 0, 0, 0, 0]);
    const g = gradientOf(y, x);
    expect(g.map((v, i) => (i === 0 || i === 2 ? v !== 0 : v === 0))).toEqual(new Array(8).fill(true));
    expect(list(ops.sparsemax(tensor([-Infinity, -Infinity])))).toEqual([0, 0]);
    expect(list(ops.sparsemax(zeros([2, 0])))).toEqual([]);
  });

  it('does not hide NaN', () => {
    expect(list(ops.sparsemax(tensor([1, Number.NaN, 3]))).every(Number.isNaN)).toBe(true);
    expect(list(ops.sparsemax(tensor([Number.NaN, -Infinity]))).every(Number.isNaN)).toBe(true);
    expect(list(ops.sparsemax(tensor([Infinity, 0]))).every(Number.isNaN)).toBe(true);
  });

  it('gives a row the same bits wherever it lies and whatever is hidden behind it', () => {
    for (let n = 1; n <= 40; n++) {
      const x = ops.mul(drawn(n, 3, n), 0.3);
      const all = list(ops.sparsemax(x));
      for (let r = 0; r < 3; r++) expect(list(ops.sparsemax(ops.slice(x, 0, r, r + 1)))).toEqual(all.slice(r * n, (r + 1) * n));
      for (const by of [1, 3, 4, 13]) {
        const padded = parameter(ops.concat([x, full([3, by], 5)], 1));
        const mask = tensor([Array.from({ length: n + by }, (_, i) => i < n)]);
        const y = ops.sparsemax(padded, { mask });
        expect(list(ops.slice(y, 1, 0, n))).toEqual(all);
        const g = drawn(77, 3, n);
        const behind = grad(y, [padded], { gradient: ops.concat([g, full([3, by], 7)], 1) })[0] as Tensor;
        const alone = parameter(detach(x));
        expect(list(ops.slice(behind, 1, 0, n))).toEqual(list(grad(ops.sparsemax(alone), [alone], { gradient: g })[0] as Tensor));
      }
    }
  });
});

describe('running sums and products', () => {
  it('have the values of their definition', () => {
    const x = tensor([[1, 2, 0, 4]]);
    expect(list(ops.cumsum(x))).toEqual([1, 3, 3, 7]);
    expect(list(ops.cumsum(x, { exclusive: true }))).toEqual([0, 1, 3, 3]);
    expect(list(ops.cumsum(x, { reverse: true }))).toEqual([7, 6, 4, 4]);
    expect(list(ops.cumprod(x))).toEqual([1, 2, 0, 0]);
    expect(list(ops.cumprod(x, { exclusive: true }))).toEqual([1, 1, 2, 0]);
    expect(list(ops.cumprod(x, { exclusive: true, reverse: true }))).toEqual([0, 0, 4, 1]);
    expect(list(ops.linearScan(x, full([1, 4], 2)))).toEqual([1, 4, 8, 20]);
    expect(list(ops.linearScan(x, full([1, 4], 2), { reverse: true }))).toEqual([37, 18, 8, 4]);
    expect(list(ops.cumsum(zeros([3, 0])))).toEqual([]);
    expect(list(ops.cumprod(zeros([3, 0])))).toEqual([]);
  });

  it('of products have the exact gradient where factors are 0', () => {
    const x = parameter(tensor([2, 0, 3, 0]));
    const y = ops.cumprod(x);
    // ∂(x0 x1)/∂x1 = 2, ∂(x0 x1 x2)/∂x1 = 6; two zeros leave nothing of the last.
    expect(list(grad(y, [x], { gradient: ones([4]) })[0] as Tensor)).toEqual([1, 2 + 6, 0, 0]);
  });

  it('refuses factors of another shape', () => {
    expect(() => ops.linearScan(zeros([2, 3]), zeros([3]))).toThrow('linearScan: x and a must have one shape, got [2, 3] and [3]');
  });
});

describe('monotonicWeights', () => {
  /** The same expectation by following every path: stops at each step are enumerated. */
  function enumerated(p: number[][], items: number): number[] {
    let weights: number[] = Array.from({ length: items }, (_, i) => (i === 0 ? 1 : 0));
    for (const stop of p) {
      const next = new Array<number>(items).fill(0);
      weights.forEach((weight, from) => {
        let arrives = weight;
        for (let j = from; j < items; j++) {
          next[j] = (next[j] as number) + arrives * (stop[j] as number);
          arrives *= 1 - (stop[j] as number);
        }
      });
      weights = next;
    }
    return weights;
  }

  it('is the expectation over all monotonic readers, certain stops and passes included', () => {
    const p = [
      [0.2, 0.7, 0.4, 0.9, 0.1],
      [0, 1, 0.5, 0.5, 0.3],
      [1, 0, 1, 0.25, 1],
      [0.5, 0.5, 0, 0, 0.5],
    ];
    let weights = tensor([1, 0, 0, 0, 0]);
    for (const [t, stop] of p.entries()) {
      weights = ops.monotonicWeights(tensor(stop), weights);
      const wanted = enumerated(p.slice(0, t + 1), 5);
      list(weights).forEach((weight, i) => expect(Math.abs(weight - (wanted[i] as number))).toBeLessThan(2e-7));
    }
  });

  it('keeps its digits over a long passage, where a quotient of products has none', () => {
    const n = 400; // 0.5^400 is far below float32
    const p = full([n], 0.5);
    const previous = ops.oneHot(tensor(Int32Array.of(300)), n);
    const weights = list(ops.monotonicWeights(p, ops.reshape(previous, [n])));
    expect(weights.slice(299, 303)).toEqual([0, 0.5, 0.25, 0.125]);
  });
});

describe('taking by index', () => {
  const items = tensor(
    Float32Array.from({ length: 12 }, (_, i) => i),
    { shape: [2, 3, 2] },
  );

  it('reads within each row of the batch', () => {
    expect(list(ops.batchGather(items, tensor(Int32Array.of(2, 0, 1, 1), { shape: [2, 2] })))).toEqual([4, 5, 0, 1, 8, 9, 8, 9]);
    const y = ops.batchGather(items, tensor(Int32Array.of(2, 0)));
    expect([y.shape, list(y)]).toEqual([
      [2, 2],
      [4, 5, 6, 7],
    ]);
    expect(list(ops.takeAlongAxis(tensor([[5, 6, 7]]), tensor(Int32Array.of(2, 2, 0, 1), { shape: [1, 4] })))).toEqual([7, 7, 5, 6]);
    expect(list(ops.scatterAddAlongAxis(tensor([[1, 2, 4]]), tensor(Int32Array.of(3, 0, 3), { shape: [1, 3] }), 4))).toEqual([2, 0, 0, 5]);
    expect(list(ops.oneHot(tensor(Int32Array.of(1, -1)), 3))).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it('refuses what does not fit', () => {
    const index = (...values: number[]) => tensor(Int32Array.from(values), { shape: [1, values.length] });
    expect(() => ops.batchGather(items, index(0, 1))).toThrow(
      'batchGather: x and index must share 1 leading axes, got [2, 3, 2] and [1, 2]',
    );
    expect(() => ops.batchGather(items, tensor(Int32Array.of(0, 3)))).toThrow('batchGather: index must be in [0, 3), got 3 at 1');
    expect(() => ops.takeAlongAxis(zeros([1, 3]), index(0, -1))).toThrow('takeAlongAxis: index must be in [0, 3), got -1 at 1');
    expect(() => ops.takeAlongAxis(zeros([1, 3]), tensor(Int32Array.of(1)))).toThrow('takeAlongAxis: index must have rank 2, got [1]');
    expect(() => ops.scatterAddAlongAxis(zeros([1, 3]), index(0, 1), 4)).toThrow(
      'scatterAddAlongAxis: x and index must have one shape, got [1, 3] and [1, 2]',
    );
    expect(() => ops.oneHot(index(0, 4), 4)).toThrow('oneHot: index must be in [-1, 4), got 4 at 1');
  });
});

describe('straightThrough', () => {
  it('has the bits of the hard value', () => {
    const soft = parameter(drawn(3, 4, 7));
    const hard = ops.oneHot(ops.argmax(soft, { axis: 1 }), 7);
    const y = ops.straightThrough(hard, soft);
    expect(list(y)).toEqual(list(hard));
    expect(list(grad(y, [soft], { gradient: full([4, 7], 3) })[0] as Tensor)).toEqual(new Array(28).fill(3));
  });
});

describe('conv1d', () => {
  it('is the sum of its definition', () => {
    const [x, w, b] = [drawn(1, 2, 7, 3), drawn(2, 4, 3, 5), drawn(3, 4)];
    const [xs, ws, bs] = [list(x), list(w), list(b)];
    const y = conv(x, w, b);
    expect(y.shape).toEqual([2, 7, 4]);
    list(y).forEach((value, at) => {
      const [n, t, o] = [Math.floor(at / 28), Math.floor(at / 4) % 7, at % 4];
      let wanted = bs[o] as number;
      for (let i = 0; i < 3; i++)
        for (let k = 0; k < 5; k++) {
          const from = t + k - 2;
          if (from >= 0 && from < 7) wanted += (ws[(o * 3 + i) * 5 + k] as number) * (xs[(n * 7 + from) * 3 + i] as number);
        }
      expect(Math.abs(value - wanted)).toBeLessThan(5e-6);
    });
  });

  const conv = (x: Tensor, w: Tensor, b?: Tensor) => ops.conv1d(x, w, b, { padding: 'same' });

  it('lets nothing of later items through where it is causal', () => {
    const [x, w] = [drawn(1, 1, 6, 2), drawn(2, 3, 2, 4)];
    const whole = list(ops.conv1d(x, w, undefined, { padding: 'causal' }));
    for (let t = 1; t <= 6; t++) {
      expect(list(ops.conv1d(ops.slice(x, 1, 0, t), w, undefined, { padding: 'causal' }))).toEqual(whole.slice(0, 3 * t));
    }
  });

  it('refuses what does not fit', () => {
    expect(() => conv(zeros([1, 5, 2]), zeros([3, 2, 4]))).toThrow('conv1d: padding same needs a weight of odd length, got 4');
    expect(() => conv(zeros([1, 5, 3]), zeros([3, 2, 3]))).toThrow(
      'conv1d: x must be [B, T, I] and weight [O, I, K], got [1, 5, 3] and [3, 2, 3]',
    );
    expect(() => ops.conv1d(zeros([1, 2, 2]), zeros([3, 2, 3]))).toThrow(
      'conv1d: weight must be no longer than x with its padding, got 3 and 2',
    );
    expect(() => ops.conv1d(zeros([1, 2, 2]), zeros([3, 2, 1]), undefined, { padding: -1 })).toThrow(
      'conv1d: padding must be same, causal or a whole number from 0, got -1',
    );
    expect(() => ops.unfold(zeros([1, 2]), 3, 1)).toThrow('unfold: size must be a whole number from 1 to 2, got 3');
  });
});
