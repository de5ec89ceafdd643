// What callers in JavaScript give: an op that gets nonsense says so under its own name, whatever the argument.
import { describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/ops/index.ts';
import { backend } from '../../src/runtime/backend.ts';
import { full } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import { calls, entities, wrong } from './calls.ts';

type Op = (...args: unknown[]) => unknown;
const all = ops as unknown as Record<string, Op>;

vi.resetModules();
const copy = await import('../../src/all.ts');
await copy.init();
const foreign = copy.tensor([[1, 2, 3]]);

const names = Object.keys(calls);

describe('the list of calls', () => {
  it('has every op that takes its tensors by place', () => {
    const byName = ['gru', 'gruCell', 'lstm', 'lstmCell'];
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

describe('recurrent ops refuse by name', () => {
  const [x, h] = [full([2, 3, 4], 0.5), full([2, 5], 0.5)];
  const weights = { weightIh: full([20, 4], 0.1), weightHh: full([20, 5], 0.1), biasIh: full([20], 0), biasHh: full([20], 0) };
  const lstm = (...args: unknown[]) => all.lstm?.(...args);

  it('what is no input, state, weight or option', () => {
    const wrongs: [unknown[], string][] = [
      [[undefined, null, null, weights], 'lstm: x must be a tensor, got undefined'],
      [[foreign, null, null, weights], 'lstm: x must be a tensor, got one of another copy of the package'],
      [[{ table: [1], index: [2] }, null, null, weights], 'lstm: table must be a tensor, got [1]'],
      [[{ table: full([4, 4], 1), index: full([2, 3], 1) }, null, null, weights], 'lstm: index must be int32, got float32'],
      [[x, undefined, null, weights], 'lstm: h0 must be a tensor, got undefined'],
      [[x, h, [1], weights], 'lstm: c0 must be a tensor, got [1]'],
      [[x, null, null], 'lstm: weights must be an object, got undefined'],
      [[x, null, null, {}], 'lstm: weightHh must be a tensor, got undefined'],
      [[x, null, null, { ...weights, biasIh: foreign }], 'lstm: biasIh must be a tensor, got one of another copy of the package'],
      [[x, null, null, weights, { msk: 1 }], 'lstm: options must be among mask, reverse, got msk'],
      [[x, null, null, weights, { mask: x }], 'lstm: mask must be bool, got float32'],
    ];
    for (const [args, message] of wrongs) expect(() => lstm(...args)).toThrow(message);
    const hear = (...args: unknown[]) => all.entityStates?.(full([2, 3, 4], 1), ...args);
    const states = full([2, 2, 4], 0.5);
    const heard: [unknown[], string][] = [
      [[states], 'entityStates: weights must be an object, got undefined'],
      [[states, null], 'entityStates: weights must be an object, got null'],
      [[states, {}], 'entityStates: keys must be a tensor, got undefined'],
      [[states, { ...entities, slopes: foreign }], 'entityStates: slopes must be a tensor, got one of another copy of the package'],
      [[states, { ...entities, keys: full([3, 4], 1) }], 'entityStates: keys must be [2, 4], got [3, 4]'],
      [[states, { ...entities, keyWeight: full([4, 3], 1) }], 'entityStates: keyWeight must be [4, 4], got [4, 3]'],
      [[full([3, 2, 4], 1), entities], 'entityStates: h0 must be [2, 2, 4], got [3, 2, 4]'],
      [[full([2, 4], 1), entities], 'entityStates: h0 must be [B, N, D], got [2, 4]'],
      [[states, entities, { mask: full([2, 3], 1) }], 'entityStates: mask must be bool, got float32'],
      [[states, entities, { mask: full([3, 2], true, 'bool') }], 'entityStates: mask must be [2, 3], got [3, 2]'],
    ];
    for (const [args, message] of heard) expect(() => hear(...args)).toThrow(message);
    expect(() => all.entityStates?.(full([3, 4], 1), states, entities)).toThrow('entityStates: sentences must be [B, S, D], got [3, 4]');
    expect(() => all.gruCell?.(full([2, 4], 1), undefined, weights)).toThrow('gruCell: ');
    expect(() => all.lstmCell?.(undefined, h, h, weights)).toThrow('lstmCell: x must be a tensor, got undefined');
  });
});
