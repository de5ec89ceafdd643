// A trace says everything: each call comes out bit for bit from its name, inputs and attributes, and all of them from other inputs too.
import { describe, expect, it } from 'vitest';
import { rolesOf } from '../../src/autograd/roles.ts';
import { type Trace, type TracedCall, trace } from '../../src/autograd/trace.ts';
import * as ops from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { draws } from '../kernels/row.ts';
import { again, replay } from './replay.ts';
import type { OpRow } from './row.ts';
import { rows } from './table.ts';

const title = (row: OpRow) => (row.name ? `${row.op}: ${row.name}` : row.op);

const points = (row: OpRow, seed: number) =>
  row.inputs.map(({ shape, domain = [-2, 2] }, i) => tensor(draws(i + seed).real(sizeOf(shape), ...domain).values, { shape }));

const bits = (x: Tensor) => ({
  shape: x.shape,
  dtype: x.dtype,
  words: Array.from(new Int32Array(Float32Array.from(x.toArray()).buffer)),
});

/** What a row's function is made of. */
const traced = (row: OpRow, xs: Tensor[]): Trace<Tensor> => trace(() => row.f(...xs));

/** Rows that look at elements to decide what they do, and at whose. */
const looking: Record<string, string> = {
  binaryCrossEntropyWithLogits: 'whether a logit is infinite',
  crossEntropy: 'how many targets are not ignored, or their weight',
  ctcAlignment: 'which labels and frames are real',
  ctcLoss: 'which labels and frames are real',
  nllLoss: 'how many targets are not ignored, or their weight',
};

describe.each(rows.map((row) => [title(row), row] as const))('%s', (_, row) => {
  it('comes out again, call by call', () => {
    scope(() => {
      const xs = points(row, 1);
      const { result, calls, constants, reads } = traced(row, xs);
      for (const call of calls) expect(again(call).map(bits), call.op).toEqual(call.outputs.map(bits));
      expect([...xs, ...constants.map(({ tensor }) => tensor), ...calls.flatMap(({ outputs }) => outputs)]).toContain(result);
      expect(constants.filter(({ from }) => from === 'hidden')).toEqual([]);
      if (!(row.op in looking)) expect([reads, constants.filter(({ read }) => read)]).toEqual([[], []]);
    });
  });

  it('comes out for other inputs', () => {
    scope(() => {
      const [xs, others] = [points(row, 1), points(row, 51)];
      const found = traced(row, xs);
      const results = replay(found, new Map(xs.map((x, i) => [x, others[i] as Tensor])));
      expect(bits(results.get(found.result) ?? found.result)).toEqual(bits(row.f(...others)));
    });
  });
});

describe('the op table', () => {
  /** Every call of every row. */
  function each<T>(look: (call: TracedCall) => T): T[] {
    return rows.flatMap((row) => scope(() => traced(row, points(row, 1)).calls.map(look)));
  }

  /** Whether the call gives something else, or nothing, when `call` is changed. */
  const differs = (call: TracedCall, changed: TracedCall): boolean => {
    try {
      return JSON.stringify(again(changed).map(bits)) !== JSON.stringify(call.outputs.map(bits));
    } catch {
      return true;
    }
  };

  /** What no call of any row depends on. */
  const idle = (parts: (call: TracedCall) => [name: string, changed: TracedCall][]): string[] => {
    const counts = new Map<string, boolean>();
    each((call) => {
      for (const [name, changed] of parts(call)) counts.set(name, counts.get(name) || differs(call, changed));
    });
    return [...counts].filter(([, matters]) => !matters).map(([name]) => name);
  };

  it('has a call that depends on each attribute', () => {
    const without = (call: TracedCall): [string, TracedCall][] =>
      Object.keys(call.attributes).map((name) => {
        const { [name]: _, ...attributes } = call.attributes;
        return [`${call.op}.${name}`, { ...call, attributes }];
      });
    expect(idle(without)).toEqual([]);
  });

  it('has a call that depends on each input', () => {
    /** Other elements of the same type, and indices as good as before. */
    const other = (x: Tensor) => {
      const values = Array.from(x.toArray());
      const moved = (i: number) => values.at(i - 1) as number;
      const change = {
        float32: (_: number, i: number) => 1.5 * moved(i) + 0.25,
        int32: (_: number, i: number) => moved(i),
        bool: (v: number) => 1 - v,
      };
      return tensor(Float64Array.from(values, change[x.dtype]), { shape: x.shape, dtype: x.dtype });
    };
    const changed = (call: TracedCall): [string, TracedCall][] =>
      call.inputs.flatMap((x, place): [string, TracedCall][] =>
        x ? [[`${call.op}[${place}]`, { ...call, inputs: call.inputs.with(place, other(x)) }]] : [],
      );
    expect(idle(changed)).toEqual(['straightThrough[1]']); // which is there for its gradient
  });

  it('has a name for each tensor of a call, and no two alike', () => {
    const nameless = each((call) => {
      if (call.op === 'concat' || call.op === 'unstack') return [];
      const roles = rolesOf(call);
      const counts = (tensors: readonly (Tensor | null)[]) => tensors.filter((x) => x).length;
      const short = Object.keys(roles.inputs).length < counts(call.inputs) || Object.keys(roles.outputs).length < counts(call.outputs);
      return short || [...Object.keys(roles.inputs), ...Object.keys(roles.outputs)].some((name) => /^\d/.test(name)) ? [call.op] : [];
    });
    expect(nameless.flat()).toEqual([]);
  });

  it('shows every op to a trace: itself, or what it is made of', () => {
    const shown = new Set(rows.flatMap((row) => scope(() => (traced(row, points(row, 1)).calls.length > 0 ? [row.op] : []))));
    expect(Object.keys(ops).filter((op) => !shown.has(op))).toEqual([]);
  });
});
