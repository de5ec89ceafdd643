// What an op reads for its gradient must be as it was when the op ran.
import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.ts';
import { checkpoint } from '../../src/autograd/checkpoint.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { Linear } from '../../src/nn/linear.ts';
import { parameters } from '../../src/nn/module.ts';
import * as ops from '../../src/ops/index.ts';
import { activate, backend } from '../../src/runtime/backend.ts';
import { detach, ones, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { persist, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { SGD } from '../../src/train/optimizers/sgd.ts';
import { rows } from '../ops/table.ts';

const { add, mul, square, sum } = ops;
const values = (x: Tensor | null | undefined) => x && Array.from(x.toArray());

describe('a parameter that a step changed between forward and backward', () => {
  it('is an error that names it and the op', () => {
    scope(() => {
      const w = parameter(tensor([3]));
      const optimizer = new SGD({ 'layer.weight': w }, { lr: 1 });
      const [first, second] = [mul(w, 1), square(w)];
      backward(first);
      optimizer.step();
      expect(() => backward(second)).toThrow(
        'mul: what its gradient reads must be as it was in the forward pass, got parameter layer.weight of shape [1] written since',
      );
      expect(w.grad).toBeNull();
      expect(square(w).item()).toBe(4);
      expect(() => grad(second, [w], { createGraph: true })).toThrow('mul: what its gradient reads');
    });
  });

  it('is none where the gradient does not read it', () => {
    scope(() => {
      const [w, b] = [parameter(tensor([3])), parameter(tensor([1]))];
      const optimizer = new SGD([w, b], { lr: 1 });
      const losses = [mul(w, 2), add(add(w, b), ops.neg(b)), ops.exp(w)];
      for (const loss of losses) {
        backward(loss);
        optimizer.step();
      }
      expect(w.item()).toBeCloseTo(3 - 2 - 1 - Math.exp(3), 4);
    });
  });

  it('is an error where another op has laid the changed weight in panels since', () => {
    const layer = new Linear({ input: 64, output: 64 }, key(1));
    const optimizer = new SGD(parameters(layer));
    scope(() => {
      const x = parameter(ones([2, 64]));
      const [first, second] = [layer.forward(x), layer.forward(x)];
      backward(sum(first));
      optimizer.step();
      for (let i = 0; i < 3; i++) layer.forward(layer.forward(x));
      const later = layer.forward(x);
      grad(sum(later), [x]);
      expect(() => backward(sum(second))).toThrow('linear: what its gradient reads');
      expect(() => backward(sum(second))).toThrow('got parameter weight of shape [64, 64] written since');
      expect(() => backward(sum(later))).not.toThrow();
    });
  });

  it('is an error of what is put off too', () => {
    scope(() => {
      const [x, w] = [tensor([[1, 2]]), parameter(ones([2, 2]))];
      const y = ops.linear(x, w);
      x.view().set([3, 4]);
      expect(() => backward(sum(y))).toThrow('linear: what its gradient reads must be as it was in the forward pass, got a tensor');
    });
  });

  it('is an error of what is computed again', () => {
    scope(() => {
      const [x, w] = [parameter(tensor([2])), parameter(tensor([3]))];
      const y = checkpoint((u) => square(mul(u, w)), [x]);
      w.view()[0] = 5;
      expect(() => backward(y)).toThrow('checkpoint: what its gradient reads');
    });
  });

  it('may be used again by what runs afterwards', () => {
    scope(() => {
      const w = parameter(tensor([3]));
      const optimizer = new SGD([w], { lr: 1 });
      for (const [loss, left] of [
        [() => square(w), -3],
        [() => square(square(w)), 105],
      ] as const) {
        backward(loss());
        optimizer.step();
        expect(w.item()).toBe(left);
      }
    });
  });
});

describe('a view', () => {
  const looked = (change: (w: Tensor) => void) =>
    scope(() => {
      const w = parameter(tensor([3, 4]));
      w.view();
      const y = square(w);
      change(w);
      backward(y, { gradient: ones([2]) });
      return values(w.grad);
    });

  it('may be read between forward and backward, any number of times', () => {
    expect(looked((w) => void [w.view()[0], w.view()[1], w.view()[0]])).toEqual([6, 8]);
  });

  it('that was written is an error, whenever it was looked at again', () => {
    const message = 'mul: what its gradient reads must be as it was in the forward pass, got a parameter of shape [2] written since';
    expect(() => looked((w) => void w.view().fill(1))).toThrow(message);
    expect(() =>
      looked((w) => {
        w.view()[1] = 4.0000005;
        w.view();
        w.view();
      }),
    ).toThrow(message);
    expect(() =>
      looked((w) => {
        w.view();
        detach(ops.reshape(w, [1, 2])).view()[1] = 0;
      }),
    ).toThrow(message);
    expect(() => looked((w) => void w.view().set([4, 3]))).toThrow(message);
  });

  it('of an index is checked again before a kernel trusts it', () => {
    scope(() => {
      const [x, index] = [parameter(tensor([[1, 2]])), tensor(Int32Array.of(0))];
      const y = ops.pick(x, index);
      index.view()[0] = 1 << 20;
      expect(() => backward(y)).toThrow('pick: what its gradient reads');
    });
  });

  it('of a result that no gradient reads may be written', () => {
    scope(() => {
      const [a, b] = [parameter(tensor([1])), parameter(tensor([2]))];
      const y = add(a, b);
      y.view()[0] = 100;
      expect(grad(square(y), [a]).map(values)).toEqual([[200]]);
    });
  });

  it('written by one op for another that was not recorded is no error', () => {
    scope(() => {
      const w = persist(parameter(tensor([3])));
      square(w);
      w.view()[0] = 4;
      backward(square(w));
      expect(values(w.grad)).toEqual([8]);
    });
  });
});

describe('any op', () => {
  const differentiable = rows.filter(({ differentiable = true, inputs }) => differentiable && inputs.length > 0);
  const numbers = (n: number) => Float32Array.from({ length: n }, (_, i) => 0.31 + (((i * 37) % 17) + 1) / 40);
  const before = backend();

  it.each(differentiable.map((row) => [`${row.op}${row.name ? `, ${row.name}` : ''}`, row] as const))(
    'refuses an operand that was written, or its gradient does not read it: %s',
    (_, { f, inputs }) => {
      activate(before);
      /** The gradients of all inputs, with input `written` written in between. */
      const gradients = (written: number) =>
        scope(() => {
          const xs = inputs.map(({ shape }) => {
            const n = shape.reduce((a, b) => a * b, 1);
            return parameter(tensor(numbers(n), { shape }));
          });
          const versions = xs.map((x) => x.storage.version);
          const y = f(...xs);
          expect(xs.map((x) => x.storage.version)).toEqual(versions);
          const view = xs[written]?.view();
          view?.forEach((v, i) => {
            view[i] = v * 1.25 + 0.125;
          });
          const seed = tensor(numbers(y.size), { shape: y.shape });
          return grad(y, xs, { gradient: seed }).map(values);
        });
      const right = gradients(-1);
      for (const i of inputs.keys()) {
        try {
          expect(gradients(i)).toEqual(right);
        } catch (error) {
          expect((error as Error).message).toMatch(
            /^\w+: what its gradient reads must be as it was in the forward pass, got a (parameter|tensor)/,
          );
        }
      }
    },
  );
});
