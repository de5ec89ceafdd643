import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AdamW, key, Linear, Muon, muonGroups, normal, Optimizers, parameters, SGD, TransformerEncoderLayer } from '../../src/all.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { readCheckpoint, restoreCheckpoint, writeCheckpoint } from '../../src/io/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

type Values = Record<string, number[]>;

interface Fixture {
  shapes: Record<string, number[]>;
  start: Values;
  gradients: Record<string, number[] | null>[];
  cases: { options: { parts?: number }; after: Record<string, Values> }[];
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/muon.json', import.meta.url), 'utf8')) as Fixture;

const made = (name: string, values: number[]) => tensor(Float32Array.from(values), { shape: fixture.shapes[name] as number[] });
const started = ({ parts = 1 }: { parts?: number } = {}) =>
  Object.fromEntries(
    Object.entries(fixture.start).flatMap(([name, values]) =>
      parts === 1 || name === 'packed' ? [[name, parameter(made(name, values))] as const] : [],
    ),
  );

function give(leaves: Readonly<Record<string, Tensor>>, step: number): void {
  for (const [name, p] of Object.entries(leaves)) {
    const values = fixture.gradients[step]?.[name];
    p.grad = values ? made(name, values) : null;
  }
}

describe.each(fixture.cases.map((row) => [JSON.stringify(row.options), row] as const))('Muon %s', (_, { options, after }) => {
  it('takes the steps that numpy takes singular value by singular value', () => {
    const leaves = started(options);
    const optimizer = new Muon(leaves, options);
    fixture.gradients.forEach((_gradients, step) => {
      give(leaves, step);
      optimizer.step();
      for (const [name, values] of Object.entries(after[step + 1] ?? {})) {
        const got = leaves[name]?.toArray() ?? [];
        for (const [i, value] of values.entries()) expect(Math.abs((got[i] as number) - value), `${name} ${i} after ${step + 1}`).toBeLessThan(2e-6); // biome-ignore format: one line
      }
    });
  });

  it('goes on from its state with the same bits', () => {
    const [whole, halves] = [started(options), started(options)];
    const straight = new Muon(whole, options);
    let resumed = new Muon(halves, options);
    for (let step = 0; step < 20; step++) {
      if (step === 5) {
        const copies = new Map([...resumed.stateDict()].map(([path, t]) => [path, tensor(t.toArray(), { shape: t.shape })]));
        resumed = new Muon(halves, options);
        resumed.loadStateDict(copies);
      }
      give(whole, step);
      give(halves, step);
      straight.step();
      resumed.step();
    }
    for (const name of Object.keys(whole)) expect(halves[name]?.toArray()).toEqual(whole[name]?.toArray());
  });
});

/** a x + b (x xᵀ) x + c (x xᵀ)² x in plain float64, k times, from x / ‖x‖. */
function newtonSchulz(x: readonly number[][], k: number): number[][] {
  const column = (b: readonly number[][], j: number) => b.map((row) => row[j] as number);
  const turned = (a: readonly number[][]) => (a[0] ?? []).map((_, j) => column(a, j));
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);
  const times = (a: readonly number[][], b: readonly number[][]) => a.map((row) => turned(b).map((other) => dot(row, other)));
  const norm = Math.sqrt(x.flat().reduce((sum, v) => sum + v * v, 0));
  let y = x.map((row) => row.map((v) => v / norm));
  for (let i = 0; i < k; i++) {
    const first = times(times(y, turned(y)), y);
    const second = times(times(y, turned(y)), first);
    y = y.map((row, r) => row.map((v, c) => 3.4445 * v - 4.775 * (first[r]?.[c] as number) + 2.0315 * (second[r]?.[c] as number)));
  }
  return y;
}

describe('a step of Muon', () => {
  it.each([
    [64, 16],
    [16, 64],
    [33, 33],
  ])('of %i × %i is that of the equation in float64', (rows, columns) => {
    const gradient = normal(key(3), [rows, columns]);
    const p = parameter(zeros([rows, columns]));
    p.grad = gradient;
    new Muon([p], { lr: 1, momentum: 0, weightDecay: 0 }).step();
    const plain = Array.from({ length: rows }, (_, r) => Array.from(gradient.toArray().slice(r * columns, (r + 1) * columns)));
    const wanted = newtonSchulz(plain, 5).flat();
    const size = Math.sqrt(Math.max(1, rows / columns));
    const worst = Array.from(p.toArray(), (v, i) => Math.abs(v + size * (wanted[i] as number))).reduce((a, b) => Math.max(a, b));
    expect(worst).toBeLessThan(5e-5);
  });

  it('is as long for a gradient of 1e25 as for one of 1e-5, and nothing for none', () => {
    const steps = [1e25, 1e-5, 0].map((factor) => {
      const p = parameter(zeros([2, 2]));
      p.grad = tensor([1, 2, 3, -1].map((x) => factor * x), { shape: [2, 2] }); // biome-ignore format: one line
      new Muon([p], { lr: 1, momentum: 0 }).step();
      return [...p.toArray()];
    });
    const [large = [], small = [], none] = steps;
    for (const [i, x] of small.entries()) expect(large[i]).toBeCloseTo(x, 5);
    expect(Math.hypot(...small)).toBeGreaterThan(1);
    expect(none?.map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  it('leaves memory as it was', () => {
    const p = parameter(zeros([4, 6]));
    const optimizer = new Muon([p]);
    const step = () =>
      scope(() => {
        p.grad = normal(key(4), [4, 6]);
        optimizer.step();
      });
    step();
    const before = memoryReport().blocks;
    for (let i = 0; i < 5; i++) step();
    expect(memoryReport().blocks).toBe(before);
  });

  it('is of matrices alone', () => {
    const linear = new Linear({ input: 3, output: 4 }, key(1));
    expect(() => new Muon(linear)).toThrow("Muon: parameters must be matrices, the others AdamW's, got bias [4]");
    expect(() => new Muon([parameter(zeros([2, 2, 2]))])).toThrow('Muon: parameters must be matrices');
    expect(() => new Muon([linear.weight], { parts: 3 })).toThrow('Muon: rows must be a multiple of parts, got 0 [4, 3] and 3');
    expect(() => new Muon([linear.weight], { momentum: 1 })).toThrow('Muon: momentum must be in [0, 1), got 1');
    expect(() => new Muon([linear.weight], { steps: 0 })).toThrow('Muon: steps must be');
    const saved = new Muon([linear.weight], { parts: 2 }).stateDict();
    expect(() => new Muon([linear.weight]).loadStateDict(saved)).toThrow("loadStateDict: Muon.parts must be this optimiser's 1, got 2");
  });
});

describe('muonGroups', () => {
  it('gives Muon the matrices within, packed maps in three parts, and AdamW the rest', () => {
    const layer = new TransformerEncoderLayer({ size: 4, heads: 2 }, key(1));
    const head = new Linear({ input: 4, output: 7, bias: false }, key(2));
    const all = new Map([...parameters(layer), ['head.weight', head.weight]]);
    const { hidden, rest } = muonGroups(all, (path) => path.startsWith('head'));
    const paths = hidden.map(({ parameters: some, parts }) => [[...(some as Map<string, Tensor>).keys()], parts]);
    expect(paths).toEqual([
      [['self_attn.out_proj.weight', 'linear1.weight', 'linear2.weight'], undefined],
      [['self_attn.in_proj_weight'], 3],
    ]);
    expect([...rest.keys()].sort()).toEqual(
      [
        'head.weight',
        'linear1.bias',
        'linear2.bias',
        ...['norm1', 'norm2'].flatMap((norm) => [`${norm}.weight`, `${norm}.bias`]),
        'self_attn.in_proj_bias',
        'self_attn.out_proj.bias',
      ].sort(),
    );
    expect(new Muon(hidden).parameters.size + new AdamW(rest).parameters.size).toBe(all.size);
    expect(muonGroups([head.weight], () => true).hidden).toEqual([]);
    expect(() => muonGroups(layer, undefined as never)).toThrow('muonGroups: outside must be a function, got undefined');
  });
});

describe('optimisers as one', () => {
  const both = (lr = 0.02) => {
    const linear = new Linear({ input: 3, output: 4 }, key(1));
    const { weight, bias } = linear;
    return { linear, optimizer: new Optimizers([new Muon({ weight }, { lr }), new AdamW({ bias: bias as Tensor }, { lr: lr / 4 })]) };
  };
  const give = ({ linear }: ReturnType<typeof both>, i: number) => {
    linear.weight.grad = normal(key(10 + i), [4, 3]);
    if (linear.bias) linear.bias.grad = normal(key(50 + i), [4]);
  };
  const bits = ({ linear }: ReturnType<typeof both>) => [...parameters(linear).values()].flatMap((x) => [...x.toArray()]);

  it('take the steps of each, their rates in one ratio', () => {
    const joint = both();
    const apart = both();
    const [muon, adam] = apart.optimizer.all as [Muon, AdamW];
    for (let i = 0; i < 3; i++) {
      joint.optimizer.lr = 0.01 * i;
      muon.lr = 0.01 * i;
      adam.lr = 0.0025 * i;
      give(joint, i);
      give(apart, i);
      joint.optimizer.step();
      muon.step();
      adam.step();
    }
    expect(bits(joint)).toEqual(bits(apart));
    expect([joint.optimizer.lr, [...joint.optimizer.parameters.keys()]]).toEqual([0.02, ['0.weight', '1.bias']]);
    expect([joint.linear.weight.grad, joint.linear.bias?.grad]).toEqual([null, null]);
  });

  it('forget the gradients of all', () => {
    const one = both();
    give(one, 0);
    one.optimizer.zeroGrad();
    expect([one.linear.weight.grad, one.linear.bias?.grad]).toEqual([null, null]);
  });

  it('go on from a checkpoint with the same bits', () => {
    const whole = both();
    let parts = both();
    for (let i = 0; i < 6; i++) {
      if (i === 3) {
        const bytes = writeCheckpoint({ model: parts.linear, optimizer: parts.optimizer });
        parts = both(0.04);
        restoreCheckpoint(readCheckpoint(bytes), { model: parts.linear, optimizer: parts.optimizer });
        expect(parts.optimizer.lr).toBe(0.02);
      }
      for (const one of [whole, parts]) {
        give(one, i);
        one.optimizer.step();
      }
    }
    expect(bits(parts)).toEqual(bits(whole));
  });

  it('change nothing where one of them cannot step, nor where one of them cannot load', () => {
    const one = both();
    const before = bits(one);
    give(one, 0);
    if (one.linear.bias) one.linear.bias.grad = zeros([5]);
    expect(() => one.optimizer.step()).toThrow('step: gradient of 1.bias must be float32 [4], got float32 [5]');
    expect(bits(one)).toEqual(before);
    const dict = new Map(one.optimizer.stateDict());
    dict.set('1.bias.exp_avg_sq', tensor([-1, 0, 0, 0]));
    dict.set('0.weight.momentum_buffer', normal(key(1), [4, 3]));
    expect(() => one.optimizer.loadStateDict(dict)).toThrow('loadStateDict: bias.exp_avg_sq must hold numbers from 0, got -1');
    expect([...(one.optimizer.stateDict().get('0.weight.momentum_buffer')?.toArray() ?? [])]).toEqual(Array(12).fill(0));
  });

  it('are refused where they do not fit', () => {
    const { linear, optimizer } = both();
    const sgd = (lr: number) => new SGD([linear.weight], { lr });
    expect(() => new Optimizers([sgd(1), sgd(1)])).toThrow('Optimizers: each parameter must be in one optimiser, got 0 in two');
    expect(() => new Optimizers([])).toThrow('Optimizers: all must be optimisers in a list, got');
    expect(() => new Optimizers([linear as never])).toThrow('Optimizers: all must be optimisers in a list, got');
    const rest = new SGD([linear.bias as Tensor], { lr: 1 });
    expect(() => new Optimizers([sgd(0), rest])).toThrow("Optimizers: ratio of an optimiser's lr to the first one's must be");
    const other = new Optimizers([new Muon({ weight: linear.weight }), new AdamW({ bias: linear.bias as Tensor })]);
    expect(() => other.loadStateDict(optimizer.stateDict())).toThrow("loadStateDict: 1.ratio must be this optimiser's 1, got 0.25");
    expect(() => other.loadStateDict(new Map())).toThrow(
      "loadStateDict: entries must be the Optimizers', got unknown [] and missing [0.Muon.lr",
    );
  });
});
