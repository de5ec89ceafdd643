// Threads run the package as it is built: a worker is a file of its own.
import { describe, expect, it } from 'vitest';
import type * as Package from '../../src/index.ts';
import { workspace } from '../../src/ops/product.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { parameters } from '../../src/runtime/generated/parameters.ts';
import { Heap } from '../../src/runtime/heap.ts';
import { type Kernel, rules } from '../../src/runtime/threads/rules.ts';
import { draws, type KernelRow } from '../kernels/row.ts';
import { rows } from '../kernels/table.ts';

const built = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof Package;

/** With no call too small to be shared out. */
const pool = (threads: number) => built.wasmBackend({ threads, grain: 0 });
const backends = await Promise.all([1, 2, 3, 4, 7].map(pool));
const alone = backends[0] as Backend;
const shared = backends.slice(1);

/** Calls a kernel as its row says and returns the bits of everything it wrote. */
function bits(on: Backend, row: KernelRow, n: number): Int32Array[] {
  const args = row.args(n, draws(n));
  const blocks: { at: number; size: number; written: boolean }[] = [];
  const call = args.map((argument) => {
    if (typeof argument === 'number') return argument;
    const at = on.heap.allocate(argument.values.length * 4);
    on.view(at, argument.values.length, argument.dtype).set(argument.values);
    blocks.push({ at, size: argument.values.length, written: argument.role !== 'scratch' });
    return at;
  });
  (on.kernels[row.kernel] as (...args: number[]) => void)(...call);
  const results = blocks.map(({ at, size, written }) => on.view(at, written ? size : 0, 'int32').slice() as Int32Array);
  for (const { at, size } of blocks) on.heap.free(at, Heap.capacity(size * 4));
  return results;
}

/** Where two results differ first; undefined where they do not. */
function difference(got: readonly Int32Array[], wanted: readonly Int32Array[]): string | undefined {
  for (const [i, values] of wanted.entries()) {
    const place = values.findIndex((value, j) => value !== got[i]?.[j]);
    if (place >= 0) return `array ${i}[${place}] of ${values.length}: ${got[i]?.[place]} for ${values[place]}`;
  }
  return undefined;
}

describe('every kernel gives the bits of one thread', () => {
  for (const row of rows) {
    it(row.name ? `${row.kernel}: ${row.name}` : row.kernel, () => {
      for (const n of row.lengths ?? [0, 1, 3, 5, 16, 33, 100, 259]) {
        const wanted = bits(alone, row, n);
        for (const on of shared) expect(difference(bits(on, row, n), wanted), `n = ${n}, ${on.threads} threads`).toBeUndefined();
      }
    });
  }
});

describe('scratch of the workers', () => {
  it('is as large as that of the ops', () => {
    const [, size] = rules.matmul?.scratch ?? [];
    for (const m of [1, 7, 128, 129, 2000])
      for (const n of [1, 63, 64, 3000]) for (const k of [1, 256, 700]) expect(size?.({ m, n, k } as never)).toBe(workspace({ m, n, k }));
  });
});

describe('kernels that are not cut', () => {
  it('are these, for these reasons', () => {
    const whole: Partial<Record<Kernel, string>> = {
      sumSquares: 'one sum',
      scatterAdd: 'rows meet in one place',
      layerNormBackward: 'sums over rows beside a result by rows',
    };
    const all = Object.keys(parameters);
    expect(all.filter((kernel) => !(kernel in rules) && !(kernel in whole))).toEqual([]);
    expect(Object.keys(whole).filter((kernel) => kernel in rules || !all.includes(kernel))).toEqual([]);
  });
});

/** The bits of every parameter after some steps of a model with attention and dropout. */
function trained(on: Backend): Int32Array[] {
  const { AttentionSeq2Seq, Adam, backward, clipGradNorm, crossEntropy, key, parameters, randomInt, scope, split, tensor } = built;
  return built.withBackend(on, () =>
    scope(() => {
      const model = new AttentionSeq2Seq({ source: 12, target: 12, hidden: 24, embedding: 20, dropout: 0.3 }, key(1));
      const optimizer = new Adam(parameters(model), { lr: 1e-2 });
      for (let step = 0; step < 4; step++) {
        scope(() => {
          const [from, noise] = split(key(step));
          const tokens = tensor(
            Int32Array.from({ length: 18 * 6 }, (_, i) => (i % 6 > 3 && i % 4 === 0 ? 0 : 3 + randomInt(from, i, 9))),
            { shape: [18, 6] },
          );
          const loss = crossEntropy(model.forward(tokens, tokens, { key: noise }), tokens, { ignoreIndex: 0 });
          backward(loss);
          clipGradNorm(optimizer.parameters, 1);
          optimizer.step();
        });
      }
      return [...parameters(model).values()].map((parameter) => new Int32Array(parameter.toArray().buffer));
    }),
  );
}

describe('a training run', () => {
  it('gives the bits of one thread', () => {
    const wanted = trained(alone);
    expect(wanted.length).toBeGreaterThan(10);
    for (const on of shared) expect(difference(trained(on), wanted), `${on.threads} threads`).toBeUndefined();
  });
});
