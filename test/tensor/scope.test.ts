import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { parameter } from '../../src/autograd/parameter.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor } from '../../src/tensor/create.ts';
import { outside, persist, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const values = (x: Tensor) => Array.from(x.toArray());

/** What no one caught while `fn` ran and in the time after. */
async function uncaught(fn: () => void): Promise<unknown[]> {
  const lost: unknown[] = [];
  const note = (reason: unknown) => lost.push(reason);
  process.on('unhandledRejection', note);
  fn();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', note);
  return lost;
}

describe('scope keeps the tensors', () => {
  it('in a Set, as keys of a Map and under symbols', () => {
    const name = Symbol('name');
    const { set, map, named } = scope(() => ({
      set: new Set([tensor([1])]),
      map: new Map([[tensor([2]), tensor([3])]]),
      named: { [name]: tensor([4]) },
    }));
    const [[key, value]] = [...map] as [[Tensor, Tensor]];
    expect([...[...set].flatMap(values), ...values(key), ...values(value), ...values(named[name])]).toEqual([1, 2, 3, 4]);
  });

  it('in lists however deep, and in rings', () => {
    let list: unknown = null;
    const first = scope(() => {
      const x = tensor([9]);
      list = x;
      for (let i = 0; i < 200_000; i++) list = [list];
      return { list, x };
    });
    expect(values(first.x)).toEqual([9]);
    const ring = scope(() => {
      const self: { x: Tensor; self?: unknown } = { x: tensor([5]) };
      self.self = self;
      return self;
    });
    expect(values(ring.x)).toEqual([5]);
  });

  it('that are gradients of what it keeps', () => {
    const x = scope(() => {
      const leaf = parameter(tensor([1]));
      leaf.grad = tensor([2]);
      return leaf;
    });
    expect(values(x.grad as Tensor)).toEqual([2]);
  });

  it('and no others', () => {
    const before = memoryReport().blocks;
    const kept = scope(() => {
      tensor([1]);
      return outside(() => tensor([2]));
    });
    expect(memoryReport().blocks).toBe(before + 1);
    expect(values(persist(kept))).toEqual([2]);
  });
});

it('persist refuses what is no tensor', () => {
  expect(() => persist(3 as never)).toThrow('persist: x must be a tensor, got 3');
  expect(() => persist({ x: tensor([1]) } as never)).toThrow('persist: x must be a tensor, got an object');
});

describe('scope refuses a promise', () => {
  const refused = 'scope: fn must be synchronous, got a promise';

  it('whose failure then ends nothing', async () => {
    const lost = await uncaught(() => {
      expect(() =>
        scope(async () => {
          const x = tensor([1]);
          await null;
          return x.toArray();
        }),
      ).toThrow(refused);
    });
    expect(lost).toEqual([]);
  });

  it('of another realm, one in a list, and whatever else can be awaited', async () => {
    const lost = await uncaught(() => {
      expect(() => scope(() => runInNewContext('Promise.reject(new Error("lost"))'))).toThrow(refused);
      expect(() => scope(() => [1, 2].map(async (i) => Promise.reject(new Error(`lost ${i}`))))).toThrow(refused);
      // biome-ignore lint/suspicious/noThenProperty: that is what is tried
      expect(() => scope(() => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject(new Error('lost')) }))).toThrow(refused);
    });
    expect(lost).toEqual([]);
  });

  it('and frees what was made before the first await', () => {
    const before = memoryReport().blocks;
    expect(() => scope(async () => [tensor([1]), tensor([2])])).toThrow(refused);
    expect(memoryReport().blocks).toBe(before);
  });
});
