// Every call of programs drawn at random comes out again, bit for bit, from its trace: shapes, options and masks that no table holds.
import { expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { trace } from '../../src/autograd/trace.ts';
import * as ops from '../../src/ops/index.ts';
import { again } from '../ops/replay.ts';
import { fuzz } from './fuzz.ts';

type Op = (...args: unknown[]) => unknown;
type Tensor = saccade.Tensor;

const replayed = new Map<string, number>();

const same = (a: Tensor, b: Tensor | undefined) => {
  const values = b?.toArray();
  return values && a.dtype === b?.dtype && a.shape.join() === b.shape.join() && a.toArray().every((x, i) => Object.is(x, values[i]));
};

/** An op that plays itself again, out of its trace alone. */
const twice =
  (name: string, op: Op): Op =>
  (...args) => {
    const { result, calls, constants } = trace(() => op(...args));
    for (const call of calls) {
      const results = again(call);
      if (!call.outputs.every((y, i) => same(y, results[i])))
        throw new Error(`${name} must come out of its trace again, got other bits from ${call.op} ${JSON.stringify(call.attributes)}`);
      replayed.set(call.op, (replayed.get(call.op) ?? 0) + 1);
    }
    if (constants.some(({ from }) => from === 'hidden')) throw new Error(`${name} must be traced whole, got a tensor that no op made`);
    return result;
  };

const playing = (only: Record<string, Op>) =>
  Object.fromEntries(Object.entries(only).map(([name, op]) => [name, typeof op === 'function' ? twice(name, op) : op]));

it('in every program', () => {
  const { failure } = fuzz({ ...saccade, ...playing(ops as unknown as Record<string, Op>) }, { programs: 700, seed: 5 });
  if (failure) throw new Error(failure.message);
  expect([...replayed].filter(([, times]) => times < 3)).toEqual([]);
  expect(replayed.size).toBeGreaterThan(65);
});

it('and an op that forgets what it was told is found', () => {
  const forgetful = (x: Tensor) => saccade.record('clamp', ops.clamp(x, -0.5, 0.5), { inputs: [x], attributes: { low: -1, high: 1 } });
  const { failure } = fuzz({ ...saccade, relu: twice('relu', forgetful as Op) } as typeof saccade, {
    programs: 200,
    seed: 5,
    shrink: false,
  });
  expect(failure?.message).toContain('relu must come out of its trace again');
});
