// A gradient has one owner: what an op, a leaf or the caller has been given is never changed or freed by another.
import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { record } from '../../src/autograd/record.ts';
import { recordSeveral } from '../../src/autograd/several.ts';
import * as ops from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { detach, full, ones, tensor } from '../../src/tensor/create.ts';
import { persist, scope } from '../../src/tensor/scope.ts';
import type { Deferred, Tensor } from '../../src/tensor/tensor.ts';
import { clipGradNorm, clipGradValue } from '../../src/train/clip.ts';
import { SGD } from '../../src/train/optimizers/sgd.ts';

const { add, mul, reshape, sum } = ops;
const values = (x: Tensor | null | undefined) => x && Array.from(x.toArray());
const leaf = (...elements: number[]) => parameter(tensor(elements));

/** Copies of every gradient that ops of these kinds were handed, to be compared when all is over. */
function spied() {
  const seen: [Tensor, number[]][] = [];
  const spy = (x: Tensor) =>
    record('spy', detach(x), { inputs: [x] }, (g) => {
      seen.push([g, values(g) as number[]]);
      return [g];
    });
  return { spy, intact: () => seen.every(([g, before]) => String(values(g)) === String(before)), count: () => seen.length };
}

const twice = (c: Tensor) => add(mul(c, 2), mul(c, 5));

describe('what an op was handed', () => {
  it('stays as it was until the scope ends, whatever is added, stepped or clipped afterwards', () => {
    scope(() => {
      const { spy, intact, count } = spied();
      const [a, b] = [leaf(1, 2), leaf(3, 4)];
      const optimizer = new SGD([a, b], { lr: 0.1 });
      for (let i = 0; i < 3; i++) {
        const c = spy(add(spy(a), spy(mul(b, 2))));
        backward(sum(add(add(spy(twice(c)), spy(a)), mul(b, 3))));
        backward(sum(spy(add(a, b))));
        clipGradNorm([a, b], 0.5);
        if (i === 1) optimizer.step();
      }
      expect(count()).toBe(18);
      expect(intact()).toBe(true);
    });
  });

  it('is not what grad returns for the tensor between two ops', () => {
    scope(() => {
      const { spy, intact, count } = spied();
      const middle = spy(leaf(1, 2));
      const [g] = grad(mul(middle, 2), [middle], { gradient: ones([2]) });
      g?.view().fill(9);
      expect(count()).toBe(1);
      expect(intact()).toBe(true);
    });
  });

  it('may be returned for several inputs, or kept and returned again', () => {
    scope(() => {
      const [a, b] = [leaf(1), leaf(1)];
      const kept = tensor([5]);
      const both = record('both', tensor([0]), { inputs: [a, b] }, () => [kept, kept]);
      backward(both);
      backward(both);
      expect([values(a.grad), values(b.grad), values(kept)]).toEqual([[10], [10], [5]]);
      const made = record('made', tensor([0]), { inputs: [a, b] }, (g) => {
        const one = mul(g, 3);
        return [one, detach(one)];
      });
      new SGD([a, b]).zeroGrad();
      backward(made);
      expect(a.grad?.storage).not.toBe(b.grad?.storage);
    });
  });

  it('may be kept by the op that made it', () => {
    scope(() => {
      const a = leaf(1);
      const other = mul(a, 3);
      const made: Tensor[] = [];
      const keeper = record('keeper', tensor([0]), { inputs: [a] }, (g) => {
        made.push(mul(g, 2));
        return made.slice(-1);
      });
      backward(add(keeper, other));
      expect([values(a.grad), values(made[0])]).toEqual([[5], [2]]);
    });
  });

  it('may be put off by one op and given to another input by the next', () => {
    scope(() => {
      const [a, b] = [leaf(1), leaf(1)];
      const sumOf = (parts: readonly Deferred[]) => mul((parts[0] as Deferred & { of: Tensor }).of, parts.length);
      const later = record('later', tensor([0]), { inputs: [a, b] }, (g) => [{ sum: sumOf, of: g }, g]);
      backward(add(later, mul(b, 2)));
      expect([values(a.grad), values(b.grad)]).toEqual([[1], [3]]);
    });
  });

  it('must have the shape of its input when it comes back', () => {
    scope(() => {
      const a = leaf(1, 2);
      const wrong = (g: Tensor) => record('wrong', tensor([0, 0]), { inputs: [a] }, () => [g]);
      for (const g of [tensor(1), tensor([1]), tensor([1, 2, 3])]) {
        expect(() => backward(wrong(g), { gradient: ones([2]) })).toThrow('sumTo: shape must be one that stretches to that of x, got [2]');
      }
      expect(a.grad).toBeNull();
    });
  });
});

describe('an op of several results', () => {
  it('takes no gradient from a walk that failed', () => {
    scope(() => {
      const x = leaf(1);
      const ys = [tensor([0]), tensor([0])] as [Tensor, Tensor];
      recordSeveral('pair', ys, { inputs: [x] }, ([p, q]) => [add(p ?? tensor([0]), mul(q ?? tensor([0]), 10))]);
      let failing = true;
      const stop = record('stop', tensor([0]), { inputs: [x] }, () => {
        if (failing) throw new Error('stop');
        return [null];
      });
      // Walked latest first: the first result has its gradient when the op that fails is reached.
      const late = record('late', tensor([0]), { inputs: [ys[0]] }, (g) => [g]);
      const early = record('early', tensor([0]), { inputs: [stop, ys[1]] }, (g) => [g, g]);
      expect(() => backward(add(late, early))).toThrow('stop');
      failing = false;
      backward(mul(ys[1], 1));
      expect(values(x.grad)).toEqual([10]);
    });
  });
});

describe('each leaf owns its gradient', () => {
  const shared: [string, (a: Tensor, b: Tensor) => Tensor][] = [
    ['add', (a, b) => add(a, b)],
    ['reshape', (a, b) => add(reshape(a, [3, 1]), reshape(b, [3, 1]))],
    ['a sum to the same shape', (a, b) => add(add(a, b), 0)],
    ['straightThrough', (a, b) => add(ops.straightThrough(ones([3]), a), b)],
    ['concat of one', (a, b) => add(ops.concat([a]), b)],
  ];
  it.each(shared)('where two get the same from %s: two optimisers step one after the other', (_, f) => {
    const [a, b] = [leaf(1, 1, 1), leaf(1, 1, 1)];
    const [oa, ob] = [new SGD([a], { lr: 0.1 }), new SGD([b], { lr: 0.2 })];
    scope(() => {
      backward(sum(f(a, b)));
      expect(a.grad?.storage).not.toBe(b.grad?.storage);
      oa.step();
    });
    scope(() => ob.step());
    values(a)?.forEach((v) => void expect(v).toBeCloseTo(0.9, 6));
    values(b)?.forEach((v) => void expect(v).toBeCloseTo(0.8, 6));
  });

  it('and not the seed of the caller, persisted or not', () => {
    const [kept, seed] = [persist(full([3], 2)), full([3], 2)];
    for (const gradient of [kept, seed]) {
      const p = leaf(1, 1, 1);
      const optimizer = new SGD([p]);
      scope(() => {
        backward(add(p, ones([3])), { gradient });
        backward(p, { gradient });
        optimizer.step();
      });
      expect(values(gradient)).toEqual([2, 2, 2]);
    }
  });

  it('and not what grad returned, nor its seed', () => {
    scope(() => {
      const [p, seed] = [leaf(1, 2), tensor([3, 4])];
      for (const createGraph of [false, true]) {
        const [g, same, whole] = grad(add(p, 0), [p, p], { gradient: seed, createGraph }).concat(grad(p, [p], { gradient: seed }));
        for (const x of [g, same, whole]) x?.view().fill(9);
        expect(values(seed)).toEqual([3, 4]);
        backward(add(p, 0), { gradient: seed });
        expect(values(p.grad)).toEqual([3, 4]);
        expect([g, same, whole].map(values)).toEqual([[9, 9], [9, 9], [9, 9]]); // biome-ignore format: rows
        new SGD([p]).zeroGrad();
      }
    });
  });

  it('and not one that the caller has put there', () => {
    const p = leaf(1, 1);
    const [first, second] = [full([2], 5), full([2], 7)];
    p.grad = first;
    scope(() => backward(sum(p)));
    expect([values(p.grad), values(first)]).toEqual([[6, 6], [5, 5]]); // biome-ignore format: rows
    p.grad = second;
    scope(() => new SGD([p]).step());
    expect([p.grad, values(second)]).toEqual([null, [7, 7]]);
    p.grad = second;
    clipGradValue([p], 1);
    expect([values(p.grad), values(second)]).toEqual([[1, 1], [7, 7]]); // biome-ignore format: rows
    p.grad = tensor([1]);
    expect(() => backward(sum(p))).toThrow("backward: grad must have its leaf's shape [2], got [1]");
  });

  it('with no copy where it was made for the leaf alone', () => {
    scope(() => {
      const [w, x] = [parameter(ones([4, 4])), ones([2, 4])];
      let made: Tensor | null = null;
      const product = record('product', ops.linear(x, detach(w)), { inputs: [w] }, (g) => {
        made = ops.matmul(g, x, { transposeA: true });
        return [made];
      });
      backward(sum(product));
      expect(w.grad).toBe(made);
    });
  });
});

describe('memory', () => {
  /** Blocks after each of some rounds. */
  const blocksAfter = (rounds: number, f: () => void) =>
    Array.from({ length: rounds }, () => {
      f();
      return memoryReport().blocks;
    });

  const flat = (blocks: number[]) => expect(new Set(blocks.slice(1)).size).toBe(1);

  it('is flat over calls of backward that add up, with a scope each', () => {
    const p = leaf(1, 2, 3);
    flat(blocksAfter(20, () => scope(() => backward(sum(mul(p, 2))))));
    expect(values(p.grad)).toEqual([40, 40, 40]);
  });

  it('is flat where several add up to a step, in one scope or outside it', () => {
    const p = leaf(1, 2, 3);
    const optimizer = new SGD([p]);
    const micro = () => scope(() => backward(sum(mul(p, 2))));
    flat(
      blocksAfter(10, () => {
        micro();
        micro();
        optimizer.step();
      }),
    );
    flat(
      blocksAfter(10, () =>
        scope(() => {
          micro();
          micro();
          optimizer.step();
        }),
      ),
    );
  });

  it('is flat where gradients are clipped or forgotten outside every scope', () => {
    const p = leaf(1, 2, 3);
    const optimizer = new SGD([p]);
    flat(
      blocksAfter(10, () => {
        scope(() => backward(sum(mul(p, 2))));
        clipGradNorm([p], 0.1);
        clipGradValue([p], 0.01);
        optimizer.zeroGrad();
      }),
    );
  });

  it('frees the sum so far, and what was added to it, as soon as the next is made outside every scope', () => {
    const p = leaf(1, 2, 3);
    const y = mul(p, 2);
    backward(y, { gradient: ones([3]) });
    const before = p.grad as Tensor;
    backward(y, { gradient: ones([3]) });
    expect(before.storage.live).toBe(false);
    expect(values(p.grad)).toEqual([4, 4, 4]);
  });

  it('holds the gradient of a moment ago until the scope ends, for whoever looks at it', () => {
    scope(() => {
      const p = leaf(1, 2);
      backward(sum(p));
      const before = p.grad as Tensor;
      backward(sum(p));
      new SGD([p]).step();
      expect(values(before)).toEqual([1, 1]);
    });
  });
});
