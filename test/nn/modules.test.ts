import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { backward, grad } from '../../src/autograd/backward.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import { LayerNorm } from '../../src/nn/layer-norm.ts';
import { Linear } from '../../src/nn/linear.ts';
import { type Module, parameters } from '../../src/nn/module.ts';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { ones } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Case, cases, expectParity, stored } from './fixture.ts';
import { bits, list, type ModuleRow, real } from './row.ts';
import { abstract, rows } from './table.ts';

const BATCH = [0, 1, 2, 3, 4];
const title = (row: ModuleRow) => (row.name ? `${row.module}: ${row.name}` : row.module);

/** A call's elements as bits. */
const run = (row: ModuleRow, module: Module, dropoutKey?: saccade.Key, examples = BATCH) =>
  scope(() => bits(row.call(module, examples, dropoutKey)));

const values = (module: Module) => [...module.stateDict()].map(([path, x]) => [path, list(x)] as const);

/** ⟨v, y⟩ with fixed v: one number whose gradient reaches every element of a call. */
const weigh = (y: Tensor) => real([0], [y.size], 9).toArray();

describe.each(rows.map((row) => [title(row), row] as const))('%s', (_, row) => {
  it('gives every parameter a gradient', () => {
    const module = row.build(key(1));
    row.warm?.(module);
    scope(() => {
      const y = row.call(module, BATCH);
      if (parameters(module).size === 0) return expect(y.requiresGrad).toBe(false);
      backward(y, { gradient: saccade.tensor(Float64Array.from(weigh(y)), { shape: y.shape }) });
    });
    for (const [path, { grad: found, shape }] of parameters(module)) {
      expect(found?.shape, path).toEqual(shape);
      expect(list(found as Tensor).every(Number.isFinite), path).toBe(true);
      expect(
        list(found as Tensor).some((g) => Math.abs(g) > 1e-6),
        path,
      ).toBe(true);
    }
  });

  it('has the gradients that central differences say, in float64', () => {
    withBackend(referenceBackend(), () =>
      scope(() => {
        const module = row.build(key(2));
        row.warm?.(module);
        const dropoutKey = row.dropout ? key(3) : undefined;
        const leaves = [...parameters(module).values()];
        if (leaves.length === 0) return;
        const value = () =>
          scope(() => {
            const y = row.call(module, BATCH, dropoutKey);
            const v = weigh(y);
            return list(y).reduce((sum, x, i) => sum + x * (v[i] as number), 0);
          });
        const y = row.call(module, BATCH, dropoutKey);
        const gradient = saccade.tensor(Float64Array.from(weigh(y)), { shape: y.shape });
        const gradients = grad(y, leaves, { gradient }).map(list);
        const step = 1e-5;
        for (let direction = 0; direction < 2; direction++) {
          const along = leaves.map((x, i) => list(real([direction], [x.size], 20 + i)));
          const move = (h: number) =>
            leaves.forEach((x, i) => {
              const view = x.view();
              along[i]?.forEach((d, j) => {
                view[j] = (view[j] as number) + h * d;
              });
            });
          move(step);
          const above = value();
          move(-2 * step);
          const below = value();
          move(step);
          const numeric = (above - below) / (2 * step);
          const exact = gradients.flat().reduce((sum, g, i) => sum + g * (along.flat()[i] as number), 0);
          expect(Math.abs(numeric - exact), `${exact} for ${numeric}`).toBeLessThanOrEqual(1e-7 * Math.max(1, Math.abs(exact)));
        }
      }),
    );
  });

  it('is made by its key alone', () => {
    const module = row.build(key(1));
    expect(values(row.build(key(1)))).toEqual(values(module));
    expect(run(row, row.build(key(1)))).toEqual(run(row, module));
    expect(run(row, module)).toEqual(run(row, module));
    if (row.fixed) return;
    const other = new Map(values(row.build(key(2))));
    for (const [path, drawn] of values(module)) {
      if (row.constant?.some((name) => path.endsWith(name))) expect(other.get(path), path).toEqual(drawn);
      else expect(other.get(path), path).not.toEqual(drawn);
    }
    expect(run(row, row.build(key(2)))).not.toEqual(run(row, module));
  });

  it('draws in the call only where a key is given', () => {
    const module = row.build(key(1));
    const plain = run(row, module);
    const drawn = run(row, module, key(5));
    expect(run(row, module, key(5))).toEqual(drawn);
    if (row.dropout) {
      expect(drawn).not.toEqual(plain);
      expect(run(row, module, key(6))).not.toEqual(drawn);
    } else expect(drawn).toEqual(plain);
    expect(run(row, module)).toEqual(plain);
  });

  it('gives an example the same bits alone and within a batch', () => {
    const module = row.build(key(1));
    const all = run(row, module);
    const width = all.length / BATCH.length;
    for (const i of BATCH) expect(run(row, module, undefined, [i])).toEqual(all.slice(i * width, (i + 1) * width));
    expect(run(row, module, undefined, [3, 1])).toEqual(Int32Array.of(...all.slice(3 * width, 4 * width), ...all.slice(width, 2 * width)));
  });

  it('takes its values from another through stateDict', () => {
    const from = row.build(key(1));
    const to = row.build(key(2));
    to.loadStateDict(from.stateDict());
    expect(values(to)).toEqual(values(from));
    expect(run(row, to)).toEqual(run(row, from));
    for (const [path, x] of to.stateDict()) expect(x, path).not.toBe(from.stateDict().get(path));
  });

  it('loads nothing where anything is wrong', () => {
    const module = row.build(key(1));
    const before = values(module);
    const dict = row.build(key(2)).stateDict();
    const paths = [...dict.keys()];
    const refuses = (changed: Map<string, Tensor>, text: string) => {
      expect(() => module.loadStateDict(changed)).toThrow(text);
      expect(values(module)).toEqual(before);
    };
    refuses(new Map([...dict, ['strange', ones([1])]]), "loadStateDict: paths must be the module's, got unknown [strange] and missing []");
    const last = paths.at(-1);
    if (last === undefined) return;
    const { shape, dtype } = dict.get(last) as Tensor;
    const other = dtype === 'int32' ? 'float32' : 'int32';
    refuses(
      new Map([...dict].filter(([path]) => path !== last)),
      `loadStateDict: paths must be the module's, got unknown [] and missing [${last}]`,
    );
    const wrong = new Map([...dict, [last, ones([...shape, 2], dtype)]] as const);
    refuses(wrong, `loadStateDict: ${last} must be ${dtype} [${shape.join(', ')}], got ${dtype} [${[...shape, 2].join(', ')}]`);
    refuses(new Map([...dict, [last, saccade.zeros(shape, other)]] as const), `got ${other} [${shape.join(', ')}]`);

    module.loadStateDict(
      new Map([
        [paths[0] as string, dict.get(paths[0] as string) as Tensor],
        ['strange', ones([1])],
      ]),
      { strict: false },
    );
    expect(values(module).slice(1)).toEqual(before.slice(1));
    expect(values(module)[0]?.[1]).toEqual(list(dict.get(paths[0] as string) as Tensor));
  });

  it('frees what a call makes', () => {
    const module = row.build(key(1));
    run(row, module, key(5));
    const before = backend().heap.report().blocks;
    run(row, module, key(5));
    expect(backend().heap.report().blocks).toBe(before);
  });
});

describe('the module table', () => {
  it('has a row for every module exported', () => {
    const named = new Set(rows.map((row) => row.module));
    const exported = Object.entries(saccade).flatMap(([name, value]) =>
      typeof value === 'function' && (value === saccade.Module || value.prototype instanceof saccade.Module) ? [name] : [],
    );
    expect(exported).toContain('Linear');
    expect(exported.filter((name) => !named.has(name) && !abstract.has(name))).toEqual([]);
    expect([...named, ...abstract].filter((name) => !exported.includes(name))).toEqual([]);
  });
});

type Sizes = { input: number; output: number; symbols: number; size: number };

const parts: Record<string, (sizes: Sizes) => Module & { forward(x: Tensor): Tensor }> = {
  Linear: (sizes) => new Linear(sizes, key(1)),
  'Linear without bias': (sizes) => new Linear({ ...sizes, bias: false }, key(1)),
  Embedding: (sizes) => new Embedding(sizes, key(1)),
  LayerNorm: (sizes) => new LayerNorm(sizes),
};

describe('modules equal PyTorch', () => {
  it.each(cases('parts').map((c) => [c.name, c] as [string, Case]))('%s', (_, from) => {
    const module = parts[from.name]?.(from.options as Sizes) as ReturnType<(typeof parts)[string]>;
    module.loadStateDict(stored(from));
    expectParity(from, module.stateDict(), ({ x }) => ({ y: module.forward(x as Tensor) }));
  });
});
