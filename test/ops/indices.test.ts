// An index may be written to after the forward pass: nothing is then read or written outside a tensor, and no gradient is silently another's.
import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { bagTable, bagWeights } from '../../src/ops/bag.ts';
import { unpick } from '../../src/ops/gather.ts';
import * as ops from '../../src/ops/index.ts';
import { full, ones, tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const list = (x: Tensor) => Array.from(x.toArray());
const int32 = (...values: number[]) => tensor(Int32Array.from(values));

interface Row {
  op: string;
  shape: number[];
  index: number[];
  indexShape: number[];
  f: (x: Tensor, index: Tensor) => Tensor;
  /** It works on a copy of the index: a change after the call means nothing. */
  copies?: boolean;
}

const rows: Row[] = [
  { op: 'gather', shape: [4, 3], index: [1, 0], indexShape: [2], f: ops.gather },
  { op: 'segmentSum', shape: [2, 3], index: [1, 0], indexShape: [2], f: (x, i) => ops.segmentSum(x, i, 4) },
  { op: 'embeddingBag', shape: [4, 3], index: [1, 0], indexShape: [1, 2], f: (x, i) => ops.embeddingBag(x, i) },
  { op: 'bagTable', shape: [1, 3], index: [1, 0], indexShape: [1, 2], f: (g, i) => bagTable(g, i, undefined, 4, undefined) },
  { op: 'bagWeights', shape: [1, 3], index: [1, 0], indexShape: [1, 2], f: (g, i) => bagWeights(g, i, full([4, 3], 2), undefined) },
  { op: 'pick', shape: [2, 4], index: [1, 0], indexShape: [2], f: (x, i) => ops.pick(x, i) },
  { op: 'pick', shape: [4, 2], index: [1, 0], indexShape: [2], f: (x, i) => ops.pick(x, i, { axis: 0 }) },
  { op: 'unpick', shape: [2], index: [1, 0], indexShape: [2], f: (g, i) => unpick(g, i, [2, 4], 1) },
  { op: 'batchGather', shape: [2, 4, 3], index: [1, 0], indexShape: [2, 1], f: (x, i) => ops.batchGather(x, i), copies: true },
  { op: 'takeAlongAxis', shape: [2, 4], index: [1, 0], indexShape: [2, 1], f: (x, i) => ops.takeAlongAxis(x, i), copies: true },
  {
    op: 'scatterAddAlongAxis',
    shape: [2, 1],
    index: [1, 0],
    indexShape: [2, 1],
    f: (x, i) => ops.scatterAddAlongAxis(x, i, 4),
    copies: true,
  },
  { op: 'crossEntropy', shape: [2, 4], index: [1, 0], indexShape: [2], f: (x, i) => ops.crossEntropy(x, i), copies: true },
  { op: 'nllLoss', shape: [2, 4], index: [1, 0], indexShape: [2], f: (x, i) => ops.nllLoss(x, i), copies: true },
];

/** Small tensors laid wherever the heap has room, so that a stray write is likely to hit one. */
const canaries = () => Array.from({ length: 64 }, () => full([64], 7));

describe.each(rows)('$op of an index that changes between forward and backward', ({ op, shape, index, indexShape, f, copies }) => {
  const made = () => {
    const x = parameter(full(shape, 0.5));
    const i = tensor(Int32Array.from(index), { shape: indexShape });
    const kept = i.view(); // against its contract: a view asked for after the call is known to the tape
    return { x, i, kept, y: f(x, i) };
  };
  const right = () =>
    scope(() => {
      const { x, y } = made();
      return list(grad(y, [x], { gradient: ones(y.shape) })[0] as Tensor);
    });

  it.each([4, 5, -2, 1000, 2 ** 31 - 1, -(2 ** 31), 2])('to %i touches no other tensor', (value) => {
    const wanted = right();
    scope(() => {
      const before = canaries();
      const { x, kept, y } = made();
      const after = canaries();
      kept[1] = value;
      const walk = () => backward(y, { gradient: full(y.shape, 1) });
      if (copies) {
        walk();
        expect(list(x.grad as Tensor)).toEqual(wanted);
      } else {
        expect(walk).toThrow(new RegExp(`^${op} gradient: index must .*, got `));
        expect(x.grad).toBeNull();
      }
      for (const canary of [...before, ...after]) expect(list(canary)).toEqual(new Array(64).fill(7));
    });
  });

  it('is no fault where it was only read', () => {
    const wanted = right();
    scope(() => {
      const { x, i, y } = made();
      expect(Array.from(i.view())).toEqual(index);
      backward(y, { gradient: ones(y.shape) });
      expect(list(x.grad as Tensor)).toEqual(wanted);
    });
  });
});

describe('indices and lengths that do not fit', () => {
  it('are refused before a row of another tensor is read or written', () => {
    scope(() => {
      const before = full([20], 7);
      const x = full([1, 20], 1000);
      const after = full([20], 7);
      expect(() => ops.segmentSum(x, int32(819), 819.2)).toThrow('segmentSum: rows must be a whole number from 0, got 819.2');
      expect(() => ops.oneHot(int32(0, 2), 2.5)).toThrow('oneHot: length must be a whole number from 0, got 2.5');
      expect(() => ops.scatterAddAlongAxis(full([1, 1], 1), tensor(Int32Array.of(2), { shape: [1, 1] }), 2.5)).toThrow(
        'scatterAddAlongAxis: length must be a whole number from 0, got 2.5',
      );
      expect(() => ops.place(tensor([1, 2]), 0, 0.5, 4)).toThrow('place: start must be a whole number from 0, got 0.5');
      expect(() => ops.place(tensor([1, 2]), 0, 1, 4.5)).toThrow('place: length must be a whole number from 0, got 4.5');
      expect(() => ops.select(tensor([1, 2]), 0, 0.5)).toThrow('select: index must be within an axis of length 2, got 0.5');
      expect(() => ops.expand(full([1], 1), [-3])).toThrow('expand: shape must be an array of whole numbers from 0, got [-3]');
      expect(() => ops.sumTo(full([3], 1), [5])).toThrow('sumTo: shape must be one that stretches to that of x, got [5] and [3]');
      expect(list(before).concat(list(after))).toEqual(new Array(40).fill(7));
    });
  });
});

describe('categorical', () => {
  it('refuses logits of NaN and +∞ in place of drawing from them', () => {
    const from = { hi: 1, lo: 2 };
    expect(() =>
      ops.categorical(
        from,
        tensor([
          [1, 2],
          [NaN, 0],
        ]),
      ),
    ).toThrow('categorical: logits must be numbers below ∞, got NaN in row 1');
    expect(() => ops.categorical(from, tensor([[1, Infinity]]))).toThrow(
      'categorical: logits must be numbers below ∞, got Infinity in row 0',
    );
    expect(list(ops.categorical(from, tensor([[-Infinity, 2]])))).toEqual([1]);
  });
});

describe('losses and reductions', () => {
  const [x, t, i] = [full([2, 3], 0.5), full([2, 3], 0.25), int32(0, 1)];
  it('refuse by their own name what the ops inside would refuse under theirs', () => {
    expect(() => ops.mseLoss(x, full([2, 3], 1, 'int32'))).toThrow('mseLoss: target must be float32, got int32');
    expect(() => ops.mul(x, undefined as never)).toThrow('mul: b must be a tensor, got undefined');
    expect(() => ops.add(x, [1, 2] as never)).toThrow('add: b must be a tensor, got [1, 2]');
    expect(() => ops.greater(undefined as never, x)).toThrow('greater: a must be a tensor, got undefined');
  });

  it('refuse a reduction that does not exist, and options they do not have', () => {
    for (const loss of [ops.mseLoss, ops.l1Loss, ops.smoothL1Loss, ops.binaryCrossEntropyWithLogits])
      expect(() => loss(x, t, { reduction: 'avg' as never })).toThrow(`${loss.name}: reduction must be one of mean, sum, none, got 'avg'`);
    for (const loss of [ops.crossEntropy, ops.nllLoss])
      expect(() => loss(x, i, { reduction: 'avg' as never })).toThrow(`${loss.name}: reduction must be one of mean, sum, none, got 'avg'`);
    expect(() => ops.crossEntropy(x, i, { ignore: 0 } as never)).toThrow('crossEntropy: options must be among');
    expect(() => ops.softmax(x, { eps: 1 } as never)).toThrow('softmax: options must be among axis, mask, got eps');
    expect(() => ops.sum(x, 0 as never)).toThrow('sum: options must be an object, got 0');
  });
});
