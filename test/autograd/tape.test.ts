import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { checkpoint } from '../../src/autograd/checkpoint.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { noGrad, record } from '../../src/autograd/record.ts';
import { add, linear, matmul, mul, neg, sign, square, sum } from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { detach, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { persist, scope } from '../../src/tensor/scope.ts';
import { type Deferred, empty, type Tensor } from '../../src/tensor/tensor.ts';

const values = (x: Tensor | null) => x && Array.from(x.toArray());

describe('backward', () => {
  it('adds up over every path, and over calls until a step clears it', () => {
    scope(() => {
      const x = parameter(tensor([1, 2]));
      const y = add(add(x, x), neg(x));
      backward(y, { gradient: tensor([1, 10]) });
      expect(values(x.grad)).toEqual([1, 10]);
      backward(add(x, x), { gradient: ones([2]) });
      expect(values(x.grad)).toEqual([3, 12]);
    });
  });

  it('sums what was stretched', () => {
    scope(() => {
      const x = parameter(tensor([[1], [2]]));
      const y = parameter(tensor(3));
      backward(add(x, add(zeros([2, 3]), y)), { gradient: ones([2, 3]) });
      expect(values(x.grad)).toEqual([3, 3]);
      expect(x.grad?.shape).toEqual([2, 1]);
      expect(values(y.grad)).toEqual([6]);
      expect(y.grad?.shape).toEqual([]);
    });
  });

  it('works out together what is put off, once all of its kind are known', () => {
    scope(() => {
      const x = parameter(tensor([1, 2]));
      const calls: number[] = [];
      const sum = (parts: readonly Deferred[]) => {
        calls.push(parts.length);
        return tensor([parts.length, 0]);
      };
      const putOff = (input: Tensor) => record('putOff', tensor([0, 0]), { inputs: [input] }, () => [{ sum }]);
      const inner = neg(x);
      backward(add(add(putOff(inner), putOff(inner)), add(putOff(x), x)), { gradient: ones([2]) });
      expect(calls).toEqual([2, 1]);
      expect(values(x.grad)).toEqual([1 + 1 - 2, 1]);
    });
  });

  it('gives one product for the weight of several steps, the same as one by one', () => {
    scope(() => {
      const weight = parameter(tensor([[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
      const steps = [tensor([[1, -1], [2, 0.5]]), tensor([[3, 0.25]])]; // biome-ignore format: rows
      const products = steps.map((x) => linear(x, weight));
      const [first, second] = products as [Tensor, Tensor];
      const total = (y: Tensor) => matmul(ones([1, y.shape[0] as number]), matmul(y, ones([3, 1])));
      backward(add(total(first), total(second)), { gradient: ones([1, 1]) });
      expect(values(weight.grad)).toEqual([6, -0.25, 6, -0.25, 6, -0.25]);
    });
  });

  it('leaves gradients that outlive the scope', () => {
    const x = persist(parameter(tensor([1, 2])));
    scope(() => backward(add(x, x), { gradient: ones([2]) }));
    expect(values(x.grad)).toEqual([2, 2]);
  });

  it('says what is wrong', () => {
    scope(() => {
      const x = parameter(tensor([1, 2]));
      expect(() => backward(add(x, x))).toThrow('backward: the result must hold one element (or pass { gradient }), got shape [2]');
      expect(() => backward(tensor(1))).toThrow('backward: the result must depend on a parameter, got a tensor with no graph');
      expect(() => backward(x, { gradient: ones([3]) })).toThrow("backward: gradient must have the result's shape [2], got [3]");
      expect(() => parameter(neg(x))).toThrow('parameter: must be a leaf, got a computed tensor');
    });
  });

  it('refuses a graph whose scope has ended', () => {
    const x = persist(parameter(tensor([1, 2])));
    const y = scope(() => add(x, x));
    expect(values(y)).toEqual([2, 4]);
    expect(() => backward(y, { gradient: ones([2]) })).toThrow('backward: the graph must still be alive, got a tensor that left the scope');
  });
});

describe('noGrad and grad', () => {
  it('record nothing and leave parameters alone', () => {
    scope(() => {
      const x = parameter(tensor([1, 2]));
      expect(noGrad(() => neg(x)).requiresGrad).toBe(false);
      expect(detach(neg(x)).requiresGrad).toBe(false);
      const middle = neg(x);
      const [dx, dMiddle, none] = grad(neg(middle), [x, middle, tensor([5])], { gradient: ones([2]) });
      expect([values(dx as Tensor), values(dMiddle as Tensor), values(none as Tensor)]).toEqual([[1, 1], [-1, -1], [0]]);
      expect(x.grad).toBeNull();
    });
  });
});

describe('noGrad', () => {
  it('refuses async functions, which would go on with recording after their first await', async () => {
    const x = persist(parameter(tensor([1, 2])));
    let late: boolean | undefined;
    const run = async () => {
      await 0;
      late = neg(x).requiresGrad;
      throw new Error('late');
    };
    expect(() => noGrad(run)).toThrow('noGrad: fn must be synchronous, got a promise');
    await new Promise((done) => setTimeout(done, 0)); // the failure of `run` is nobody's any more
    expect(late).toBe(true);
    expect(noGrad(() => null)).toBeNull();
  });
});

describe('gradcheck', () => {
  /** x + x with a gradient that is off by `error`. */
  const wrong = (error: number) => (x: Tensor) => {
    const y = noGrad(() => add(x, x));
    return record('wrong', y, { inputs: [x] }, (g) => [add(g, error === 0 ? g : neg(g))]);
  };

  it('passes what is right and names what is wrong', () => {
    const x = tensor([1, 2, 3]);
    expect(() => gradcheck(wrong(0), [x], { order: 2 })).not.toThrow();
    expect(() => gradcheck(wrong(1), [x])).toThrow(
      /^gradcheck: gradient must match the central difference -?\d.*, got 0 \(inputs \[3\]\)$/,
    );
  });
});

describe('checkpoint', () => {
  it('gives the same gradients, to what was captured too, and keeps nothing in between', () => {
    scope(() => {
      const x = parameter(tensor([1, 2]));
      const w = parameter(tensor([3, 4]));
      const f = (v: Tensor) => neg(add(neg(neg(v)), add(v, w)));
      const plain = f(neg(x));
      backward(plain, { gradient: tensor([1, 10]) });
      const wanted = [values(x.grad), values(w.grad)];
      x.grad = null;
      w.grad = null;
      const before = memoryReport().blocks;
      const input = neg(x);
      const y = checkpoint(f, [input]);
      expect(memoryReport().blocks - before).toBe(2); // input and y
      expect(values(y)).toEqual(values(plain));
      backward(y, { gradient: tensor([1, 10]) });
      expect([values(x.grad), values(w.grad)]).toEqual(wanted);
    });
  });

  it('of what does not depend on an input gives it no gradient, and of what depends on nothing is a constant', () => {
    scope(() => {
      const [x, w] = [parameter(tensor([1, 2])), parameter(tensor([3, 4]))];
      const [once] = grad(sum(checkpoint((_) => mul(w, w), [x])), [w], { createGraph: true });
      expect(values(grad(sum(once as Tensor), [w])[0] as Tensor)).toEqual([2, 2]);
      const [step] = grad(sum(mul(checkpoint(sign, [x]), square(x))), [x], { createGraph: true });
      expect(values(grad(sum(step as Tensor), [x])[0] as Tensor)).toEqual([2, 2]);
      const y = checkpoint((_) => tensor([5, 6]), [x]);
      backward(sum(mul(x, y)));
      expect(values(x.grad)).toEqual([5, 6]);
    });
  });

  it('refuses a computed tensor that is not an input', () => {
    scope(() => {
      const x = parameter(tensor([1, 2]));
      const hidden = neg(x);
      expect(() => checkpoint((v) => add(v, hidden), [x])).toThrow(
        'checkpoint: computed tensors that fn uses must be among its inputs, got one made by neg',
      );
    });
  });
});

describe('scope', () => {
  it('keeps what is returned, wherever in it, and frees the rest', () => {
    const before = memoryReport().blocks;
    const kept = scope(() => {
      const a = tensor([1]);
      const b = tensor([2]);
      tensor([3]);
      return { list: [a], map: new Map([['b', b]]), n: 7 };
    });
    expect(memoryReport().blocks - before).toBe(2);
    expect(kept.list[0]?.item()).toBe(1);
    expect(kept.map.get('b')?.item()).toBe(2);
    const lost: Tensor[] = [];
    scope(() => void lost.push(tensor([1])));
    expect(() => lost[0]?.item()).toThrow(
      'tensor: must be used inside the scope it was made in, got one of shape [1] after its scope ended',
    );
  });

  it('frees when fn throws, and refuses promises', () => {
    const before = memoryReport().blocks;
    expect(() =>
      scope(() => {
        empty([1000]);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(() => scope(async () => empty([1000]))).toThrow('scope: fn must be synchronous, got a promise');
    expect(memoryReport().blocks).toBe(before);
  });

  it('nests', () => {
    const before = memoryReport().blocks;
    scope(() => {
      const inner = scope(() => scope(() => tensor([5])));
      expect(inner.item()).toBe(5);
      expect(memoryReport().blocks - before).toBe(1);
    });
    expect(memoryReport().blocks).toBe(before);
  });
});
