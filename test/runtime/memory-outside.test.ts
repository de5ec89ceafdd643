import { describe, expect, it, vi } from 'vitest';
import { infer } from '../../src/autograd/infer.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { mul } from '../../src/ops/index.ts';
import { activate, backend, withBackend } from '../../src/runtime/backend.ts';
import { Heap, OutOfMemoryError } from '../../src/runtime/heap.ts';
import { currentScope, memoryReport } from '../../src/runtime/storage.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';
import { full, tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import { empty, type Tensor } from '../../src/tensor/tensor.ts';

const MiB = 2 ** 20;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Runs `fn`, which may wait, on a backend of its own. */
async function on(maximumBytes: number, fn: () => Promise<void>): Promise<void> {
  const before = backend();
  activate(await wasmBackend({ maximumBytes }));
  try {
    await fn();
  } finally {
    activate(before);
  }
}

describe('garbage outside every scope', () => {
  it.each([
    ['1,000,000 elements, a turn of the event loop each', 1_000_000, 1, 600],
    ['1,000,000 elements, a turn each five', 1_000_000, 5, 600],
    ['25,000 elements, a turn each hundred', 25_000, 100, 20_000],
  ])('is collected before memory runs out: %s', async (_, elements, every, rounds) => {
    await on(512 * MiB, async () => {
      const x = full([elements], 1);
      for (let i = 0; i < rounds; i++) {
        mul(x, x); // 2 GiB in all
        if (i % every === 0) await turn();
      }
      expect(memoryReport().peak).toBeLessThan(300 * MiB);
    });
  });

  it('is found in the very call that would fail, when it is from before the last turn', async () => {
    await on(64 * MiB, async () => {
      (() => {
        for (let i = 0; i < 14; i++) full([MiB], i); // 56 MiB
      })();
      await turn();
      const held = full([MiB * 8], 7); // 32 MiB: nothing but a collection makes room
      expect(memoryReport().outside).toEqual({ blocks: 1, bytes: 32 * MiB });
      expect(held.toArray().at(-1)).toBe(7);
    });
  });

  it('is never taken for a tensor that is held', async () => {
    await on(64 * MiB, async () => {
      const held = Array.from({ length: 12 }, (_, i) => full([MiB], i));
      await turn();
      expect(() => full([MiB * 8], 7)).toThrow(OutOfMemoryError);
      expect(held.map((x) => [x.toArray()[0], x.toArray().at(-1)])).toEqual(held.map((_, i) => [i, i]));
    });
  });

  it('is named in the error, with the way out', async () => {
    const held: Tensor[] = [];
    withBackend(await wasmBackend({ maximumBytes: 16 * MiB }), () => {
      expect(() => {
        for (;;) held.push(empty([MiB / 4]));
      }).toThrow(
        /with 15728640 in use, 15728640 of them in 15 tensors outside every scope, and \d+ reserved; work in scope\(\(\) => …\) or infer\(\(\) => …\)$/,
      );
    });
  });

  it('does not count what a scope frees, and counts what leaves it', async () => {
    withBackend(await wasmBackend({ maximumBytes: 16 * MiB }), () => {
      const kept = scope(() => {
        empty([100]);
        expect(memoryReport().outside).toEqual({ blocks: 0, bytes: 0 });
        return empty([16]);
      });
      expect(memoryReport()).toMatchObject({ blocks: 1, outside: { blocks: 1, bytes: 64 } });
      kept.storage.free();
      kept.storage.free();
      expect(memoryReport()).toMatchObject({ blocks: 0, bytes: 0, outside: { blocks: 0, bytes: 0 } });
    });
  });
});

describe('a tensor outside every scope', () => {
  it('that a scope takes over is freed with it, and counted no more', () => {
    const before = memoryReport();
    const x = full([16], 3);
    expect(memoryReport().outside.blocks).toBe(before.outside.blocks + 1);
    scope(() => x.storage.moveTo(currentScope()));
    expect(memoryReport()).toMatchObject({ blocks: before.blocks, bytes: before.bytes, outside: before.outside });
  });

  it('that goes through a scope and out again is the collector’s once, not twice', () => {
    const before = memoryReport();
    const x = full([16], 3);
    scope(() => {
      x.storage.moveTo(currentScope());
      expect(memoryReport().outside).toEqual(before.outside);
      return x;
    });
    expect(memoryReport().outside.blocks).toBe(before.outside.blocks + 1);
    x.storage.free();
    expect(memoryReport()).toMatchObject({ blocks: before.blocks, outside: before.outside });
  });
});

describe('infer', () => {
  it('frees all but the result and records nothing', () => {
    const p = parameter(full([4], 3));
    const before = memoryReport();
    const y = infer(() => mul(mul(p, p), p));
    expect(Array.from(y.toArray())).toEqual([27, 27, 27, 27]);
    expect(y.requiresGrad).toBe(false);
    expect(memoryReport().blocks).toBe(before.blocks + 1);
    expect(infer(() => mul(p, p).toArray()[0])).toBe(9);
    expect(memoryReport().blocks).toBe(before.blocks + 1);
  });

  it('is synchronous', async () => {
    expect(() => infer(async () => tensor([1]).toArray())).toThrow('infer: fn must be synchronous, got a promise');
    await turn();
  });
});

describe('the heap', () => {
  const space = (size: number) => ({ start: 0, unit: 1, end: () => size, grow: () => false });

  it.each([Number.NaN, -1, Number.NEGATIVE_INFINITY])('refuses a size of %s and goes on', (size) => {
    const heap = new Heap(space(MiB));
    expect(() => heap.allocate(size)).toThrow(`memory: size must be from 0, got ${size}`);
    expect(() => heap.allocate(Number.POSITIVE_INFINITY)).toThrow(OutOfMemoryError);
    expect([heap.allocate(64), heap.allocate(64)]).toEqual([0, 64]);
    expect(heap.report()).toMatchObject({ blocks: 2, bytes: 128 });
  });

  it('hands nothing out twice after waiting blocks were merged', () => {
    const heap = new Heap(space(64 * 64));
    const fill = (size: number) => Array.from({ length: (64 * 64) / size }, () => heap.allocate(size));
    const small = fill(64);
    for (const at of small) heap.free(at, 64);
    const large = fill(1024); // merged to make room
    expect(large).toEqual([0, 1024, 2048, 3072]);
    expect(() => heap.allocate(64)).toThrow(OutOfMemoryError);
    for (const at of large) heap.free(at, 1024);
    expect(fill(64)).toEqual(small);
    expect(() => heap.allocate(64)).toThrow(OutOfMemoryError);
  });

  it('never hands out a block that ends at 2³², for a kernel would take its end for 0', () => {
    const ends: number[] = [];
    const heap = new Heap({ start: 0, unit: 1, end: () => 2 ** 32, grow: () => false });
    for (const size of [2 ** 31, 2 ** 30, 2 ** 29, 2 ** 28]) ends.push(heap.allocate(size) + size);
    for (let size = 2 ** 27; size >= 64; size /= 2) {
      try {
        for (;;) ends.push(heap.allocate(size) + size);
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
      }
    }
    expect(Math.max(...ends)).toBe(2 ** 32 - 64);
  });
});

describe('a full stack', () => {
  /** Fills the stack inside nested scopes that make tensors, from `depth` scopes on. */
  const overflow = (pad: number): void => {
    const dive = (n: number): unknown => {
      const padding = Array.from({ length: pad }, (_, i) => i + n);
      return scope(() => {
        const a = empty([16 + (n % 5) * 64]);
        return [dive(n + 1), a, padding.length];
      });
    };
    dive(0);
  };

  it('inside nested scopes leaks no block once an outer scope ends', () => {
    const before = memoryReport();
    for (let round = 0; round < 60; round++) {
      scope(() => expect(() => overflow(round % 7)).toThrow(RangeError));
      expect(memoryReport().blocks).toBe(before.blocks);
      expect(memoryReport().bytes).toBe(before.bytes);
    }
  });

  it('in the middle of a release leaks none once the next scope begins', () => {
    const before = memoryReport();
    const { heap } = backend();
    const full = vi.spyOn(heap, 'free').mockImplementationOnce(() => {
      throw new RangeError('Maximum call stack size exceeded');
    });
    expect(() => scope(() => [empty([100]), empty([1000]), empty([3])].length)).toThrow('Maximum call stack size exceeded');
    full.mockRestore();
    expect(memoryReport().blocks).toBe(before.blocks + 3);
    scope(() => expect(memoryReport()).toMatchObject({ blocks: before.blocks, bytes: before.bytes }));
  });

  it('outside every scope leaks none once the next scope begins', () => {
    const before = memoryReport();
    for (let round = 0; round < 60; round++) {
      expect(() => overflow(round % 7)).toThrow(RangeError);
      scope(() => expect(memoryReport().blocks).toBe(before.blocks));
    }
  });

  it('leaves the books of the heap in order: no address is handed out twice', () => {
    for (let round = 0; round < 20; round++) {
      scope(() => expect(() => overflow(round % 3)).toThrow(RangeError));
      scope(() => {
        const made = Array.from({ length: 300 }, (_, i) => full([16 + (i % 5) * 64], i));
        expect(made.every((x, i) => x.toArray().every((value) => value === i))).toBe(true);
      });
    }
  });
});
