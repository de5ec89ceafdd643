// Groups of parameters with options of their own.
import { describe, expect, it } from 'vitest';
import { parameter } from '../../src/autograd/parameter.ts';
import { Linear } from '../../src/nn/linear.ts';
import { Module } from '../../src/nn/module.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { Adadelta } from '../../src/train/optimizers/adadelta.ts';
import { Adagrad } from '../../src/train/optimizers/adagrad.ts';
import { Adam, AdamW } from '../../src/train/optimizers/adam.ts';
import type { Optimizer, ParameterSet } from '../../src/train/optimizers/optimizer.ts';
import { RMSProp } from '../../src/train/optimizers/rmsprop.ts';
import { SGD } from '../../src/train/optimizers/sgd.ts';
import { train } from '../../src/train/train.ts';
import { batches, loss, model, weights } from './model.ts';

const leaf = (...values: number[]) => parameter(tensor(values));
const bits = (...all: Tensor[]) => all.map((x) => [...new Int32Array(Float32Array.from(x.toArray()).buffer)]);
const copied = (dict: ReadonlyMap<string, Tensor>) =>
  new Map([...dict].map(([path, t]) => [path, tensor(t.toArray(), { shape: t.shape, dtype: t.dtype })]));

/** Three steps, with gradients that depend on the parameter and the step. */
function steps(optimizers: readonly Optimizer[], all: readonly Tensor[], count = 3): void {
  for (let i = 0; i < count; i++) {
    for (const [j, x] of all.entries()) x.grad = tensor(Float32Array.from(x.toArray(), (v) => v / 3 + i - j));
    for (const optimizer of optimizers) optimizer.step();
  }
}

type Options = { lr?: number; weightDecay?: number; momentum?: number; centered?: boolean; initial?: number; nesterov?: boolean };
type Kind = new (parameters: ParameterSet | readonly ({ parameters: ParameterSet } & Options)[], options?: Options) => Optimizer;

describe('groups', () => {
  it.each<[string, Kind, Options, Options]>([
    ['Adam', Adam, { lr: 0.25, weightDecay: 0.5 }, {}],
    ['AdamW', AdamW, { lr: 0.25, weightDecay: 0 }, {}],
    ['SGD', SGD, { momentum: 0.5, nesterov: true }, { lr: 0.125 }],
    ['RMSProp', RMSProp, { centered: true, momentum: 0.5 }, { weightDecay: 0.5 }],
    ['Adagrad', Adagrad, { initial: 4 }, { lr: 0.5 }],
    ['Adadelta', Adadelta, { lr: 0.5 }, { weightDecay: 0.25 }],
  ])('of %s take the steps of an optimiser each', (_, Optimizer, own, shared) => {
    const [a, b, c, d] = [leaf(1, 2), leaf(-3), leaf(1, 2), leaf(-3)];
    steps([new Optimizer([{ parameters: [a], ...own }, { parameters: { b } }], shared)], [a, b]);
    steps([new Optimizer([c], { ...shared, ...own }), new Optimizer([d], shared)], [c, d]);
    expect(bits(a, b)).toEqual(bits(c, d));
    expect(bits(a)).not.toEqual(bits(leaf(1, 2)));
  });

  it('keep the ratio of their rates, whatever sets the optimiser’s', () => {
    const [a, b, c, d] = [leaf(1), leaf(2), leaf(1), leaf(2)];
    const both = new Adam([{ parameters: [a] }, { parameters: [b], lr: 0.25 }], { lr: 0.125 });
    const [one, two] = [new Adam([c], { lr: 0.125 }), new Adam([d], { lr: 0.25 })];
    expect(both.lr).toBe(0.125);
    for (const lr of [0.125, 0.5, 0]) {
      both.lr = lr;
      one.lr = lr;
      two.lr = 2 * lr;
      steps([both], [a, b]);
      steps([one, two], [c, d]);
      expect(bits(a, b)).toEqual(bits(c, d));
    }
  });

  it('give the optimiser the rate of the first where its options have none', () => {
    const of = (first: Options, options?: Options) =>
      new SGD(
        [
          { parameters: [leaf(1)], ...first },
          { parameters: [leaf(1)], lr: 0.5 },
        ],
        options,
      );
    expect([of({ lr: 0.25 }).lr, of({ lr: 0.25 }, { lr: 2 }).lr, of({}).lr]).toEqual([0.25, 2, 1e-3]);
    expect(new SGD([{ parameters: [leaf(1)], lr: 0.25 }], { lr: 2 }).lr).toBe(2);
  });

  it('may stand still', () => {
    const [a, b] = [leaf(1), leaf(1)];
    const optimizer = new SGD([{ parameters: [a], lr: 0 }, { parameters: [b] }], { lr: 1 });
    steps([optimizer], [a, b], 1);
    expect([...a.toArray(), ...b.toArray()].map((x) => x === 1)).toEqual([true, false]);
    expect(() => new SGD([{ parameters: [a], lr: 1 }, { parameters: [b] }], { lr: 0 })).toThrow(
      "SGD: ratio of a group's lr must be a finite number of at least 0, got Infinity",
    );
  });

  it('have paths that begin with their number, so that modules of one kind may stand side by side', () => {
    class Two extends Module {
      readonly a = new Linear({ input: 1, output: 1 }, key(1));
      readonly b = new Linear({ input: 1, output: 1, bias: false }, key(2));
    }
    const { a, b } = new Two();
    expect([...new SGD([{ parameters: a }, { parameters: b, lr: 1 }]).parameters.keys()]).toEqual(['0.weight', '0.bias', '1.weight']);
    expect([...new SGD([{ parameters: new Two() }]).parameters.keys()]).toEqual(['a.weight', 'a.bias', 'b.weight']);
  });

  it.each<[string, (x: Tensor) => unknown, string]>([
    [
      'a parameter twice',
      (x) => new Adam([{ parameters: [x] }, { parameters: { x } }]),
      'Adam: each parameter must be in one group, got x in two',
    ],
    ['nothing', (x) => new Adam([{ parameters: [x] }, { parameters: [] }]), 'Adam: parameters must hold at least one, got none'],
    [
      'an unknown option',
      (x) => new Adam([{ parameters: [x], rate: 1 } as object as { parameters: Tensor[] }]),
      'Adam: options must be among lr,',
    ],
    ['a wrong one', (x) => new Adam([{ parameters: [x], beta1: 1 }]), 'Adam: beta1 must be in [0, 1), got 1'],
    ['options that do not agree', (x) => new SGD([{ parameters: [x], nesterov: true }]), 'SGD: nesterov must come with momentum'],
    ['a group among leaves', (x) => new SGD([x, { parameters: [x] }] as unknown as Tensor[]), 'SGD: parameters must be'],
  ])('are refused with %s', (_, make, message) => {
    expect(() => make(leaf(1))).toThrow(message);
  });

  it('take undefined for a default', () => {
    const a = leaf(1);
    const optimizer = new Adam([{ parameters: [a], lr: undefined, beta1: undefined }], { lr: undefined, beta1: 0.5 });
    expect(optimizer.lr).toBe(1e-3);
    const b = leaf(1);
    steps([optimizer], [a]);
    steps([new Adam([b], { beta1: 0.5 })], [b]);
    expect(bits(a)).toEqual(bits(b));
  });
});

describe('the state of groups', () => {
  const made = (second: Options = {}, options: Options = { lr: 0.1 }) => {
    const all = [leaf(1, 2), leaf(3)] as const;
    return { all, optimizer: new Adam([{ parameters: [all[0]] }, { parameters: [all[1]], lr: 0.3, ...second }], options) };
  };

  it('has the settings of each', () => {
    const settings = ['beta1', 'beta2', 'epsilon', 'weightDecay', 'ratio'];
    expect([...made().optimizer.stateDict().keys()]).toEqual([
      ...['Adam.lr', ...settings.map((name) => `Adam.0.${name}`), ...settings.map((name) => `Adam.1.${name}`)],
      ...['0.0.step', '0.0.exp_avg', '0.0.exp_avg_sq', '1.0.step', '1.0.exp_avg', '1.0.exp_avg_sq'],
    ]);
  });

  it('goes on with the same bits', () => {
    const whole = made();
    steps([whole.optimizer], whole.all, 2);
    whole.optimizer.lr = 0.7;
    const [first, second] = [made(), made({}, { lr: 0.1 })];
    steps([first.optimizer], first.all, 2);
    first.optimizer.lr = 0.7;
    second.optimizer.loadStateDict(copied(first.optimizer.stateDict()));
    for (const [i, x] of second.all.entries()) x.view().set((first.all[i] as Tensor).toArray());
    steps([whole.optimizer], whole.all);
    steps([second.optimizer], second.all);
    expect(bits(...second.all)).toEqual(bits(...whole.all));
    expect(second.optimizer.lr).toBe(0.7);
  });

  it('is refused by other groups', () => {
    const saved = copied(made().optimizer.stateDict());
    expect(() => made({ weightDecay: 1 }).optimizer.loadStateDict(saved)).toThrow(
      "loadStateDict: Adam.1.weightDecay must be this optimiser's 1, got 0",
    );
    expect(() => made({ lr: 0.4 }).optimizer.loadStateDict(saved)).toThrow('loadStateDict: Adam.1.ratio must be');
    expect(() => new Adam([leaf(1, 2), leaf(3)]).loadStateDict(saved)).toThrow("entries must be the Adam's, got unknown [Adam.0.beta1");
  });
});

it('a schedule in train moves every group by the same factor', async () => {
  const run = async (make: (parts: { hidden: Tensor; bias: Tensor; out: Tensor }) => Optimizer) => {
    const m = model();
    const events = train({
      key: key(1),
      batches,
      loss: (batch) => loss(m, batch),
      optimizer: make(m),
      steps: 4,
      schedule: (i) => 0.25 / (i + 1),
    });
    const rates: number[] = [];
    for await (const { lr } of events) rates.push(lr);
    return { rates, weights: weights(m) };
  };
  const grouped = await run(
    ({ hidden, bias, out }) => new SGD([{ parameters: { hidden, bias } }, { parameters: { out }, lr: 0 }], { lr: 0.5 }),
  );
  expect(grouped.rates).toEqual([0.25, 0.125, 0.25 / 3, 0.0625]);
  const still = model().out;
  expect(grouped.weights.slice(-8)).toEqual([...still.toArray()]);
  expect((await run(({ hidden, bias }) => new SGD({ hidden, bias }))).weights).toEqual(grouped.weights);
});
