// State that is saved and not trained: buffers, and parameters that are frozen.
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { assign, buffer, freeze, parameterCount, unfreeze } from '../../src/nn/buffer.ts';
import { Linear } from '../../src/nn/linear.ts';
import { Module, param, parameters } from '../../src/nn/module.ts';
import { add, div, mean, mul, sqrt, square, sub, sum } from '../../src/ops/index.ts';
import { detach, full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { updateTarget } from '../../src/train/choice/q-learning.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';
import { SGD } from '../../src/train/optimizers/sgd.ts';
import { list } from './row.ts';

/** Batch normalisation over `[B, D]` (Ioffe and Szegedy 2015, algorithm 1 and §3.1): a part with running statistics. */
class BatchNorm extends Module {
  readonly weight: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly count: Tensor;

  constructor(size: number) {
    super();
    this.weight = param(() => ones([size]));
    this.mean = buffer(() => zeros([size]));
    this.variance = buffer(() => ones([size]));
    this.count = buffer(() => full([], 0, 'int32'));
  }

  forward(x: Tensor, options: { update?: boolean } = {}): Tensor {
    let [m, v] = [this.mean, this.variance];
    if (options.update) {
      m = mean(x, { axis: 0 });
      v = mean(square(sub(x, m)), { axis: 0 });
      assign(this.mean, add(mul(this.mean, 0.9), mul(detach(m), 0.1)));
      assign(this.variance, add(mul(this.variance, 0.9), mul(detach(v), 0.1)));
      assign(this.count, add(this.count, 1));
    }
    return mul(div(sub(x, m), sqrt(add(v, 1e-5))), this.weight); // [B, D]
  }
}

const batch = () => tensor([1, 2, 3, 6], { shape: [2, 2] });

describe('a buffer', () => {
  it('is saved under its path and not trained', () => {
    const norm = new BatchNorm(2);
    expect([...norm.stateDict().keys()]).toEqual(['weight', 'mean', 'variance', 'count']);
    expect([...parameters(norm).keys()]).toEqual(['weight']);
    expect(parameterCount(norm)).toBe(2);
  });

  it('keeps what it is given in scopes, in the same tensor', () => {
    const norm = new BatchNorm(2);
    const before = norm.mean;
    for (let i = 0; i < 2; i++) scope(() => norm.forward(batch(), { update: true }));
    expect(norm.mean).toBe(before);
    expect(list(norm.mean)).toEqual([0.19 * 2, 0.19 * 4].map((x) => expect.closeTo(x, 6)));
    expect(list(norm.variance)).toEqual([0.81 + 0.19 * 1, 0.81 + 0.19 * 4].map((x) => expect.closeTo(x, 6)));
    expect(norm.count.item()).toBe(2);
  });

  it('is made outside every scope', () => {
    const norm = scope(() => {
      const made = [new BatchNorm(2), new BatchNorm(2)] as const;
      return { kept: made[0] };
    }).kept;
    scope(() => zeros([64]));
    expect(list(norm.variance)).toEqual([1, 1]);
    let made: Tensor | undefined;
    scope(() => {
      const x = ones([3]);
      made = buffer(() => x);
    });
    expect(list(made as Tensor)).toEqual([1, 1, 1]);
  });

  it('goes through stateDict, its type and all', () => {
    const [from, to] = [new BatchNorm(2), new BatchNorm(2)];
    scope(() => from.forward(batch(), { update: true }));
    to.loadStateDict(from.stateDict());
    expect([list(to.mean), list(to.variance), to.count.item()]).toEqual([list(from.mean), list(from.variance), 1]);
    expect(() => to.loadStateDict(new Map([...from.stateDict(), ['count', zeros([])]]))).toThrow(
      'loadStateDict: count must be int32 [], got float32 []',
    );
    expect(() => to.loadStateDict(parameters(from))).toThrow('got unknown [] and missing [mean, variance, count]');
  });

  it('is no part of an optimiser', () => {
    expect(() => new SGD(new BatchNorm(2).stateDict())).toThrow(
      'SGD: parameters must be a module, or leaves in a list, a map or a record, got float32 [2] at mean',
    );
  });

  it('follows in a target network, whole numbers at once', () => {
    const [target, online] = [new BatchNorm(1), new BatchNorm(1)];
    assign(online.mean, full([1], 8));
    assign(online.count, full([], 7, 'int32'));
    updateTarget(target, online, { rate: 0.25 });
    expect([target.mean.item(), target.count.item()]).toEqual([2, 7]);
  });

  it('that changed after an op read it makes the gradient refuse', () => {
    const [x, at] = [param(() => ones([2])), buffer(() => ones([2]))];
    scope(() => {
      const y = sum(mul(x, at));
      assign(at, zeros([2]));
      expect(() => backward(y)).toThrow('must be as it was');
    });
  });

  it('is no parameter, nor what has a graph', () => {
    const x = param(() => ones([1]));
    expect(() => buffer(() => x)).toThrow('buffer: result must be detached, got a parameter');
    expect(() => buffer(() => mul(x, 2))).toThrow('buffer: result must be detached, got a recorded tensor');
    expect(() => buffer(() => 3 as unknown as Tensor)).toThrow('buffer: result must be a tensor, got 3');
  });
});

describe('assign', () => {
  it('copies: what it was given may change', () => {
    const [to, from] = [param(() => zeros([2])), ones([2])];
    assign(to, from);
    from.view().fill(5);
    expect(list(to)).toEqual([1, 1]);
  });

  it.each<[string, () => void]>([
    ['assign: to must be made by param or buffer, got another float32 [2]', () => assign(zeros([2]), ones([2]))],
    [
      'assign: from must be float32 [2], got float32 [3]',
      () =>
        assign(
          buffer(() => zeros([2])),
          ones([3]),
        ),
    ],
    [
      'assign: from must be float32 [2], got int32 [2]',
      () =>
        assign(
          buffer(() => zeros([2])),
          ones([2], 'int32'),
        ),
    ],
    [
      'assign: from must be a tensor, got 1',
      () =>
        assign(
          buffer(() => zeros([])),
          1 as unknown as Tensor,
        ),
    ],
  ])('%s', (message, run) => {
    expect(run).toThrow(message);
  });
});

describe('a frozen part', () => {
  class Two extends Module {
    readonly body = new Linear({ input: 2, output: 2 }, key(1));
    readonly head = new Linear({ input: 2, output: 1 }, key(2));
    readonly norm = new BatchNorm(2);
    forward = (x: Tensor) => this.head.forward(this.body.forward(x));
  }

  const step = (model: Two, optimizer: Adam) =>
    scope(() => {
      backward(sum(square(model.forward(batch()))));
      optimizer.step();
    });

  it('is saved as before and not trained', () => {
    const model = new Two();
    const all = [...model.stateDict().keys()];
    freeze(model.body);
    expect([...model.stateDict().keys()]).toEqual(all);
    expect([...parameters(model).keys()]).toEqual(['head.weight', 'head.bias', 'norm.weight']);
    expect([parameterCount(model), parameterCount(model, { frozen: false })]).toEqual([6 + 3 + 2, 3 + 2]);
    const before = list(model.body.weight);
    step(model, new Adam(parameters(model)));
    expect(list(model.body.weight)).toEqual(before);
    model.loadStateDict(new Two().stateDict());
  });

  it('has no gradient and is passed over by an optimiser that knew it', () => {
    const model = new Two();
    const optimizer = new Adam(parameters(model), { weightDecay: 0.1 });
    scope(() => backward(sum(model.forward(batch()))));
    freeze(model.body.weight);
    expect(model.body.weight.grad).toBeNull();
    const before = list(model.body.weight);
    step(model, optimizer);
    expect(model.body.weight.grad).toBeNull();
    expect(list(model.body.weight)).toEqual(before);
    unfreeze(model.body);
    step(model, optimizer);
    expect(list(model.body.weight)).not.toEqual(before);
  });

  it('thaws to what it was: buffers stay buffers', () => {
    const model = new Two();
    const trained = [...parameters(model).keys()];
    freeze(model);
    expect(parameters(model).size).toBe(0);
    unfreeze(model);
    expect([...parameters(model).keys()]).toEqual(trained);
  });

  it('must be a module or a parameter', () => {
    for (const run of [freeze, unfreeze]) {
      expect(() => run(zeros([2]))).toThrow('freeze: part must be a module or a parameter, got float32 [2]');
      expect(() => run({} as unknown as Module)).toThrow('freeze: part must be a module or a parameter, got an object');
    }
  });
});
