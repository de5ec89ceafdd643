// What the tape adds up and stretches, against loops over indices; and the order of long sums, which their error and their bits hang on.
import { describe, expect, it } from 'vitest';
import { add, binary, copy, expand, sumAxis, sumTo } from '../../src/autograd/arithmetic.ts';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { kernels } from '../../src/runtime/backend.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import { empty, Tensor } from '../../src/tensor/tensor.ts';

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const whole = (shape: readonly number[]) =>
  tensor(
    Float64Array.from({ length: count(shape) }, (_, i) => ((i * 7) % 23) - 11),
    { shape },
  );

/** Where the element of `shape` lies that element `i` of `target` is stretched from. */
function sourceOf(i: number, target: readonly number[], shape: readonly number[]): number {
  let [left, at, step] = [i, 0, 1];
  for (let axis = target.length - 1; axis >= 0; axis--) {
    const length = target[axis] as number;
    const own = shape[axis - target.length + shape.length];
    if (own !== undefined && own > 1) at += (left % length) * step;
    step *= own ?? 1;
    left = Math.floor(left / length);
  }
  return at;
}

const stretched: [number[], number[]][] = [
  [[], [2, 3]],
  [[3], [2, 3]],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [1, 1, 4],
    [2, 3, 4],
  ],
  [
    [2, 1, 4, 1],
    [2, 3, 4, 5],
  ],
  [
    [1, 2, 1, 3, 1, 2],
    [2, 2, 3, 3, 2, 2],
  ],
  [
    [2, 1, 2, 1, 2, 1, 2],
    [2, 3, 2, 3, 2, 3, 2],
  ],
  [
    [1, 3, 1, 2, 1, 2, 1],
    [2, 3, 2, 2, 3, 2, 2],
  ],
  [
    [1, 1],
    [1, 1],
  ],
];

describe.each(stretched)('%j stretched to %j', (shape, target) => {
  const source = Array.from({ length: count(target) }, (_, i) => sourceOf(i, target, shape));

  it('is repeated, and what was repeated is summed', () => {
    scope(() => {
      const [x, y] = [whole(shape), whole(target)];
      expect([...expand(x, target).toArray()]).toEqual(source.map((at) => x.toArray()[at]));
      const sums = new Array<number>(x.size).fill(0);
      source.forEach((at, i) => {
        sums[at] = (sums[at] as number) + (y.toArray()[i] as number);
      });
      expect([...sumTo(y, shape).toArray()]).toEqual(sums);
      expect(sumTo(y, shape).shape).toEqual(shape);
    });
  });

  it('is added to either side', () => {
    scope(() => {
      const [x, y] = [whole(shape), whole(target)];
      const wanted = source.map((at, i) => (x.toArray()[at] as number) + (y.toArray()[i] as number));
      expect([[...add(x, y).toArray()], [...add(y, x).toArray()]]).toEqual([wanted, wanted]);
    });
  });
});

it('is nothing to do where the shape is the same', () => {
  scope(() => {
    const x = ones([2, 3]);
    expect([sumTo(x, [2, 3]), expand(x, [2, 3])]).toEqual([x, x]);
    expect([sumTo(x, [2, 3]) === x, expand(x, [2, 3]) === x]).toEqual([true, true]);
  });
});

it('says what is wrong', () => {
  scope(() => {
    const x = ones([2, 3]);
    const whole = tensor([1, 2], { dtype: 'int32' });
    const other = {} as Tensor;
    expect(() => expand(x, [3, 3])).toThrow('expand: shape must be reachable by stretching, got [2, 3] to [3, 3]');
    expect(() => expand(x, [3])).toThrow('expand: shape must be reachable by stretching, got [2, 3] to [3]');
    expect(() => expand(ones([1, 3]), [3])).toThrow('expand: shape must be reachable by stretching, got [1, 3] to [3]');
    expect(() => sumTo(x, [2])).toThrow('sumTo: shape must be one that stretches to that of x, got [2] and [2, 3]');
    expect(() => sumTo(whole, [])).toThrow(/^sumTo: x must be float32, got int32/);
    expect(() => sumTo(x, [-1])).toThrow(/^sumTo: shape must/);
    expect(() => expand(x, [Number.NaN])).toThrow(/^expand: shape must/);
    expect(() => expand(other, [2])).toThrow(/^expand: x must be a tensor/);
    expect(() => add(whole, x)).toThrow(/^add: a must be float32, got int32/);
    expect(() => add(x, whole)).toThrow(/^add: b must be float32, got int32/);
    expect(() => binary('sum', kernels.add, x, ones([2]))).toThrow(/^sum: /);
    expect(() => parameter(other)).toThrow(/^parameter: x must be a tensor/);
  });
});

it('names what it recorded', () => {
  scope(() => {
    const x = parameter(ones([2, 1]));
    const made = [add(x, x), copy(x), expand(x, [2, 3]), sumTo(x, [1])];
    expect(made.map((y) => y.recorded?.name)).toEqual(['add', 'copy', 'expand', 'sumTo']);
    for (const y of made.slice(1)) expect([...(grad(y, [x], { gradient: ones(y.shape) })[0] as Tensor).toArray()]).toHaveLength(2);
  });
});

describe('long sums', () => {
  const plain = (x: Tensor, outer: number, n: number, inner: number) => {
    const to = empty([outer, inner]);
    kernels.sum(to.ptr, x.ptr, outer, n, inner);
    return to;
  };
  const uneven = (size: number) =>
    tensor(
      Float64Array.from({ length: size }, (_, i) => 1 / (1 + ((i * 7919) % 10007))),
      { shape: [size] },
    );
  const bits = (x: Tensor) => [...new Int32Array(x.toArray().buffer)];

  it.each([
    ['rows', 3, 4096, 256],
    ['neighbours', 1, 2 ** 20, 4096],
  ] as const)('of %s go by blocks beyond what one call sums, whole ones first', (_, inner, most, block) => {
    for (const n of [most, most + 1, most + block]) {
      scope(() => {
        const outer = 2;
        const x = uneven(outer * n * inner);
        const before = memoryReport().blocks;
        const got = sumAxis(x, outer, n, inner);
        expect(memoryReport().blocks - before).toBe(1); // the sums of blocks are gone
        if (n === most) return expect(bits(got)).toEqual(bits(plain(x, outer, n, inner)));
        const wanted = Array.from({ length: outer }, (_, o) => {
          const blocks = Math.ceil(n / block);
          const sums = zeros([blocks, inner]);
          for (let b = 0; b < blocks; b++) {
            const length = Math.min(block, n - b * block);
            const part = new Tensor(x.storage, [length * inner], 'float32', (o * n + b * block) * inner);
            sums.view().set(plain(part, 1, length, inner).toArray(), b * inner);
          }
          return bits(plain(sums, 1, blocks, inner));
        });
        expect(bits(got)).toEqual(wanted.flat());
      });
    }
  });

  it('of neighbouring axes are one sum', () => {
    scope(() => {
      const x = uneven(2 * 30 * 40 * 3);
      const y = new Tensor(x.storage, [2, 30, 40, 3], 'float32', 0);
      expect(bits(sumTo(y, [2, 1, 1, 3]))).toEqual(bits(plain(x, 2, 1200, 3)));
    });
  });

  it('of as many blocks as one call sums are summed by one', () => {
    scope(() => {
      const [n, inner] = [4096 * 256, 2];
      const x = uneven(n * inner);
      const sums = plain(x, 4096, 256, inner);
      expect(bits(sumAxis(x, 1, n, inner))).toEqual(bits(plain(sums, 1, 4096, inner)));
    });
  });

  it('of whole blocks alone read and write no more than theirs, with NaN on every side', () => {
    scope(() => {
      const n = 8192; // 32 blocks, whose sums fill 256 bytes to the last
      const x = ones([n, 2]);
      const lost = [64, 80].flatMap((size) => Array.from({ length: 8 }, () => full([size], Number.NaN)));
      const guards = lost.filter((_, i) => i % 2 === 1);
      lost.forEach((block, i) => {
        if (i % 2 === 0) block.storage.free();
      });
      expect([...sumAxis(x, 1, n, 2).toArray()]).toEqual([n, n]);
      for (const guard of guards) expect(guard.toArray().every(Number.isNaN)).toBe(true);
    });
  });

  it('of so many rows that the sums of blocks are many again', () => {
    scope(() => {
      const n = 4096 * 256 + 300;
      const x = ones([n, 2]);
      x.view()[2 * n - 1] = 5;
      expect([...sumAxis(x, 1, n, 2).toArray()]).toEqual([n, n + 4]);
    });
  });
});
