// What runs without a record, what must be synchronous, and what a walk asks of an op's gradient.
import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { checkpoint } from '../../src/autograd/checkpoint.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { infer } from '../../src/autograd/infer.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { recompose } from '../../src/autograd/recompose.ts';
import { noGrad, record, recording, withGrad } from '../../src/autograd/record.ts';
import { recordSeveral } from '../../src/autograd/several.ts';
import { history } from '../../src/autograd/walk.ts';
import { add, mul, neg, square, sum } from '../../src/ops/index.ts';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { outside, scope } from '../../src/tensor/scope.ts';
import type { Deferred, Tensor } from '../../src/tensor/tensor.ts';

const leaf = (...elements: number[]) => parameter(tensor(elements));
const values = (x: Tensor | null | undefined) => x && [...x.toArray()];

describe('infer', () => {
  it('returns what fn does, records nothing and frees the rest', () => {
    const x = leaf(1, 2);
    const before = memoryReport().blocks;
    const [y, on] = infer(() => {
      neg(x);
      return [neg(x), recording()] as const;
    });
    expect([values(y), y.requiresGrad, on, memoryReport().blocks - before]).toEqual([[-1, -2], false, false, 1]);
    y.storage.free();
    x.storage.free();
  });

  it('is synchronous', () => {
    expect(() => infer(async () => 1)).toThrow('infer: fn must be synchronous, got a promise');
    expect(() => withGrad(async () => 1)).toThrow('withGrad: fn must be synchronous, got a promise');
    expect(recording()).toBe(true);
  });
});

describe('a function that would go on later', () => {
  const late = [
    ['a promise', async () => leaf(1)],
    [
      'a generator',
      function* () {
        yield leaf(1);
      },
    ],
    [
      'a generator',
      async function* () {
        yield leaf(1);
      },
    ],
  ] as const;
  const modes: Record<string, (fn: () => unknown) => unknown> = {
    noGrad,
    withGrad,
    infer,
    outside,
    scope,
    checkpoint: (fn) => checkpoint(fn as () => Tensor, [leaf(1)]),
    withBackend: (fn) => withBackend(backend(), fn),
  };
  it.each(Object.entries(modes))('is refused by %s', (name, mode) => {
    for (const [what, fn] of late) expect(() => mode(fn), what).toThrow(`${name}: fn must be synchronous, got ${what}`);
    expect(recording()).toBe(true);
  });

  it('gives checkpoint a tensor', () => {
    expect(() => checkpoint((() => 3) as never, [])).toThrow('checkpoint: what fn gives must be a tensor, got 3');
    expect(() => noGrad(() => checkpoint(3 as never, []))).toThrow('checkpoint: fn must be a function, got 3');
  });
});

describe('an op of several results', () => {
  it('is told null of the results that nothing depends on', () => {
    scope(() => {
      const x = leaf(2);
      const [a, b] = [tensor([1]), tensor([1])];
      const told: unknown[] = [];
      recordSeveral('two', [a, b], { inputs: [x] }, (gradients) => {
        told.push(gradients[0] && values(gradients[0]), gradients[1]);
        return [gradients[0] ?? null];
      });
      backward(mul(a, tensor([3])));
      expect(told).toEqual([[3], null]);
    });
  });
});

describe('a walk', () => {
  it('wants a gradient for each input', () => {
    scope(() => {
      const [x, y] = [leaf(1), leaf(2)];
      const z = record('half', tensor([0]), { inputs: [x, y] }, (g) => [g]);
      expect(() => backward(z)).toThrow('half: a gradient must be given for each input, got 1 for 2');
    });
  });

  it('settles gradients that were put off kind by kind', () => {
    scope(() => {
      const x = leaf(1);
      const kind = (value: number) => (parts: readonly Deferred[]) => tensor([value * parts.length]);
      const [tens, ones] = [kind(10), kind(1)];
      const late = (sum: typeof tens) => record('late', tensor([0]), { inputs: [x] }, () => [{ sum }]);
      backward(add(add(late(tens), late(ones)), late(tens)));
      expect(values(x.grad)).toEqual([21]);
    });
  });

  it('goes back to a moment, which is not among what came after it', () => {
    scope(() => {
      const x = leaf(1);
      const first = neg(x);
      const second = neg(first);
      const order = first.recorded?.order as number;
      expect(history([second], order)).toEqual([second]);
      expect(history([second], order - 1)).toEqual([second, first]);
    });
  });

  it('leaves what nothing depends on alone', () => {
    scope(() => {
      const x = leaf(1);
      const inner = record('inner', tensor([1]), { inputs: [x] }, () => {
        throw new Error('was asked');
      });
      const outer = record('outer', tensor([1]), { inputs: [inner, x] }, (g) => [null, g]);
      backward(outer);
      expect(values(x.grad)).toEqual([1]);
    });
  });
});

it('names what is wrong with the seed', () => {
  scope(() => {
    const x = leaf(1, 2);
    expect(() => grad(neg(x), [x])).toThrow('grad: the result must hold one element (or pass { gradient }), got shape [2]');
    expect(() => grad(tensor([1]), [x])).toThrow('grad: the result must depend on a parameter, got a tensor with no graph');
  });
});

it('recomposes without a record where none is wanted, and with one where it is', () => {
  scope(() => {
    const [x, constant] = [leaf(3), tensor([2])];
    const f = (a: Tensor, b: Tensor) => mul(square(a), b);
    const [plain, none] = noGrad(() => recompose(f, [x, constant], ones([1])));
    expect([values(plain), plain?.requiresGrad, none]).toEqual([[12], false, null]);
    const [nothing, behind] = recompose((a, b) => f(b, a), [constant, x], ones([1]));
    expect([nothing, values(behind)]).toEqual([null, [12]]);
    const [again] = recompose(f, [x, constant], ones([1]));
    expect([values(again), values(grad(again as Tensor, [x])[0])]).toEqual([[12], [4]]);
  });
});

it('names gradients that have no record of their own after their op', () => {
  scope(() => {
    const x = leaf(3);
    const raw = record('raw', tensor([3]), { inputs: [x] }, (g) => [noGrad(() => add(g, g))]);
    const [g] = grad(raw, [x], { createGraph: true });
    expect(g?.recorded?.name).toBe('raw gradient');
  });
});

describe('checkpoint', () => {
  it('without a record is its function', () => {
    scope(() => {
      const x = leaf(1);
      const given: Tensor[] = [];
      const noted = (y: Tensor) => {
        given.push(y);
        return neg(y);
      };
      noGrad(() => checkpoint(noted, [x]));
      expect(given[0]).toBe(x);
    });
  });

  it('does not compare with a result that was changed since', () => {
    scope(() => {
      const x = leaf(2);
      const y = checkpoint((a) => add(a, a), [x]);
      y.view()[0] = 99;
      expect(() => backward(sum(neg(y)))).not.toThrow();
      expect(values(x.grad)).toEqual([-2]);
    });
  });
});

describe('gradcheck', () => {
  /** The square with a gradient whose own gradient is off. */
  const bent = (x: Tensor) => record('bent', noGrad(() => square(x)), { inputs: [x] }, (g) => {
    const slope = record('slope', noGrad(() => add(x, x)), { inputs: [x] }, (h) => [h]);
    return [mul(g, slope)];
  }); // biome-ignore format: as one
  const points = () => [tensor([1, 2, 3])];
  const runs = (options: Parameters<typeof gradcheck>[2]) => {
    let calls = 0;
    const counted = (x: Tensor) => {
      calls++;
      return square(x);
    };
    gradcheck(counted, points(), options);
    return calls;
  };

  it('looks at the second order where it is asked to, and names it', () => {
    expect(() => gradcheck(bent, points())).not.toThrow();
    expect(() => gradcheck(bent, points(), { order: 2 })).toThrow(/^gradcheck: second gradient must match the central difference/);
  });

  it('tries three directions, or as many as it is told, each with a value on either side', () => {
    expect([runs({}), runs({ directions: 1 }), runs({ directions: 5 })]).toEqual([9, 3, 15]);
  });

  it('draws its directions from the key, between -1 and 1', () => {
    const moved = (options: Parameters<typeof gradcheck>[2]) => {
      const seen: number[] = [];
      const noted = (x: Tensor) => {
        seen.push(...x.toArray());
        return square(x);
      };
      gradcheck(noted, [tensor(new Array(50).fill(0))], {
        directions: 1,
        step: 1,
        ...options,
        tolerance: 1e9,
      });
      return seen.filter((value) => value !== 0);
    };
    const drawn = moved({});
    expect(drawn).toEqual(moved({ key: key(0) }));
    expect(drawn).not.toEqual(moved({ key: key(1) }));
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1);
    const forward = drawn.slice(0, 50);
    expect(Math.abs(forward.reduce((a, b) => a + b, 0) / 50)).toBeLessThan(0.3);
  });

  it('lists the shapes of the inputs', () => {
    const wrong = (a: Tensor, b: Tensor) => record('wrong', noGrad(() => mul(a, b)), { inputs: [a, b] }, (g) => [g, g]); // biome-ignore format: one line
    expect(() => gradcheck(wrong, [tensor([1, 2]), tensor([[5]])])).toThrow('(inputs [2], [1, 1])');
  });
});
