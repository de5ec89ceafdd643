import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Adadelta, Adagrad, Adam, AdamW, clipGradNorm, clipGradValue, gradNorm, RMSProp, SGD } from '../../src/all.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

type Values = Record<string, number[]>;

interface Clipped {
  limit: number;
  norm?: number;
  gradients: Values;
}

interface Fixture {
  shapes: Record<string, number[]>;
  start: Values;
  gradients: Record<string, number[] | null>[];
  cases: { optimizer: keyof typeof optimizers; options: object; after: Record<string, Values> }[];
  clipGradNorm: Clipped[];
  clipGradValue: Clipped[];
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/optimisers.json', import.meta.url), 'utf8')) as Fixture;

const made = (name: string, values: number[]) => tensor(Float32Array.from(values), { shape: fixture.shapes[name] as number[] });
const start = () => Object.fromEntries(Object.entries(fixture.start).map(([name, values]) => [name, parameter(made(name, values))]));
type Started = Record<string, Tensor>;

function give(parameters: Started, step: number): void {
  for (const [name, p] of Object.entries(parameters)) {
    const values = fixture.gradients[step]?.[name];
    p.grad = values ? made(name, values) : null;
  }
}

/** Within 1e-5 of each value; of 0.1 where it is smaller, for what is left when parameters near 2 pass through 0. */
function expectClose(actual: ArrayLike<number>, wanted: readonly number[], what: string): void {
  wanted.forEach((value, i) => {
    const got = actual[i] as number;
    expect(Math.abs(got - value), `${what}[${i}]: ${got} for ${value}`).toBeLessThanOrEqual(1e-5 * Math.max(Math.abs(value), 0.1));
  });
}

const optimizers = { Adam, AdamW, SGD, RMSProp, Adagrad, Adadelta };
const leaf = (n = 3) => parameter(zeros([n]));

describe.each(fixture.cases.map((row) => [row.optimizer, JSON.stringify(row.options), row] as const))('%s %s', (_, __, row) => {
  const make = (parameters: Started, options: object = row.options) => new optimizers[row.optimizer](parameters, options);

  it('takes the steps that PyTorch takes', () => {
    const parameters = start();
    const optimizer = make(parameters);
    fixture.gradients.forEach((_gradients, step) => {
      give(parameters, step);
      optimizer.step();
      const wanted = row.after[step + 1];
      if (wanted)
        for (const [name, p] of Object.entries(parameters)) expectClose(p.view(), wanted[name] as number[], `${name} after ${step + 1}`);
    });
  });

  it('goes on from its state with the same bits', () => {
    const [whole, halves] = [start(), start()];
    const straight = make(whole);
    let resumed = make(halves);
    for (let step = 0; step < 20; step++) {
      if (step === 7) {
        const copies = new Map([...resumed.stateDict()].map(([path, t]) => [path, tensor(t.toArray(), { shape: t.shape })]));
        resumed = make(halves);
        resumed.loadStateDict(copies);
      }
      for (const [parameters, optimizer] of [
        [whole, straight],
        [halves, resumed],
      ] as const) {
        give(parameters, step);
        optimizer.step();
      }
    }
    for (const name of Object.keys(whole)) expect(halves[name]?.toArray()).toEqual(whole[name]?.toArray());
  });
});

describe('an optimiser', () => {
  it('clears the gradients it used and leaves parameters without one alone', () => {
    const [a, b] = [leaf(), leaf()];
    const optimizer = new SGD([a, b], { lr: 1 });
    a.grad = tensor([1, 2, 3]);
    optimizer.step();
    expect(a.grad).toBeNull();
    expect([Array.from(a.view()), Array.from(b.view())]).toEqual([
      [-1, -2, -3],
      [0, 0, 0],
    ]);
    optimizer.step();
    expect(Array.from(a.view())).toEqual([-1, -2, -3]);
  });

  it('frees gradients with the scope of the step, those that share memory too', () => {
    const [a, b] = [leaf(), leaf()];
    const optimizer = new SGD([a, b], { lr: 1 });
    const before = memoryReport().blocks;
    scope(() => {
      a.grad = tensor([1, 2, 3]);
      b.grad = a.grad;
      optimizer.step();
    });
    expect(memoryReport().blocks).toBe(before);
    expect([Array.from(a.view()), Array.from(b.view())]).toEqual([
      [-1, -2, -3],
      [-1, -2, -3],
    ]);
  });

  it('keeps one state for a parameter found under two paths', () => {
    const a = leaf();
    const optimizer = new Adam(
      new Map([
        ['encoder.weight', a],
        ['decoder.weight', a],
      ]),
    );
    expect([...optimizer.stateDict().keys()]).toEqual([
      'Adam.lr',
      'Adam.beta1',
      'Adam.beta2',
      'Adam.epsilon',
      'Adam.weightDecay',
      'encoder.weight.step',
      'encoder.weight.exp_avg',
      'encoder.weight.exp_avg_sq',
    ]);
    expect([...optimizer.parameters.keys()]).toEqual(['encoder.weight']);
  });

  it('checks a state before it changes anything', () => {
    const optimizer = new SGD({ w: leaf() }, { momentum: 0.9 });
    const dict = optimizer.stateDict();
    expect(() => optimizer.loadStateDict(new Map([...dict, ['v.step', tensor(1)]]))).toThrow(
      "loadStateDict: entries must be the SGD's, got unknown [v.step] and missing []",
    );
    expect(() => optimizer.loadStateDict(new Map())).toThrow(
      'got unknown [] and missing [SGD.lr, SGD.momentum, SGD.dampening, SGD.weightDecay, SGD.nesterov, w.step, w.momentum_buffer]',
    );
    expect(() => optimizer.loadStateDict(new Map([...dict, ['w.momentum_buffer', zeros([4])]]))).toThrow(
      'loadStateDict: w.momentum_buffer must be float32 [3], got float32 [4]',
    );
    expect(() => optimizer.loadStateDict(new Map([...dict, ['w.step', tensor(3)]]))).toThrow(
      'loadStateDict: w.step must be int32 [], got float32 []',
    );
  });

  it('names what is wrong', () => {
    expect(() => new Adam([zeros([2])])).toThrow(
      'Adam: parameters must be a module, or leaves in a list, a map or a record, got float32 [2] at 0',
    );
    expect(() => new Adam([leaf()], { beta1: 1 })).toThrow('Adam: beta1 must be in [0, 1), got 1');
    expect(() => new AdamW([leaf()], { lr: Number.NaN })).toThrow('AdamW: lr must be a finite number of at least 0, got NaN');
    expect(() => new SGD([leaf()], { nesterov: true })).toThrow('SGD: nesterov must come with momentum and without dampening');
    const a = leaf();
    a.grad = zeros([2]);
    expect(() => new SGD([a]).step()).toThrow('step: gradient of 0 must be float32 [3], got float32 [2]');
  });
});

describe('clipping', () => {
  it.each(fixture.clipGradNorm)('by norm is PyTorch’s, limit $limit', ({ limit, norm, gradients }) => {
    const parameters = start();
    give(parameters, 1);
    const got = clipGradNorm(parameters, limit);
    expect(Math.abs(got - (norm as number)) / (norm as number)).toBeLessThan(1e-6);
    for (const [name, p] of Object.entries(parameters)) expectClose(p.grad?.view() ?? [], gradients[name] as number[], name);
  });

  it.each(fixture.clipGradValue)('by value is PyTorch’s, limit $limit', ({ limit, gradients }) => {
    const parameters = start();
    give(parameters, 1);
    clipGradValue(parameters, limit);
    for (const [name, p] of Object.entries(parameters)) expectClose(p.grad?.view() ?? [], gradients[name] as number[], name);
  });

  it('scales a gradient that two parameters share once for each', () => {
    const [a, b] = [parameter(zeros([2])), parameter(zeros([2]))];
    const shared = tensor([3, 4]);
    a.grad = shared;
    b.grad = shared;
    expect(clipGradNorm([a, b], 1)).toBeCloseTo(Math.sqrt(50), 5);
    expect(gradNorm([a, b])).toBeCloseTo(1, 5);
    expect(Array.from(shared.view())).toEqual([3, 4]);
  });

  it('leaves gradients that outlive the scope it is called in', () => {
    const a = parameter(zeros([2]));
    a.grad = tensor([3, 4]);
    scope(() => clipGradNorm([a], 1));
    scope(() => clipGradValue([a], 0.7));
    expect(Array.from(a.grad.view(), (value) => Math.round(value * 1000))).toEqual([600, 700]);
  });

  it('knows norms whose squares float32 cannot hold', () => {
    const a = parameter(zeros([2]));
    a.grad = tensor([1e20, 1e20]);
    expect(clipGradNorm([a], 1) / (Math.SQRT2 * Math.fround(1e20))).toBeCloseTo(1, 12);
    for (const g of a.grad.toArray()) expect(g).toBeCloseTo(Math.SQRT1_2, 6);
    a.grad = tensor([3e-25, 4e-25]);
    expect(gradNorm([a]) / 5e-25).toBeCloseTo(1, 6);
    a.grad = tensor([3e38, -3e38]);
    expect(gradNorm([a]) / (Math.SQRT2 * 3e38)).toBeCloseTo(1, 6);
  });

  it('leaves parameters without a gradient alone, and gradients within the limit as they are', () => {
    const [a, b] = [parameter(zeros([2])), parameter(zeros([2]))];
    const gradient = tensor([3, 4]);
    a.grad = gradient;
    expect(clipGradNorm([a, b], 6)).toBe(5);
    expect([a.grad === gradient, b.grad]).toEqual([true, null]);
    clipGradValue([a, b], 3.5);
    expect([[...a.grad.toArray()], b.grad]).toEqual([[3, 3.5], null]);
    expect([gradNorm([b]), clipGradNorm([b], 1)]).toEqual([0, 0]);
  });

  it('divides by the norm and 1e-6, so that what is near nothing is not blown up', () => {
    const a = parameter(zeros([1]));
    a.grad = tensor([3e-6]);
    clipGradNorm([a], 1e-6);
    expect(a.grad.item() / 0.75e-6).toBeCloseTo(1, 4);
    a.grad = zeros([1]);
    expect(clipGradNorm([a], 0)).toBe(0);
    expect(a.grad.item()).toBe(0);
  });

  it('adds up each tensor’s squares to a float32, and those in float64', () => {
    const values = [
      [0.1, 0.2, 0.3],
      [1e-3, 7],
    ];
    const parameters = values.map((row) => {
      const p = parameter(zeros([row.length]));
      p.grad = tensor(row);
      return p;
    });
    const squares = values.map((row) => Math.fround(row.reduce((sum, g) => sum + Math.fround(g) ** 2, 0)));
    expect(gradNorm(parameters)).toBe(Math.sqrt(squares.reduce((sum, x) => sum + x, 0)));
  });

  it('returns a norm that is not finite and leaves the gradients', () => {
    const a = parameter(zeros([2]));
    a.grad = tensor([Infinity, 1]);
    expect(clipGradNorm([a], 1)).toBe(Infinity);
    expect(Array.from(a.grad.view())).toEqual([Infinity, 1]);
  });
});
