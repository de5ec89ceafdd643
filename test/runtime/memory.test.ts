import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { add, concat, neg } from '../../src/ops/index.ts';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { Heap, OutOfMemoryError } from '../../src/runtime/heap.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';
import { full, ones, tensor } from '../../src/tensor/create.ts';
import { key, permutation } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { empty, type Tensor } from '../../src/tensor/tensor.ts';

const MiB = 2 ** 20;
const small = (maximumBytes: number) => wasmBackend({ maximumBytes });

describe('the heap', () => {
  const space = (size: number) => ({ start: 0, unit: 1, end: () => size, grow: () => false });

  it('hands out aligned blocks that do not overlap, whatever the order of freeing', () => {
    const heap = new Heap(space(MiB));
    const held: { at: number; size: number }[] = [];
    const order = permutation(key(1), 20_000);
    for (const draw of order) {
      if (draw % 2 === 0 || held.length === 0) {
        const size = 1 + (draw % 3000);
        const at = heap.allocate(size);
        expect(at % 64).toBe(0);
        for (const other of held) expect(at + size <= other.at || other.at + other.size <= at).toBe(true);
        held.push({ at, size });
      } else {
        const [block] = held.splice(draw % held.length, 1) as [{ at: number; size: number }];
        heap.free(block.at, Heap.capacity(block.size));
      }
      if (held.length > 100) for (const block of held.splice(0, 90)) heap.free(block.at, Heap.capacity(block.size));
    }
    for (const block of held) heap.free(block.at, Heap.capacity(block.size));
    expect(heap.report()).toMatchObject({ blocks: 0, bytes: 0 });
    expect(heap.allocate(MiB)).toBe(0); // all of it is one piece again
  });

  it('loses at most an eighth to its classes', () => {
    for (let size = 513; size < 2 ** 31; size = Math.ceil(size * 1.07)) {
      const capacity = Heap.capacity(size);
      expect(capacity).toBeGreaterThanOrEqual(size);
      expect(capacity).toBeLessThanOrEqual(size * 1.125 + 64);
      expect(Heap.capacity(capacity)).toBe(capacity);
    }
  });
});

describe('growth', () => {
  it('moves nothing and detaches no tensor, in the middle of everything', async () => {
    withBackend(await small(256 * MiB), () =>
      scope(() => {
        const grown: number[] = [];
        const grow = () => {
          grown.push(memoryReport().reserved);
          empty([memoryReport().reserved / 4]); // as much again: the memory must grow
          expect(memoryReport().reserved).toBeGreaterThan(grown.at(-1) as number);
        };
        const x = parameter(tensor([1, 2, 3]));
        const view = x.view();
        grow();
        expect(view.length).toBe(0); // a cached view would be dead by now
        const y = neg(add(x, x));
        grow();
        const z = concat([y, full([2], 9)]);
        grow();
        backward(z, { gradient: ones([5]) });
        grow();
        expect(Array.from(x.toArray())).toEqual([1, 2, 3]);
        expect(Array.from(z.toArray())).toEqual([-2, -4, -6, 9, 9]);
        expect(Array.from(x.grad?.toArray() ?? [])).toEqual([-2, -2, -2]);
      }),
    );
  });
});

describe('out of memory', () => {
  it('says what was asked for and what is in use, and leaves every tensor intact', async () => {
    withBackend(await small(4 * MiB), () =>
      scope(() => {
        const x = full([100_000], 3);
        const before = memoryReport();
        expect(() => empty([2_000_000])).toThrow(OutOfMemoryError);
        expect(() => empty([2_000_000])).toThrow(
          /^memory: the limit must hold every live tensor, got a request for \d+ bytes with \d+ in use, 0 of them in 0 tensors outside every scope, and \d+ reserved; work in scope\(\(\) => …\) or infer/,
        );
        expect(memoryReport()).toMatchObject({ blocks: before.blocks, bytes: before.bytes });
        expect(x.toArray().every((value) => value === 3)).toBe(true);
        expect(
          neg(x)
            .toArray()
            .every((value) => value === -3),
        ).toBe(true);
      }),
    );
  });

  it('comes only when there is no way round: freed blocks of other sizes are merged first', async () => {
    withBackend(await small(4 * MiB), () => {
      for (let round = 0; round < 20; round++) {
        scope(() => {
          for (let i = 0; i < 30; i++) empty([20_000 + round * 500]);
        });
        scope(() => void empty([800_000]));
      }
      expect(memoryReport().bytes).toBe(0);
    });
  });
});

describe('tensors outside every scope', () => {
  it('are reclaimed when collected', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const collect = async () => {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    };
    for (let i = 0; i < 5; i++) await collect(); // what a test before this one left
    const before = memoryReport().blocks;
    let held: Tensor[] | null = Array.from({ length: 10 }, () => empty([100]));
    expect(memoryReport().blocks - before).toBe(10);
    expect(held).toHaveLength(10);
    held = null;
    for (let i = 0; i < 50 && memoryReport().blocks > before; i++) await collect();
    expect(memoryReport().blocks).toBe(before);
  });
});

describe('backends', () => {
  it('do not mix', async () => {
    const x = tensor([1]);
    const other = await small(MiB);
    expect(() => withBackend({ ...other, build: 'relaxed' }, () => neg(x))).toThrow(
      'tensor: must be used on the backend it was made on (deterministic), got relaxed',
    );
    expect(backend().build).toBe('deterministic');
    await expect(wasmBackend({ maximumBytes: 5 })).rejects.toThrow('init: maximumBytes must be at least 65536, got 5');
  });
});
