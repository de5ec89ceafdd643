// Ops of images, and batch normalisation, are PyTorch's (scripts/fixtures/images.py).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parameter } from '../../src/autograd/parameter.ts';
import { BatchNorm } from '../../src/nn/batch-norm.ts';
import * as ops from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Case, cases, expectNear, expectParity } from './fixture.ts';

type Stored = Case['inputs'][string];
interface NormCase extends Case {
  readonly state: Record<string, Stored>;
  readonly after: Record<string, Stored>;
}

type Op = (inputs: Record<string, Tensor>, options: object) => Tensor;
const filter =
  (op: (x: Tensor, weight: Tensor, bias: Tensor | undefined, options: object) => Tensor): Op =>
  ({ x, weight, bias }, options) =>
    op(x as Tensor, weight as Tensor, bias, options);
const pool =
  (op: typeof ops.maxPool2d): Op =>
  ({ x }, { size, ...options }: { size?: [number, number] }) =>
    op(x as Tensor, size as [number, number], options);

const of: Record<string, Op> = {
  conv2d: filter(ops.conv2d),
  convTranspose2d: filter(ops.convTranspose2d),
  maxPool2d: pool(ops.maxPool2d),
  avgPool2d: pool(ops.avgPool2d),
  gridSample: ({ x, grid }, options) => ops.gridSample(x as Tensor, grid as Tensor, options),
  affineGrid: ({ theta }, { size, ...options }: { size?: [number, number] }) =>
    ops.affineGrid(theta as Tensor, size as [number, number], options),
};

const all = cases('images');
const title = ({ name, options }: Case) => [name, ...Object.entries(options).map(([key, value]) => `${key} ${value}`)].join(', ');

describe('ops of images equal PyTorch', () => {
  it.each(all.filter(({ name }) => name in of).map((from) => [title(from), from] as const))('%s', (_, from) => {
    expectParity(from, new Map(), (inputs) => ({ y: (of[from.name] as Op)(inputs, from.options) }));
  });
});

describe('batch normalisation equals PyTorch', () => {
  const made = ({ shape, values, dtype }: Stored) => tensor(Float64Array.from(values), { shape, dtype: dtype ?? 'float32' });
  it.each(all.filter(({ name }) => name === 'BatchNorm').map((from) => [title(from), from as NormCase] as const))('%s', (_, from) => {
    const part = new BatchNorm({ size: 3 });
    part.loadStateDict(new Map(Object.entries(from.state).map(([name, value]) => [name, made(value)])), { strict: false });
    const parameters = new Map(Object.keys(from.parameters).map((name) => [name, part.stateDict().get(name) as Tensor]));
    for (const p of parameters.values()) parameter(p);
    const update = from.options.update === true;
    expectParity(from, parameters, ({ x }) => ({ y: part.forward(x as Tensor, { update }) }));
    for (const [name, { values }] of Object.entries(from.after)) expectNear((part.stateDict().get(name) as Tensor).view(), values, name);
    expect(part.num_batches_tracked.item()).toBe(update ? 1 : 0);
  });
});

it('has a case of each', () => {
  const { torch } = JSON.parse(readFileSync(new URL('../fixtures/nn/images.json', import.meta.url), 'utf8'));
  expect(torch).toMatch(/^1\.13/);
  expect([...new Set(all.map(({ name }) => name))].sort()).toEqual([...Object.keys(of), 'BatchNorm'].sort());
});
