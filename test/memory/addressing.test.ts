// What the tables cannot say of memories: the stages as one op, and what holds over many steps.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { addressMemory } from '../../src/memory/addressing.ts';
import {
  contentWeights,
  MemoryHeads,
  moveHeads,
  readMemory,
  readTape,
  sharpenWeights,
  shiftWeights,
  tapeView,
  writeMemory,
} from '../../src/memory/index.ts';
import { add, mul, normal, slice, softmax, sum } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { detach, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const list = (x: Tensor) => Array.from(x.toArray());

describe('a step of heads', () => {
  it.each([
    [1, 1, 1],
    [2, 2, 2],
    [1, 0, 0],
  ])('with %i that read and %i that write, %i far, is its stages, and so are its gradients', (reads, writes, reach) => {
    withBackend(referenceBackend(), () =>
      scope(() => {
        const [B, N, W, H] = [2, 6, 3, reads + writes];
        const heads = new MemoryHeads({ input: 4, width: W, reads, writes, reach }, key(1));
        const [x, memory] = [
          [B, 4],
          [B, N, W],
        ].map((shape, i) => parameter(normal(key(2 + i), shape))) as [Tensor, Tensor];
        const before = parameter(detach(softmax(normal(key(4), [B, H, N]))));
        const said = heads.forward(x);
        const weights = addressMemory(memory, before, said);
        const stages = {
          weights,
          read: readMemory(memory, slice(weights, 1, 0, reads)),
          memory: writes ? writeMemory(memory, slice(weights, 1, reads), said.erase, said.addition) : memory,
        };
        const one = heads.step(x, memory, before);
        const weigh = (y: typeof one) =>
          (['weights', 'read', 'memory'] as const)
            .map((name, i) => sum(mul(y[name], normal(key(7 + i), y[name].shape))))
            .reduce((a, b) => add(a, b));
        const leaves = [x, memory, before, heads.map.weight];
        const [mine, theirs] = [weigh(one), weigh(stages)].map((y) => grad(y, leaves).flatMap(list)) as [number[], number[]];
        expect(weigh(one).item()).toBeCloseTo(weigh(stages).item(), 11);
        mine.forEach((g, i) => expect(g).toBeCloseTo(theirs[i] as number, 10));
      }),
    );
  });

  it('keeps weights that add up to 1, within 1e-6 after 1,000 steps', () => {
    const heads = new MemoryHeads({ input: 4, width: 5 }, key(1));
    let state = { memory: zeros([1, 12, 5]), weights: softmax(zeros([1, 2, 12])) };
    for (let t = 0; t < 1000; t++) {
      const { memory, weights } = scope(() => {
        const step = heads.step(normal(key(10 + t), [1, 4], { std: 3 }), state.memory, state.weights);
        return { memory: detach(step.memory), weights: detach(step.weights) };
      });
      state = { memory, weights };
    }
    for (const head of [0, 1]) expect(Math.abs(sum(slice(state.weights, 1, head, head + 1)).item() - 1)).toBeLessThan(1e-6);
    expect(list(state.memory).every(Number.isFinite)).toBe(true);
  });

  it('has finite gradients on a memory of zeros, and with a sharpness at which powers underflow', () => {
    scope(() => {
      const heads = new MemoryHeads({ input: 4, width: 5 }, key(1));
      const [x, memory] = [parameter(ones([1, 4])), parameter(zeros([1, 6, 5]))];
      const { read, weights } = heads.step(x, memory, softmax(zeros([1, 2, 6])));
      for (const g of grad(add(sum(read), sum(mul(weights, weights))), [x, memory])) expect(list(g).every(Number.isFinite)).toBe(true);
      const sharp = parameter(tensor([[200]]));
      const w = sharpenWeights(tensor([[[0.3, 0.2, 0.5, 0]]]), sharp);
      [0, 0, 1, 0].forEach((wanted, i) => expect(list(w)[i]).toBeCloseTo(wanted, 12));
      expect(list(grad(sum(mul(w, w)), [sharp])[0] as Tensor)[0]).toBeCloseTo(0, 12);
    });
  });
});

describe('the stages', () => {
  it('shift goes to the next cell for a move of +1, and round the end', () => {
    const w = tensor([[[0, 0, 0, 1]]]);
    expect(list(shiftWeights(w, tensor([[[0, 0, 1]]])))).toEqual([1, 0, 0, 0]);
    expect(list(shiftWeights(w, tensor([[[1, 0, 0]]])))).toEqual([0, 0, 1, 0]);
  });

  it('content finds the cell with the direction of the key, whatever its length', () => {
    const memory = tensor([[[1, 0], [0, 9], [0, 0]]]); // biome-ignore format: cells
    const weights = list(contentWeights(memory, tensor([[[0, 0.1]]]), tensor([[50]])));
    expect(weights[1]).toBeGreaterThan(0.999);
  });

  it('writing with a weight of 1 and erasing all replaces the cell alone', () => {
    const memory = tensor([[[1, 2], [3, 4]]]); // biome-ignore format: cells
    expect(list(writeMemory(memory, tensor([[[0, 1]]]), ones([1, 1, 2]), tensor([[[7, 8]]])))).toEqual([1, 2, 7, 8]);
  });

  it('refuse what does not fit, by name', () => {
    const memory = zeros([2, 3, 4]);
    expect(() => contentWeights(memory, zeros([2, 1, 5]), zeros([2, 1]))).toThrow('contentWeights: key must be [2, H, 4], got [2, 1, 5]');
    expect(() => shiftWeights(zeros([2, 1, 3]), zeros([2, 1, 2]))).toThrow(
      'shiftWeights: shift must be [2, 1, 2r + 1] with at most 3 moves, got [2, 1, 2]',
    );
    expect(() => readMemory(memory, zeros([2, 1, 5]))).toThrow('readMemory: memory must be [2, 5, W], got [2, 3, 4]');
    expect(() => writeMemory(memory, zeros([2, 1, 3]), zeros([2, 2, 4]), zeros([2, 1, 4]))).toThrow(
      'writeMemory: memory, erase and addition must be of',
    );
    const at = (...list: number[]) => tensor(Int32Array.from(list));
    const wrongs: [() => unknown, string][] = [
      [() => tapeView(at(3), 3, { circular: true }), 'tapeView: places must be in [0, 3), got 3 at 0'],
      [() => tapeView(at(0), 3, { circular: 'no' as never }), "tapeView: circular must be true or false, got 'no'"],
      [() => moveHeads(at(0, 1), at(1), 3), 'moveHeads: moves must be [2], got [1]'],
      [() => moveHeads(at(0), at(2), 3), 'moveHeads: moves must be in [-1, 2), got 2 at 0'],
      [() => moveHeads(at(7), at(1), 3), 'moveHeads: places must be in [0, 3), got 7 at 0'],
      [() => moveHeads(at(0), at(1), 2.5), 'moveHeads: cells must be a whole number from 1, got 2.5'],
      [() => readTape(zeros([2, 3, 4]), zeros([3, 2, 1, 3])), 'readTape: tape must be [B, N, W] and view [2, view, 3], got'],
      [() => readTape(zeros([3, 4]), zeros([2, 1, 3])), 'readTape: tape must be [B, N, W] and view [3, view, 4], got'],
    ];
    for (const [call, message] of wrongs) expect(call).toThrow(message);
    expect(() => tapeView(zeros([2]), 3)).toThrow('tapeView: places must be int32, got float32');
  });
});

describe('a view of a tape', () => {
  it('is blank beyond the ends, and goes round a circle', () => {
    const places = tensor(Int32Array.of(0, 2));
    expect(list(tapeView(places, 3, { reach: 1 }))).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
    const far = list(tapeView(tensor(Int32Array.of(1)), 3, { reach: 4, circular: true }));
    expect(far).toEqual(Array.from({ length: 9 }, (_, k) => [0, 1, 2].map((cell) => ((1 + k - 4 + 6) % 3 === cell ? 1 : 0))).flat());
    expect(list(tapeView(places, 3, { reach: 1, circular: true }))).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]);
  });
});
