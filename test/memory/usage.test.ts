// Usage, allocation and links of the differentiable neural computer beside their formulas in plain float64, over steps of random heads.
import { describe, expect, it } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { allocationWeights, followLinks, linkMemory, memoryUsage, noLinks } from '../../src/memory/index.ts';
import { concat, mul, reshape, sigmoid, softmax, uniform } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { foldIn, type Key, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const [B, N] = [2, 5];
const list = (x: Tensor) => Array.from(x.toArray());
const at = (x: readonly number[], i: number) => x[i] as number;
/** Weights of heads, which add up to less than 1. */
const heads = (from: Key, count: number) =>
  mul(softmax(uniform(from, [B, count, N], { low: -3, high: 3 })), uniform(foldIn(from, 1), [B, count, 1]));
const close = (x: Tensor, wanted: readonly number[]) => {
  expect(x.size).toBe(wanted.length);
  list(x).forEach((value, i) => expect(value).toBeCloseTo(at(wanted, i), 12));
};
const cells = (f: (b: number, i: number) => number) => Array.from({ length: B * N }, (_, at) => f(Math.floor(at / N), at % N));

describe('usage', () => {
  it.each([
    [1, 1],
    [2, 3],
    [0, 1],
    [1, 0],
  ])('of %i heads that write and %i that read is that of the formula, step after step', (writes, reads) => {
    withBackend(referenceBackend(), () =>
      scope(() => {
        let [usage, plain] = [zeros([B, N]), cells(() => 0)];
        for (const t of [0, 1, 2]) {
          const [written, read] = [heads(foldIn(key(1), t), writes), heads(foldIn(key(2), t), reads)];
          const free = uniform(foldIn(key(3), t), [B, reads]);
          const [w, r, f] = [list(written), list(read), list(free)];
          const before = plain;
          plain = cells((b, i) => {
            let [missed, kept] = [1, 1];
            for (let h = 0; h < writes; h++) missed *= 1 - at(w, (b * writes + h) * N + i);
            for (let h = 0; h < reads; h++) kept *= 1 - at(f, b * reads + h) * at(r, (b * reads + h) * N + i);
            const u = at(before, b * N + i);
            return (u + (1 - missed) - u * (1 - missed)) * kept;
          });
          usage = memoryUsage(usage, { written, read, free });
          close(usage, plain);
        }
      }),
    );
  });

  it('allocates the least used cells first, the first of equal ones, and nothing where all is in use', () => {
    close(allocationWeights(tensor([[0.5, 0, 0.25, 0.5, 1]])), [0, 1, 0, 0, 0]);
    close(allocationWeights(tensor([[0.5, 1, 0.25, 0.5, 1]])), [0.125, 0, 0.75, 0.0625, 0]);
    close(allocationWeights(ones([1, 3])), [0, 0, 0]);
    withBackend(referenceBackend(), () =>
      scope(() => {
        const usage = uniform(key(5), [B, N]);
        const u = list(usage);
        const used = (b: number, i: number) => at(u, b * N + i);
        const wanted = cells((b, i) => {
          const less = [0, 1, 2, 3, 4].filter((j) => used(b, j) < used(b, i));
          return (1 - used(b, i)) * less.reduce((all, j) => all * used(b, j), 1);
        });
        close(allocationWeights(usage), wanted);
      }),
    );
  });
});

describe('links', () => {
  it('are those of the formula, step after step', () => {
    withBackend(referenceBackend(), () =>
      scope(() => {
        let memory = noLinks(B, N);
        let [p, L] = [cells(() => 0), Array.from({ length: B * N * N }, () => 0)];
        for (const t of [0, 1, 2, 3]) {
          const own = heads(foldIn(key(7), t), 1);
          const w = list(own);
          const [p1, L1] = [p, L];
          L = Array.from({ length: B * N * N }, (_, n) => {
            const [b, i, j] = [Math.floor(n / (N * N)), Math.floor(n / N) % N, n % N];
            return i === j ? 0 : (1 - at(w, b * N + i) - at(w, b * N + j)) * at(L1, n) + at(w, b * N + i) * at(p1, b * N + j);
          });
          p = cells((b, i) => (1 - w.slice(b * N, (b + 1) * N).reduce((x, y) => x + y)) * at(p1, b * N + i) + at(w, b * N + i));
          memory = linkMemory(memory, reshape(own, [B, N]));
          close(memory.links, L);
          close(memory.precedence, p);
        }
        const read = heads(key(9), 2);
        const r = list(read);
        const moved = (link: (b: number, i: number, j: number) => number) =>
          Array.from({ length: B * 2 * N }, (_, n) => {
            const [b, i] = [Math.floor(n / (2 * N)), n % N];
            return [0, 1, 2, 3, 4].reduce((sum, j) => sum + link(b, i, j) * at(r, n - i + j), 0);
          });
        const { forward, backward } = followLinks(memory.links, read);
        close(
          forward,
          moved((b, i, j) => at(L, (b * N + i) * N + j)),
        );
        close(
          backward,
          moved((b, i, j) => at(L, (b * N + j) * N + i)),
        );
      }),
    );
  });

  it('lead from a cell to the one that was written to after it, and back', () => {
    const one = (i: number) => tensor([[0, 1, 2].map((n) => Number(n === i))]);
    const memory = [2, 0, 1].reduce((all, i) => linkMemory(all, one(i)), noLinks(1, 3));
    const { forward, backward } = followLinks(memory.links, tensor([[[1, 0, 0]]]));
    expect([list(forward), list(backward), list(memory.precedence)]).toEqual([[0, 1, 0], [0, 0, 1], [0, 1, 0]]); // biome-ignore format: cells
  });
});

it('usage, allocation and links have the gradients of their formulas', () => {
  const shapes = [[B, N], [B, 2, N], [B, 2, N], [B, 2], [B, N, N]]; // biome-ignore format: one line
  gradcheck(
    (...x: Tensor[]) => {
      const [previous, written, read, free, links] = x.map((one) => sigmoid(one)) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const usage = memoryUsage(previous, { written, read, free });
      const memory = linkMemory({ links, precedence: previous }, usage);
      const { forward, backward } = followLinks(memory.links, read);
      return concat([allocationWeights(usage), memory.precedence, reshape(forward, [B, -1]), reshape(backward, [B, -1])], 1);
    },
    shapes.map((shape, i) => uniform(key(20 + i), shape, { low: -2, high: 2 })),
  );
});

it('refuse what does not fit, by name', () => {
  const did = { written: zeros([2, 1, 3]), read: zeros([2, 2, 3]), free: zeros([2, 2]) };
  expect(() => memoryUsage(zeros([3]), did)).toThrow('memoryUsage: previous must be [B, N], got [3]');
  expect(() => memoryUsage(zeros([2, 4]), did)).toThrow('memoryUsage: written must be [2, writes, 4], got [2, 1, 3]');
  expect(() => memoryUsage(zeros([2, 3]), { ...did, free: zeros([2, 1]) })).toThrow('memoryUsage: free must be [2, 2], got [2, 1]');
  expect(() => allocationWeights(zeros([2], 'int32'))).toThrow('allocationWeights: usage must be float32, got int32');
  expect(() => linkMemory(noLinks(2, 3), zeros([2, 4]))).toThrow('linkMemory: links must be [2, 4, 4], got [2, 3, 3]');
  expect(() => followLinks(zeros([2, 3, 4]), zeros([2, 1, 3]))).toThrow('followLinks: links must be [B, N, N], got [2, 3, 4]');
  expect(() => followLinks(zeros([2, 3, 3]), zeros([2, 3]))).toThrow('followLinks: weights must be [2, H, 3], got [2, 3]');
});
