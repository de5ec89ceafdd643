// The order of sums is a promise (docs/numerics.md): here it is followed once more in float32 steps, and the bits must be those.
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { param } from '../../src/nn/module.ts';
import { batchNorm, embeddingBag, linear, matmul, segmentSum, sum, transpose } from '../../src/ops/index.ts';
import { kernels } from '../../src/runtime/backend.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { draws } from './row.ts';

const f = Math.fround;
const list = (x: Tensor) => Array.from(x.toArray());
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
/** Numbers of many sizes, so that each order rounds otherwise. */
const drawn = (seed: number, n: number) =>
  draws(seed)
    .real(n, -1, 1)
    .values.map((v, i) => f(v * 10 ** (i % 5)));
const made = (values: readonly number[], ...shape: number[]) => tensor(Float32Array.from(values), { shape });
const inOrder = (values: readonly number[], from = 0) => values.reduce((total, v) => f(total + v), from);

/** Element i in vector ⌊i/4⌋ mod 4 and lane i mod 4; then (0 + 1) + (2 + 3), then the lanes as (0 + 2) + (1 + 3). */
function rowSum(x: readonly number[]): number {
  const sums = range(4).map(() => range(4).map(() => 0));
  for (const [i, v] of x.entries()) {
    const vector = sums[Math.floor(i / 4) % 4] as number[];
    vector[i % 4] = f((vector[i % 4] as number) + v);
  }
  const lane = (l: number) => {
    const [a, b, c, d] = sums.map((vector) => vector[l] as number) as [number, number, number, number];
    return f(f(a + b) + f(c + d));
  };
  return f(f(lane(0) + lane(2)) + f(lane(1) + lane(3)));
}

const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 11, 15, 16, 17, 31, 33, 64, 67, 100, 259];

describe('the order of sums in the deterministic build', () => {
  it('sum: rows go round robin into four vectors', () => {
    for (const n of LENGTHS) {
      const x = drawn(n, 3 * n);
      expect(list(sum(made(x, 3, n), { axis: 1 }))).toEqual(range(3).map((r) => rowSum(x.slice(r * n, (r + 1) * n))));
    }
  });

  it('sum: columns one after the other', () => {
    for (const n of LENGTHS) {
      for (const inner of [2, 3, 4, 5, 9]) {
        const x = drawn(n, n * inner);
        const column = (i: number) => range(n).map((k) => x[k * inner + i] as number);
        expect(list(sum(made(x, n, inner), { axis: 0 }))).toEqual(range(inner).map((i) => inOrder(column(i))));
      }
    }
  });

  it('scatterAdd: rows in order', () => {
    const [n, width] = [23, 5];
    const x = drawn(1, n * width);
    const index = range(n).map((i) => (i * 5) % 3);
    const wanted = range(3).flatMap((k) =>
      range(width).map((j) => inOrder(range(n).flatMap((i) => (index[i] === k ? [x[i * width + j] as number] : [])))),
    );
    expect(list(segmentSum(made(x, n, width), tensor(Int32Array.from(index)), 3))).toEqual(wanted);
  });

  it('embeddingBag: places in order, and bags in order for both gradients, a product and a sum at a time', () => {
    const [bags, length, width, rows] = [9, 4, 5, 3];
    const [x, w, g] = [drawn(1, rows * width), drawn(2, length * width), drawn(3, bags * width)];
    const index = range(bags * length).map((i) => (i * 7) % 4); // 3 is skipped
    const places = range(bags)
      .flatMap((i) => range(length).map((j) => ({ i, j, k: index[i * length + j] as number })))
      .filter(({ k }) => k < rows);
    const at = (values: readonly number[], row: number, d: number) => values[row * width + d] as number;
    const sums = (count: number, of: 'i' | 'j' | 'k', term: (place: (typeof places)[number], d: number) => number) =>
      range(count).flatMap((row) =>
        range(width).map((d) => inOrder(places.filter((place) => place[of] === row).map((place) => f(term(place, d))))),
      );
    const [table, weights] = [
      param(() => made([...x, ...range(width).map(() => 9)], rows + 1, width)),
      param(() => made(w, length, width)),
    ];
    const y = embeddingBag(table, tensor(Int32Array.from(index), { shape: [bags, length] }), { weights, paddingIndex: rows });
    expect(list(y)).toEqual(sums(bags, 'i', ({ j, k }, d) => at(w, j, d) * at(x, k, d)));
    backward(y, { gradient: made(g, bags, width) });
    expect(list(table.grad as Tensor)).toEqual([
      ...sums(rows, 'k', ({ i, j }, d) => at(w, j, d) * at(g, i, d)),
      ...range(width).map(() => 0),
    ]);
    expect(list(weights.grad as Tensor)).toEqual(sums(length, 'j', ({ i, k }, d) => at(g, i, d) * at(x, k, d)));
  });

  it('matmul: in blocks of 256, each from 0 in ascending order, the blocks in turn', () => {
    for (const [m, n] of [
      [1, 1],
      [1, 9],
      [3, 2],
      [5, 9],
      [9, 1],
      [7, 40],
      [40, 33],
    ] as const) {
      for (const k of [1, 3, 4, 7, 31, 255, 256, 257, 700]) {
        const [a, b] = [drawn(k, m * k), drawn(k + 1, k * n)];
        const element = (i: number, j: number) => {
          const terms = range(k).map((l) => f((a[i * k + l] as number) * (b[l * n + j] as number)));
          return inOrder(range(Math.ceil(k / 256)).map((block) => inOrder(terms.slice(block * 256, (block + 1) * 256))));
        };
        const wanted = range(m).flatMap((i) => range(n).map((j) => element(i, j)));
        const [x, y] = [made(a, m, k), made(b, k, n)];
        expect(list(matmul(x, y))).toEqual(wanted);
        expect(list(matmul(transpose(x), transpose(y), { transposeA: true, transposeB: true }))).toEqual(wanted);
      }
    }
  });

  it('linear: the blocks are added to the bias', () => {
    const [m, n, k] = [3, 5, 300];
    const [a, b, bias] = [drawn(1, m * k), drawn(2, n * k), drawn(3, n)];
    const terms = (i: number, j: number) => range(k).map((l) => f((a[i * k + l] as number) * (b[j * k + l] as number)));
    const wanted = range(m).flatMap((i) =>
      range(n).map((j) => {
        const t = terms(i, j);
        return f(f((bias[j] as number) + inOrder(t.slice(0, 256))) + inOrder(t.slice(256)));
      }),
    );
    expect(list(linear(made(a, m, k), made(b, n, k), made(bias, n)))).toEqual(wanted);
  });

  it('batchNorm: sums over rows in blocks of 256, each in order, the blocks in turn', () => {
    const [rows, n] = [600, 5];
    const x = drawn(1, rows * n);
    const column = (j: number) => range(rows).map((r) => x[r * n + j] as number);
    const blocks = (terms: readonly number[]) =>
      inOrder(range(Math.ceil(terms.length / 256)).map((block) => inOrder(terms.slice(block * 256, (block + 1) * 256))));
    const { mean } = batchNorm(made(x, rows, n));
    expect(list(mean)).toEqual(range(n).map((j) => f(blocks(column(j)) / rows)));
  });

  it('normWeightBackward: weight and bias over rows in order', () => {
    const [rows, n] = [70, 15];
    const [g, x] = [drawn(1, rows * n), drawn(2, rows * n)];
    const [mean, rstd] = [drawn(3, rows), drawn(4, rows)];
    const [dweight, dbias] = [zeros([n]), zeros([n])];
    const inputs = [made(g, rows, n), made(x, rows, n), made(mean, rows), made(rstd, rows)];
    const [pg, px, pm, ps] = inputs.map((t) => t.ptr) as [number, number, number, number];
    kernels.normWeightBackward(dweight.ptr, dbias.ptr, pg, px, pm, ps, rows, n, 0, n);
    const at = (values: readonly number[], r: number, i: number) => values[r * n + i] as number;
    expect(list(dbias)).toEqual(range(n).map((i) => inOrder(range(rows).map((r) => at(g, r, i)))));
    const share = (r: number, i: number) => f(at(g, r, i) * f(f(at(x, r, i) - (mean[r] as number)) * (rstd[r] as number)));
    expect(list(dweight)).toEqual(range(n).map((i) => inOrder(range(rows).map((r) => share(r, i)))));
  });
});
