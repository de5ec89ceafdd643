// Gradients of gradients are right, or refused by the name of the op.
import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { checkpoint } from '../../src/autograd/checkpoint.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { noGrad, record } from '../../src/autograd/record.ts';
import { recordSeveral } from '../../src/autograd/several.ts';
import * as ops from '../../src/ops/index.ts';
import { detach, ones, tensor } from '../../src/tensor/create.ts';
import { key, split } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Deferred, Tensor } from '../../src/tensor/tensor.ts';
import { draws } from '../kernels/row.ts';
import type { OpRow } from '../ops/row.ts';
import { rows } from '../ops/table.ts';

const { add, mul, neg, square, sum, tanh } = ops;
const values = (x: Tensor | null | undefined) => x && Array.from(x.toArray());
const leaf = (...elements: number[]) => parameter(tensor(elements));

const points = ({ inputs }: OpRow) =>
  inputs.map(({ shape, domain = [-2, 2] }, i) => {
    const n = shape.reduce((a, b) => a * b, 1);
    return tensor(Float64Array.from(draws(i + 7).real(n, ...domain).values), { shape });
  });

describe('second gradients through an op whose own gradient is one of the parameters too', () => {
  const differentiable = rows.filter(({ differentiable = true, inputs }) => differentiable && inputs.length > 0);
  it.each(differentiable.map((row) => [`${row.op}${row.name ? `, ${row.name}` : ''}`, row] as const))('%s', (_, row) => {
    const check = () => gradcheck((...xs) => square(row.f(...xs)), points(row), { order: 2, directions: 1, tolerance: 3e-6 });
    if (row.second === false) expect(check).toThrow(`${row.op}: gradients must be of first order, got a request for the second`);
    else check();
  });
});

/** Twice x by a kernel: what an op does whose gradient has no record. */
const double = (x: Tensor) => noGrad(() => add(x, x));

describe('a gradient without a record', () => {
  const raw = (x: Tensor) => record('raw', double(x), { inputs: [x] }, (g) => [double(g)]);

  it('is right, and refused by name where it is differentiated again', () => {
    scope(() => {
      const x = leaf(3);
      for (const [y, right] of [
        [raw(x), 2],
        [square(raw(x)), 24],
        [add(square(x), raw(x)), 8],
      ] as const) {
        const [g] = grad(y, [x], { createGraph: true });
        expect(values(g)).toEqual([right]);
        expect(() => grad(g as Tensor, [x])).toThrow('raw: gradients must be of first order, got a request for the second');
      }
    });
  });

  it('is none where there is no element', () => {
    scope(() => {
      const [w, none] = [leaf(3), parameter(tensor(new Float32Array(0)))];
      const first = grad(add(sum(square(w)), sum(raw(none))), [w, none], { createGraph: true });
      expect(
        grad(
          first.map((g) => sum(g)).reduce((a, b) => add(a, b)),
          [w],
        ).map(values),
      ).toEqual([[2]]);
    });
  });

  it('is refused where it was put off, by itself or among others that have one', () => {
    scope(() => {
      const w = leaf(3);
      const total = (parts: readonly Deferred[]) => parts.map((part) => (part as { of: Tensor }).of).reduce((a, b) => add(a, b));
      const later = (name: string, made: (g: Tensor) => Tensor) =>
        record(name, double(w), { inputs: [w] }, (g): [Deferred & { of: Tensor }] => [{ sum: total, of: made(g) }]);
      const [kernels, recorded] = [later('kernels', double), later('recorded', (g) => mul(g, 2))];
      const nameless = record('nameless', double(w), { inputs: [w] }, (g): [Deferred] => [{ sum: () => double(g) }]);
      const once = (y: Tensor) => grad(y, [w], { createGraph: true })[0] as Tensor;
      expect(values(once(add(kernels, recorded)))).toEqual([4]);
      expect(() => grad(once(square(add(kernels, recorded))), [w])).toThrow('kernels: gradients must be of first order');
      expect(() => grad(once(square(nameless)), [w])).toThrow('nameless: gradients must be of first order');
      expect(values(grad(once(square(recorded)), [w])[0])).toEqual([8]);
    });
  });

  it('is refused of an op of several results', () => {
    scope(() => {
      const x = leaf(3);
      const ys = [double(x), double(x)] as [Tensor, Tensor];
      recordSeveral('pair', ys, { inputs: [x] }, ([p, q]) => [noGrad(() => add(double(p ?? ones([1])), double(q ?? ones([1]))))]);
      const [g] = grad(square(add(...ys)), [x], { createGraph: true });
      expect(values(g)).toEqual([96]);
      expect(() => grad(g as Tensor, [x])).toThrow('pair: gradients must be of first order');
    });
  });
});

describe('a gradient that is constant', () => {
  it('has no graph, and the seed of the walk no gradient', () => {
    scope(() => {
      const [x, w] = [leaf(3), leaf(2)];
      const [g] = grad(sum(mul(neg(add(x, w)), 5)), [x], { createGraph: true });
      expect(values(g)).toEqual([-5]);
      expect(g?.requiresGrad).toBe(false);
      const seed = tensor([7]);
      const [h, same] = grad(mul(x, w), [x, x], { gradient: seed, createGraph: true }) as [Tensor, Tensor];
      backward(add(h, mul(same, 2)));
      expect([values(w.grad), x.grad, seed.grad, seed.leaf]).toEqual([[21], null, null, false]);
    });
  });

  it('follows a seed that is a parameter itself', () => {
    scope(() => {
      const [x, u] = [leaf(3), leaf(5)];
      const [g] = grad(square(x), [x], { gradient: u, createGraph: true });
      expect(values(g)).toEqual([30]);
      expect(grad(g as Tensor, [u, x]).map(values)).toEqual([[6], [10]]);
    });
  });
});

describe('checkpoint', () => {
  it('has the second gradients of what it computes again', () => {
    scope(() => {
      const [x, w] = [leaf(2), leaf(3)];
      const [g] = grad(sum(checkpoint((u) => square(u), [mul(x, w)])), [x], { createGraph: true });
      expect(values(grad(g as Tensor, [w])[0])).toEqual([24]);
    });
    const inputs = [tensor([0.3, -0.7]), tensor([0.9, 0.4])];
    const deep = (x: Tensor, w: Tensor) => {
      const h = tanh(mul(x, w));
      return checkpoint(
        (u, v) =>
          mul(
            tanh(mul(u, w)),
            checkpoint((z) => square(add(z, w)), [v]),
          ),
        [h, mul(x, h)],
      );
    };
    expect(() => gradcheck(deep, inputs, { order: 2 })).not.toThrow();
  });

  it('gives bits and gradients as without, with keys that are the same each time', () => {
    scope(() => {
      const [x, w] = [parameter(ops.normal(key(1), [4, 5])), parameter(ops.normal(key(2), [5, 5]))];
      const f = (v: Tensor) => ops.dropout(tanh(ops.linear(ops.dropout(v, 0.5, split(key(3))[0] as never), w)), 0.2, key(4));
      const both = [() => f(mul(x, 2)), () => checkpoint(f, [mul(x, 2)])].map((run) => {
        const y = run();
        return [values(y), ...grad(y, [x, w], { gradient: ops.normal(key(5), [4, 5]) }).map(values)];
      });
      expect(both[1]).toEqual(both[0]);
    });
  });

  it('refuses what gives another result when it runs again', () => {
    scope(() => {
      const x = parameter(ones([20]));
      let next = key(1);
      const y = checkpoint(
        (u) => {
          const [now, later] = split(next) as [typeof next, typeof next];
          next = later;
          return ops.dropout(u, 0.5, now);
        },
        [mul(x, 1)],
      );
      expect(() => backward(sum(y))).toThrow('checkpoint: fn must give the same result when it runs again, got');
    });
  });

  it('gives a parameter that it returns as it is its gradient', () => {
    scope(() => {
      const [x, w] = [leaf(2), leaf(3)];
      backward(
        mul(
          checkpoint(() => w, [x]),
          5,
        ),
      );
      backward(
        mul(
          checkpoint((u) => u, [x]),
          7,
        ),
      );
      expect([values(w.grad), values(x.grad)]).toEqual([[5], [7]]);
    });
  });

  it('leaves no gradient of a cut-off input behind', () => {
    scope(() => {
      const x = leaf(2);
      const cut: Tensor[] = [];
      backward(
        checkpoint(
          (u) => {
            cut.push(u);
            return square(u);
          },
          [mul(x, 3)],
        ),
      );
      expect(values(x.grad)).toEqual([36]);
      expect(cut.map((u) => u.grad)).toEqual([null, null]);
      expect(detach(x).requiresGrad).toBe(false);
    });
  });
});
