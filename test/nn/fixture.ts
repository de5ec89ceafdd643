// Reads test/fixtures/nn/*.json (scripts/fixtures/nn.py) and compares with them.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { concat, reshape } from '../../src/ops/index.ts';
import type { DType } from '../../src/runtime/backend.ts';
import { tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

interface Stored {
  shape: number[];
  values: number[];
  dtype?: DType;
}

type Named<T> = Record<string, T>;

/** One call of a PyTorch part, forward and backward, every tensor by name. */
export interface Case {
  name: string;
  options: Named<number | boolean | string>;
  inputs: Named<Stored>;
  parameters: Named<Stored>;
  outputs: Named<Stored>;
  outputGradients: Named<Stored>;
  inputGradients: Named<Stored>;
  parameterGradients: Named<Stored>;
}

export function cases(file: string): Case[] {
  return JSON.parse(readFileSync(new URL(`../fixtures/nn/${file}.json`, import.meta.url), 'utf8')).cases;
}

const made = ({ shape, values, dtype }: Stored) => tensor(Float64Array.from(values), { shape, dtype: dtype ?? 'float32' });

/** A case's parameters, to load into a module. */
export function stored(from: Case): Map<string, Tensor> {
  return new Map(Object.entries(from.parameters).map(([name, value]) => [name, made(value)]));
}

/** Checks that values are within `tolerance` of the largest element. */
export function expectNear(got: ArrayLike<number>, wanted: ArrayLike<number>, what: string, tolerance = 1e-5): void {
  expect(got.length, `${what}: elements`).toBe(wanted.length);
  const most = Array.from(wanted).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  for (let i = 0; i < wanted.length; i++) {
    const off = Math.abs((got[i] as number) - (wanted[i] as number));
    if (!(off <= tolerance * most))
      expect.fail(`${what}[${i}] must be ${wanted[i]} within ${tolerance * most}, got ${got[i]} (off by ${off})`);
  }
}

/** Runs `f` on the case's inputs and compares outputs and the gradients of inputs and of `parameters`. */
export function expectParity(from: Case, parameters: ReadonlyMap<string, Tensor>, f: (inputs: Named<Tensor>) => Named<Tensor>): void {
  scope(() => {
    const inputs: Named<Tensor> = {};
    for (const [name, value] of Object.entries(from.inputs)) inputs[name] = made(value);
    const leaves = Object.keys(from.inputGradients).map((name) => parameter(inputs[name] as Tensor));
    const outputs = f(inputs);
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(from.outputs).sort());
    expect([...parameters.keys()].sort()).toEqual(Object.keys(from.parameters).sort());
    for (const [name, { shape, values }] of Object.entries(from.outputs)) {
      expect(outputs[name]?.shape, `${name}: shape`).toEqual(shape);
      expectNear((outputs[name] as Tensor).view(), values, name);
    }
    const names = Object.keys(outputs);
    const flat = (tensors: Tensor[]) => concat(tensors.map((x) => reshape(x, [x.size])));
    const gradient = flat(names.map((name) => made(from.outputGradients[name] as Stored)));
    const wanted = { ...from.inputGradients, ...from.parameterGradients };
    const xs = [...leaves, ...Object.keys(from.parameterGradients).map((name) => parameters.get(name) as Tensor)];
    const gradients = grad(flat(names.map((name) => outputs[name] as Tensor)), xs, { gradient });
    for (const [i, [name, { values }]] of Object.entries(wanted).entries()) {
      expectNear((gradients[i] as Tensor).view(), values, `gradient of ${name}`);
    }
  });
}
