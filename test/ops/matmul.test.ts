import { describe, expect, it } from 'vitest';
import { copy, expand } from '../../src/autograd/arithmetic.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { linear, matmul } from '../../src/ops/index.ts';
import { multiplier } from '../../src/ops/product/multiply.ts';
import { panelsOf } from '../../src/ops/product/panels.ts';
import { reshape, slice } from '../../src/ops/shape.ts';
import { backend } from '../../src/runtime/backend.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import { draws } from '../kernels/row.ts';

const random = (seed: number, ...shape: number[]) =>
  tensor(Float32Array.from(draws(seed).real(shape.reduce((p, q) => p * q, 1)).values), { shape });

describe('matmul', () => {
  it('multiplies', () => {
    const y = matmul(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([
        [5, 6],
        [7, 8],
      ]),
    );
    expect(Array.from(y.toArray())).toEqual([19, 22, 43, 50]);
  });

  it('gives a row the same bits whatever the number of rows, also through linear', () => {
    const x = random(1, 37, 300);
    const w = random(2, 300, 130);
    const all = matmul(x, w).toArray();
    for (const [start, end] of [
      [0, 1],
      [5, 6],
      [3, 12],
      [20, 37],
    ] as const) {
      const part = matmul(slice(x, 0, start, end), w).toArray();
      expect(part).toEqual(all.slice(start * 130, end * 130));
    }
    const wt = flipped(w, 300, 130);
    expect(linear(x, wt).toArray()).toEqual(all);
    expect(linear(slice(x, 0, 7, 8), wt).toArray()).toEqual(all.slice(7 * 130, 8 * 130));
  });

  it.each([1, 2, 3, 4])('gives a row of sums of %i terms the same bits whatever the number of rows', (terms) => {
    const [x, w] = [random(8, 40, terms), random(9, terms, 50)];
    const all = matmul(x, w).toArray();
    for (const row of [0, 17, 39]) expect(matmul(slice(x, 0, row, row + 1), w).toArray()).toEqual(all.slice(row * 50, row * 50 + 50));
    expect(matmul(x, flipped(w, terms, 50), { transposeB: true }).toArray()).toEqual(all);
  });

  it('gives a column the same bits whatever the number of columns', () => {
    const x = random(3, 9, 520);
    const w = random(4, 520, 100);
    const all = matmul(x, w).toArray();
    const some = matmul(x, slice(w, 1, 16, 21)).toArray();
    for (let i = 0; i < 9; i++) expect(some.slice(i * 5, i * 5 + 5)).toEqual(all.slice(i * 100 + 16, i * 100 + 21));
  });

  it('gives the same bits however the operands are stored', () => {
    const [x, w] = [random(5, 12, 270), random(6, 270, 40)];
    const [xt, wt] = [flipped(x, 12, 270), flipped(w, 270, 40)];
    const wanted = matmul(x, w).toArray();
    expect(matmul(xt, w, { transposeA: true }).toArray()).toEqual(wanted);
    expect(matmul(x, wt, { transposeB: true }).toArray()).toEqual(wanted);
    expect(matmul(xt, wt, { transposeA: true, transposeB: true }).toArray()).toEqual(wanted);
  });

  it.each([
    [1, 1, 600],
    [1, 45, 300],
    [2, 600, 257],
    [3, 33, 520],
    [2, 300, 240],
    [4, 31, 61],
    [5, 17, 300],
    [8, 40, 256],
    [9, 70, 270],
    [45, 1, 300],
    [37, 3, 520],
    [130, 66, 258],
    [129, 2051, 3],
  ])('adds in the documented order: [%i, %i] over %i', (m, n, k) => {
    const [x, w] = [random(m, m, k), random(n, k, n)];
    const wanted = summed(x.toArray(), w.toArray(), m, n, k);
    const [xt, wt] = [flipped(x, m, k), flipped(w, k, n)];
    const products = [
      matmul(x, w),
      matmul(xt, w, { transposeA: true }),
      matmul(x, wt, { transposeB: true }),
      matmul(xt, wt, { transposeA: true, transposeB: true }),
      linear(x, wt, zeros([n])),
    ];
    for (const y of products) expect(Buffer.compare(Buffer.from(y.toArray().buffer), Buffer.from(wanted.buffer))).toBe(0);
  });

  it.each([1, 2, 3, 4, 6, 130])('gives the same bits whichever way a product is computed: %i rows', (m) => {
    const [k, n] = [300, 45];
    const [x, w] = [random(m, m, k), random(n, k, n)];
    const wanted = matmul(x, w).toArray();
    const y = zeros([m, n]);
    multiplier(w, false, m)(y.ptr, x.ptr, 0);
    expect(y.toArray()).toEqual(wanted);
    const weight = parameter(copy(w));
    for (let use = 0; use < 3; use++) expect(matmul(x, weight).toArray()).toEqual(wanted);
    expect(panelsOf(weight, false)).not.toBeNull();
    expect(matmul(flipped(x, m, k), weight, { transposeA: true }).toArray()).toEqual(wanted);
    const [rows, columns] = [reshape(x, [1, m, k]), reshape(w, [1, k, n])];
    expect(matmul(rows, columns).toArray()).toEqual(wanted);
  });

  it.each([
    [[3], [3]],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 1, 3],
      [4, 1],
    ],
    [
      [2, 1, 3, 1],
      [2, 4, 1, 5],
    ],
    [[], [2, 3]],
    [[0], [0]],
  ])('of batches %j and %j is each product by itself', (p, q) => {
    const [x, w] = [random(1, ...p, 5, 12), random(2, ...q, 12, 9)];
    const y = matmul(x, w);
    const batch = y.shape.slice(0, -2);
    const items = batch.reduce((p, q) => p * q, 1);
    const each = (t: typeof x) => reshape(expand(t, [...batch, ...t.shape.slice(-2)]), [items, ...t.shape.slice(-2)]);
    if (y.size === 0) return expect(batch).toEqual([0]);
    const [xs, ws, ys] = [each(x), each(w), reshape(y, [items, 5, 9])];
    for (let i = 0; i < items; i++) {
      const at = (t: typeof x) => reshape(slice(t, 0, i, i + 1), t.shape.slice(1));
      expect(at(ys).toArray()).toEqual(matmul(at(xs), at(ws)).toArray());
    }
  });

  it('does not read what the memory held before', () => {
    scope(() => full([64, 64], Number.NaN));
    expect(Array.from(matmul(ones([3, 2]), ones([2, 5])).toArray())).toEqual(new Array(15).fill(2));
    scope(() => full([3, 5], Number.NaN));
    expect(Array.from(matmul(zeros([3, 0]), zeros([0, 5])).toArray())).toEqual(new Array(15).fill(0));
  });

  it('keeps no workspace', () => {
    const [a, b] = [random(1, 200, 300), random(2, 300, 100)];
    const before = backend().heap.report().blocks;
    const y = matmul(a, b);
    expect(backend().heap.report().blocks).toBe(before + 1);
    expect(y.shape).toEqual([200, 100]);
  });

  it('says what is wrong', () => {
    expect(() => matmul(ones([2, 3]), ones([4, 5]))).toThrow('matmul: inner lengths must agree, got [2, 3] and [4, 5]');
    expect(() => matmul(ones([2, 3]), ones([3, 5]), { transposeB: true })).toThrow(
      'matmul: inner lengths must agree, got [2, 3] and [3, 5] with transposeB',
    );
    expect(() => matmul(ones([3]), ones([3, 5]))).toThrow('matmul: operands must have two axes or more, got [3] and [3, 5]');
    expect(() => matmul(ones([2, 2, 3]), ones([3, 3, 5]))).toThrow('matmul: shapes must broadcast, got [2] and [3]');
    expect(() => matmul(ones([2, 3]), zeros([3, 5], 'int32'))).toThrow('matmul: b must be float32, got int32');
    expect(() => linear(ones([2, 3]), ones([5, 4]))).toThrow('linear: x must be [..., in] and weight [out, in], got [2, 3] and [5, 4]');
    expect(() => linear(ones([2, 3]), ones([5, 3]), ones([3]))).toThrow('linear: bias must be [5], got [3]');
  });
});

/** The order of docs/numerics.md in plain float32. */
function summed(x: ArrayLike<number>, w: ArrayLike<number>, m: number, n: number, k: number) {
  return Float32Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let total = 0;
    for (let block = 0; block < k; block += 256) {
      let sum = 0;
      for (let l = block; l < Math.min(k, block + 256); l++) {
        sum = Math.fround(sum + Math.fround((x[i * k + l] as number) * (w[l * n + j] as number)));
      }
      total = Math.fround(total + sum);
    }
    return total;
  });
}

function flipped(x: ReturnType<typeof tensor>, rows: number, columns: number) {
  const values = x.toArray();
  return tensor(
    Float32Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number),
    { shape: [columns, rows] },
  );
}
