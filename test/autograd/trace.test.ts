import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { checkpoint } from '../../src/autograd/checkpoint.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { type OpCost, profile } from '../../src/autograd/profile.ts';
import { record } from '../../src/autograd/record.ts';
import { rolesOf } from '../../src/autograd/roles.ts';
import { type TracedCall, trace } from '../../src/autograd/trace.ts';
import {
  add,
  argmax,
  concat,
  exp,
  expand,
  gather,
  layerNorm,
  linear,
  lstm,
  lstmCell,
  mul,
  reshape,
  scaledDotProductAttention,
  softmax,
  sum,
  topk,
  where,
} from '../../src/ops/index.ts';
import { writeRows } from '../../src/ops/rows.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { full, tensor, zeros } from '../../src/tensor/create.ts';
import { observer } from '../../src/tensor/observe.ts';
import { scope } from '../../src/tensor/scope.ts';
import { empty } from '../../src/tensor/tensor.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';

const names = ({ calls }: { calls: readonly { op: string }[] }) => calls.map(({ op }) => op);

describe('trace', () => {
  it('lists ops in order with all that they were given', () => {
    scope(() => {
      const [x, mask] = [tensor([[1, 2]]), tensor([true, false])];
      const found = trace(() => softmax(mul(x, 3), { mask }));
      expect(names(found)).toEqual(['affine', 'full', 'where', 'softmax', 'detach']);
      const [scaled, lowest, hidden, weights, kept] = found.calls;
      expect([scaled?.inputs, scaled?.attributes]).toEqual([[x], { scale: 3, shift: -0 }]);
      expect(hidden?.inputs).toEqual([mask, scaled?.outputs[0], lowest?.outputs[0]]);
      expect(kept?.inputs).toEqual(weights?.outputs);
      expect(kept?.outputs).toEqual([found.result]);
      expect(found.constants).toEqual([{ tensor: x, from: 'outside', read: null }, { tensor: mask, from: 'outside', read: null }]); // biome-ignore format: two
      expect(found.reads).toEqual([]);
    });
  });

  it('leaves the place of what was not given empty, and names every result', () => {
    scope(() => {
      const [x, w, b] = [zeros([2, 3]), zeros([4, 3]), zeros([4])];
      expect(trace(() => linear(x, w)).calls[0]?.inputs).toEqual([x, w, null]);
      expect(trace(() => layerNorm(x, { bias: zeros([3]) })).calls[1]?.inputs).toMatchObject([x, null, { shape: [3] }]);
      const weights = { weightIh: zeros([8, 3]), weightHh: zeros([8, 2]), biasIh: zeros([8]), biasHh: zeros([8]) };
      const [, cell] = trace(() => lstmCell(x, zeros([2, 2]), zeros([2, 2]), weights)).calls.filter(({ op }) => op !== 'full');
      expect([cell?.op, cell?.inputs.map((input) => input?.shape ?? null)]).toEqual([
        'lstm',
        [[2, 1, 3], [8, 3], [8, 2], [8], [8], [2, 2], [2, 2], null, null, null],
      ]);
      expect(cell?.outputs.map(({ shape }) => shape)).toEqual([[2, 1, 2], [2, 2], [2, 2]]); // biome-ignore format: one line
      expect(names(trace(() => topk(b, 2)))).toEqual(['topk', 'batchGather']);
    });
  });

  it('says what each tensor is to its op', () => {
    scope(() => {
      const only = (fn: () => unknown) => rolesOf(trace(fn).calls[0] as TracedCall);
      const [x, w, b, h, mask] = [zeros([2, 3, 3]), zeros([8, 3]), zeros([8]), zeros([2, 2]), tensor([[true], [false]])];
      const weights = { weightIh: w, weightHh: zeros([8, 2]), biasIh: b, biasHh: b };
      const wide = expand(mask, [2, 3]);
      const cell = only(() => lstm(x, null, h, weights, { mask: wide }));
      expect(Object.keys(cell.inputs)).toEqual(['x', 'weightIh', 'weightHh', 'biasIh', 'biasHh', 'c0', 'mask']);
      expect([cell.inputs.x, cell.inputs.weightHh, cell.inputs.c0, cell.inputs.mask]).toEqual([x, weights.weightHh, h, wide]);
      const table = zeros([4, 3]);
      const [index, row] = [zeros([2, 3], 'int32'), zeros([3])];
      const looked = only(() => lstm({ table, index }, null, null, weights));
      expect([looked.inputs.x, looked.inputs.table, looked.inputs.index]).toEqual([undefined, table, index]);
      expect(Object.keys(looked.outputs)).toEqual(['output', 'h', 'c']);
      const attended = only(() => scaledDotProductAttention(x, x, x, { bias: row, weights: true }));
      expect([Object.keys(attended.inputs), Object.keys(attended.outputs)]).toEqual([['query', 'keys', 'values', 'bias'], ['output', 'weights']]); // biome-ignore format: one line
      expect(only(() => concat([b, b])).inputs).toEqual({ 0: b, 1: b });
      expect(rolesOf({ op: 'mine', inputs: [b, null, h], outputs: [x] })).toEqual({ inputs: { 0: b, 2: h }, outputs: { y: x } });
    });
  });

  it('knows what came from outside, from the host, and from where nothing is recorded', () => {
    scope(() => {
      const x = tensor([1, 2]);
      const silent = () => {
        const y = empty([2]);
        y.storage.backend.kernels.exp(y.ptr, x.ptr, 2);
        return y;
      };
      const { constants } = trace(() => add(add(x, tensor([1, 1])), silent()));
      expect(constants.map(({ from, read }) => [from, read])).toEqual([
        ['outside', null],
        ['host', null],
        ['hidden', null],
      ]);
    });
  });

  it('tells of what was taken to the host, and what was made after', () => {
    scope(() => {
      const x = tensor([3, 4]);
      const found = trace(() => {
        const before = tensor([1]);
        const y = add(exp(x), before);
        const largest = argmax(y).item();
        return mul(y, tensor([largest]));
      });
      expect(names(found)).toEqual(['exp', 'add', 'argmax', 'mul']);
      const place = found.calls[2]?.outputs[0];
      expect(found.reads).toEqual([{ tensor: place, after: 3 }]);
      expect(found.constants.map(({ from, read }) => [from, read])).toEqual([
        ['outside', null],
        ['host', null],
        ['host', place],
      ]);
      for (const look of [() => x.toArray() as unknown, () => x.view(), () => x.peek(), () => x.toNested(), () => x.toJSON()])
        expect(trace(look).reads).toEqual([{ tensor: x, after: 0 }]);
    });
  });

  it('takes what the host wrote into for the host’s, and not for what the op made', () => {
    scope(() => {
      const { calls, constants } = trace(() => {
        const mask = full([2], true, 'bool');
        mask.view()[0] = 0;
        return where(mask, 1, zeros([2]));
      });
      expect(constants).toEqual([{ tensor: calls.at(-1)?.inputs[0], from: 'host', read: calls.at(-1)?.inputs[0] }]);
    });
  });

  it('keeps the constants that scopes inside would have freed', () => {
    scope(() => {
      const x = tensor([1, 2]);
      const { constants } = trace(() => scope(() => add(x, tensor([10, 20]))));
      expect(Array.from(constants[1]?.tensor.toArray() ?? [])).toEqual([10, 20]);
    });
    const before = memoryReport().blocks;
    scope(() => void trace(() => scope(() => add(tensor([1, 2]), tensor([10, 20])))));
    expect(memoryReport().blocks).toBe(before);
  });

  it('sees through checkpoints, and gradients where they are ops', () => {
    scope(() => {
      const x = parameter(tensor([1, 2]));
      expect(names(trace(() => checkpoint((y) => exp(y), [x])))).toEqual(['detach', 'exp', 'detach']);
      expect(names(trace(() => backward(sum(exp(x)))))).toContain('expand');
    });
  });

  it('tells of what ran beside the calls', () => {
    scope(() => {
      const x = parameter(tensor([[[[1, 2]]]]));
      expect(trace(() => exp(x)).effects).toEqual([]);
      expect(trace(() => writeRows(zeros([1, 1, 4, 2]), x, [{ from: 0, to: 2, count: 1 }])).effects).toEqual(['writeRows']);
      expect(trace(() => backward(sum(exp(x)))).effects).toContain('exp gradient');
    });
  });

  it('refuses promises, and a pass over what changes', () => {
    expect(() => trace(async () => 1)).toThrow('trace: fn must be synchronous, got a promise');
    scope(() => {
      const x = parameter(tensor([1, 2]));
      const adam = new Adam({ x });
      const step = () => {
        backward(sum(exp(x)));
        adam.step();
      };
      expect(() => trace(step)).toThrow(
        'trace: what fn reads must stay as it is while it runs, got a tensor of shape [2] written since (trace a pass, not a step)',
      );
    });
    expect(observer).toBe(null);
  });

  it('works inside another, and tells ops of one’s own', () => {
    scope(() => {
      const x = tensor([1]);
      let inner: string[] = [];
      const outer = trace(() => {
        exp(x);
        inner = names(trace(() => record('mine', tensor([5]), { inputs: [x, null], attributes: { way: 1 } })));
      });
      expect([names(outer), inner]).toEqual([['exp', 'mine'], ['mine']]);
      expect(outer.calls[1]).toMatchObject({ inputs: [x, null], attributes: { way: 1 } });
    });
  });
});

describe('profile', () => {
  const costOf = ({ ops }: { ops: OpCost[] }, op: string) => ops.find((cost) => cost.op === op);

  it('counts calls, time and bytes of each op once', () => {
    scope(() => {
      const x = zeros([256, 1024]);
      const index = tensor(new Int32Array(64));
      const found = profile(() => {
        for (let i = 0; i < 3; i++) exp(x);
        return reshape(gather(x, index), [-1]);
      });
      expect(found.result.size).toBe(64 * 1024);
      expect(found.ops.map(({ op, calls }) => [op, calls]).sort()).toEqual([['exp', 3], ['gather', 1], ['reshape', 1]]); // biome-ignore format: one line
      expect(costOf(found, 'exp')?.bytes).toBe(3 * 2 ** 20);
      expect(costOf(found, 'gather')?.bytes).toBe(2 ** 18);
      expect(costOf(found, 'reshape')?.bytes).toBe(0);
      expect(found.ops[0]?.op).toBe('exp'); // 12 times the elements, each worked out
      expect(found.ops.every(({ time }) => time >= 0)).toBe(true);
    });
  });

  it('gives an op what is its own, and host code to the op that it led to', () => {
    scope(() => {
      const wait = (ms: number) => {
        for (const until = performance.now() + ms; performance.now() < until; );
      };
      const x = zeros([4]);
      const begun = performance.now();
      const found = profile(() => {
        exp(x);
        wait(30);
        record('slow', zeros([1]), { inputs: [] });
        wait(20);
      });
      const whole = performance.now() - begun;
      // zeros is an op itself and what came before it is its own
      expect(costOf(found, 'full')?.time).toBeGreaterThanOrEqual(30);
      expect(costOf(found, 'slow')?.time).toBeLessThan(15);
      expect(found.rest.time).toBeGreaterThanOrEqual(20);
      const sum = found.ops.reduce((total, { time }) => total + time, found.rest.time);
      expect(sum).toBeLessThanOrEqual(whole);
      expect(sum).toBeGreaterThan(50);
    });
  });

  it('tells gradients that are kernels and steps of optimisers by name', () => {
    scope(() => {
      const x = parameter(tensor([[1, 2, 3]]));
      const adam = new Adam({ x });
      const found = profile(() => {
        backward(sum(layerNorm(x)));
        adam.step();
      });
      expect(costOf(found, 'layerNorm gradient')?.calls).toBe(1);
      expect(costOf(found, 'Adam')?.calls).toBe(1);
    });
  });

  it('refuses promises, and is off afterwards', () => {
    expect(() => profile(async () => 1)).toThrow('profile: fn must be synchronous, got a promise');
    expect(() =>
      profile(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(observer).toBe(null);
  });
});
