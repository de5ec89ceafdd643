// What callers in JavaScript give: an op that gets nonsense says so under its own name, whatever the argument.
import { describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/ops/index.ts';
import { backend } from '../../src/runtime/backend.ts';
import { scope } from '../../src/tensor/scope.ts';
import { calls, wrong } from './calls.ts';

type Op = (...args: unknown[]) => unknown;
const all = ops as unknown as Record<string, Op>;

vi.resetModules();
const copy = await import('../../src/index.ts');
await copy.init();
const foreign = copy.tensor([[1, 2, 3]]);

const names = Object.keys(calls);

describe('the list of calls', () => {
  it('has every op that takes its tensors by place', () => {
    const byName = ['gru', 'gruCell', 'layerNorm', 'lstm', 'lstmCell', 'scaledDotProductAttention'];
    expect(names.concat(byName).sort()).toEqual(Object.keys(ops).sort());
  });

  it.each(names)('%s takes what it holds', (name) => {
    scope(() => void all[name]?.(...(calls[name] ?? []).map(([, value]) => value())));
  });
});

const cases = names.flatMap((name) =>
  (calls[name] ?? []).flatMap(([kind], i) => wrong(kind, foreign).map(([what, value]) => ({ name, i, kind, what, value }))),
);

describe('refuses by name', () => {
  it.each(cases)('$name: argument $i ($kind) that is $what', ({ name, i, value }) => {
    const blocks = backend().heap.report().blocks;
    const call = () =>
      scope(() => {
        const args = (calls[name] ?? []).map(([, right]) => right());
        args[i] = value;
        all[name]?.(...args);
      });
    expect(call).toThrow(new RegExp(`^${name}: .*(, got |; )`));
    expect(backend().heap.report().blocks).toBe(blocks);
  });
});
