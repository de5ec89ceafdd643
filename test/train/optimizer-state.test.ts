import { describe, expect, it } from 'vitest';
import { Adadelta, Adagrad, Adam, AdamW, freeze, gradNorm, key, Linear, type Optimizer, parameters, RMSProp, SGD } from '../../src/all.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const optimizers = { Adam, AdamW, SGD, RMSProp, Adagrad, Adadelta };
const leaf = (n = 3) => parameter(zeros([n]));

/** A dict as a file gives it: other tensors with the same values. */
const copied = (dict: ReadonlyMap<string, Tensor>) =>
  new Map([...dict].map(([path, t]) => [path, tensor(t.toArray(), { shape: t.shape, dtype: t.dtype })]));

/** An optimiser that has taken a step. */
function stepped<O extends Optimizer>(make: (p: Record<string, Tensor>) => O): O {
  const w = leaf();
  const optimizer = make({ w });
  w.grad = tensor([1, -2, 3]);
  optimizer.step();
  return optimizer;
}

describe('a step with a gradient that cannot be used', () => {
  it.each<[string, () => unknown, string]>([
    ['of whole numbers', () => ones([2], 'int32'), 'step: gradient of 1 must be float32 [2], got int32 [2]'],
    ['of an ended scope', () => released(), 'tensor: must be used inside the scope it was made in'],
  ])('%s changes nothing, also where another was to be changed first', (_, gradient, message) => {
    const [first, second] = [leaf(2), leaf(2)];
    const optimizer = new Adam([first, second], { lr: 1 });
    first.grad = ones([2]);
    second.grad = gradient() as Tensor;
    expect(() => optimizer.step()).toThrow(message);
    expect([...first.toArray()]).toEqual([0, 0]);
    expect(optimizer.stateDict().get('0.step')?.item()).toBe(0);
  });
});

/** A tensor whose scope has ended. */
function released(): Tensor {
  const kept: Tensor[] = [];
  scope(() => {
    kept.push(ones([2]));
  });
  return kept[0] as Tensor;
}

describe('the state of an optimiser', () => {
  it.each(Object.entries(optimizers))('of %s is refused by every other, which stays as it was', (name, Kind) => {
    const saved = copied(stepped((p) => new Kind(p)).stateDict());
    for (const [other, Other] of Object.entries(optimizers)) {
      if (other === name) continue;
      const into = stepped((p) => new Other(p));
      const before = [...into.stateDict()].map(([path, t]) => [path, [...t.toArray()]]);
      expect(() => into.loadStateDict(saved), `${name} into ${other}`).toThrow(
        `loadStateDict: entries must be the ${other}'s, got unknown`,
      );
      expect([...into.stateDict()].map(([path, t]) => [path, [...t.toArray()]])).toEqual(before);
    }
  });

  it.each<[keyof typeof optimizers, object, string[], string[]]>([
    ['Adam', {}, ['beta1', 'beta2', 'epsilon', 'weightDecay'], ['exp_avg', 'exp_avg_sq']],
    ['AdamW', {}, ['beta1', 'beta2', 'epsilon', 'weightDecay'], ['exp_avg', 'exp_avg_sq']],
    ['SGD', {}, ['momentum', 'dampening', 'weightDecay', 'nesterov'], []],
    ['SGD', { momentum: 0.9 }, ['momentum', 'dampening', 'weightDecay', 'nesterov'], ['momentum_buffer']],
    ['RMSProp', {}, ['alpha', 'epsilon', 'weightDecay', 'momentum', 'centered'], ['square_avg']],
    ['RMSProp', { centered: true }, ['alpha', 'epsilon', 'weightDecay', 'momentum', 'centered'], ['square_avg', 'grad_avg']],
    ['RMSProp', { momentum: 0.9 }, ['alpha', 'epsilon', 'weightDecay', 'momentum', 'centered'], ['square_avg', 'momentum_buffer']],
    ['Adagrad', {}, ['lrDecay', 'weightDecay', 'initial', 'epsilon'], ['sum']],
    ['Adadelta', {}, ['rho', 'epsilon', 'weightDecay'], ['square_avg', 'acc_delta']],
  ])('of %s %j has PyTorch’s names, and holds every setting', (name, options, settings, parts) => {
    const Kind = optimizers[name] as new (p: Record<string, Tensor>, options: object) => Optimizer;
    const dict = new Kind({ w: leaf() }, options).stateDict();
    const wanted = [...['lr', ...settings].map((setting) => `${name}.${setting}`), ...['step', ...parts].map((part) => `w.${part}`)];
    expect([...dict.keys()]).toEqual(wanted);
    const bits = (path: string) => [...(dict.get(path) as Tensor).toArray()];
    for (const [setting, value] of Object.entries(options))
      expect(bits(`${name}.${setting}`)).toEqual([...new Int32Array(Float64Array.of(Number(value)).buffer)]);
  });

  it('is refused under other settings', () => {
    const saved = copied(stepped((p) => new Adam(p, { beta1: 0.8 })).stateDict());
    expect(() => stepped((p) => new Adam(p)).loadStateDict(saved)).toThrow(
      "loadStateDict: Adam.beta1 must be this optimiser's 0.9, got 0.8",
    );
    const nesterov = copied(stepped((p) => new SGD(p, { momentum: 0.9, nesterov: true })).stateDict());
    expect(() => stepped((p) => new SGD(p, { momentum: 0.9 })).loadStateDict(nesterov)).toThrow(
      "loadStateDict: SGD.nesterov must be this optimiser's 0, got 1",
    );
  });

  it('holds a learning rate that was set by hand, to the last bit', () => {
    const first = stepped((p) => new Adam(p));
    first.lr = 0.1 / 3;
    const second = stepped((p) => new Adam(p, { lr: 5 }));
    second.loadStateDict(copied(first.stateDict()));
    expect(second.lr).toBe(0.1 / 3);
  });

  it.each<[string, (dict: Map<string, Tensor>) => void, string]>([
    [
      'a count below 0',
      (dict) => dict.set('w.step', tensor(-1, { dtype: 'int32' })),
      'w.step must be a finite number of at least 0, got -1',
    ],
    ['a mean square below 0', (dict) => dict.set('w.exp_avg_sq', tensor([1, -1, 1])), 'w.exp_avg_sq must hold numbers from 0, got -1'],
    ['NaN', (dict) => dict.set('w.exp_avg', tensor([1, Number.NaN, 1])), 'w.exp_avg must hold numbers, got NaN'],
    [
      'no rate',
      (dict) => dict.set('Adam.lr', tensor(new Int32Array([0, 0x7ff80000]))),
      'Adam.lr must be a finite number of at least 0, got NaN',
    ],
    ['no tensor', (dict) => dict.set('w.exp_avg', 3 as unknown as Tensor), 'w.exp_avg must be float32 [3], got 3'],
  ])('is refused with %s', (_, spoil, message) => {
    const optimizer = stepped((p) => new Adam(p));
    const dict = copied(optimizer.stateDict());
    spoil(dict);
    const before = [...optimizer.stateDict()].map(([path, t]) => [path, [...t.toArray()]]);
    expect(() => optimizer.loadStateDict(dict)).toThrow(`loadStateDict: ${message}`);
    expect([...optimizer.stateDict()].map(([path, t]) => [path, [...t.toArray()]])).toEqual(before);
  });

  it('is refused where it is no Map', () => {
    expect(() => stepped((p) => new Adam(p)).loadStateDict({} as unknown as Map<string, Tensor>)).toThrow(
      'loadStateDict: dict must be a Map from paths to tensors, got an object',
    );
  });

  it('goes on from before the first step, where every mean of squares is 0', () => {
    for (const Kind of Object.values(optimizers)) {
      const dict = new Kind([leaf()]).stateDict();
      new Kind([leaf()]).loadStateDict(dict);
    }
  });

  it('counts no further than a file can hold', () => {
    const w = leaf();
    const optimizer = new SGD({ w });
    const dict = copied(optimizer.stateDict()).set('w.step', tensor(2 ** 31 - 1, { dtype: 'int32' }));
    optimizer.loadStateDict(dict);
    w.grad = tensor([1, 1, 1]);
    expect(() => optimizer.step()).toThrow('step: updates must number at most 2147483647, got one more of w');
    expect([...w.view()]).toEqual([0, 0, 0]);
  });
});

describe('what an optimiser is given', () => {
  const some = { w: leaf() };

  it('must hold a parameter', () => {
    for (const [name, Kind] of Object.entries(optimizers)) {
      expect(() => new Kind([])).toThrow(`${name}: parameters must hold at least one, got none`);
      expect(() => new Kind(new Map())).toThrow(`${name}: parameters must hold at least one, got none`);
    }
  });

  it('is a module, leaves, or groups, and nothing else', () => {
    const message = 'SGD: parameters must be a module, or leaves in a list, a map or a record, got';
    expect(() => new SGD(new SGD(some) as unknown as Tensor[])).toThrow(`${message} a SGD`);
    expect(() => new SGD(some.w as unknown as Tensor[])).toThrow(`${message} float32 [3]`);
    expect(() => new SGD(undefined as unknown as Tensor[])).toThrow(`${message} undefined`);
    expect(() => new SGD([3 as unknown as Tensor])).toThrow(`${message} 3 at 0`);
    const module = new Linear({ input: 2, output: 1 }, key(1));
    expect([...new SGD(module).parameters]).toEqual([...parameters(module)]);
    expect(gradNorm(module)).toBe(0);
  });

  it('may be frozen, and is passed over then', () => {
    const [net, rest] = [new Linear({ input: 1, output: 1 }, key(1)), leaf()];
    freeze(net.weight);
    const optimizer = new SGD([net.weight, rest], { lr: 1 });
    const before = net.weight.toArray();
    rest.grad = tensor([1, 1, 1]);
    optimizer.step();
    expect(net.weight.toArray()).toEqual(before);
    expect(() => new SGD([zeros([3])])).toThrow('SGD: parameters must be a module, or leaves');
  });

  it('of Nesterov has momentum, and no dampening', () => {
    expect(() => new SGD(some, { nesterov: true, momentum: 0.9, dampening: 0.1 })).toThrow(
      'SGD: nesterov must come with momentum and without dampening, got momentum 0.9 and dampening 0.1',
    );
    expect(() => new SGD(some, { nesterov: true })).toThrow('without dampening, got momentum 0 and dampening 0');
    expect(new SGD(some, { nesterov: true, momentum: 0.9 }).lr).toBe(1e-3);
  });

  it('has options that are known, each in its range', () => {
    for (const [name, Kind] of Object.entries(optimizers)) {
      expect(() => new Kind(some, { betas: [0.9, 0.99] } as object)).toThrow(`${name}: options must be among lr, `);
      for (const lr of [Number.NaN, -1, Infinity, '0.1' as unknown as number])
        expect(() => new Kind(some, { lr })).toThrow(`${name}: lr must be`);
      expect(() => new Kind(some, { weightDecay: -1 })).toThrow(`${name}: weightDecay must be a finite number of at least 0, got -1`);
    }
    expect(() => new SGD(some, { nesterov: 1 as unknown as boolean })).toThrow('SGD: nesterov must be true or false, got 1');
  });

  it('changes nothing where a later gradient has another shape', () => {
    const [a, b] = [leaf(), leaf()];
    const optimizer = new SGD([a, b], { lr: 1 });
    a.grad = tensor([1, 1, 1]);
    b.grad = zeros([2]);
    expect(() => optimizer.step()).toThrow('step: gradient of 1 must be float32 [3], got float32 [2]');
    expect([...a.view()]).toEqual([0, 0, 0]);
  });
});
