import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { grad } from '../../src/autograd/backward.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import * as ops from '../../src/ops/index.ts';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { draws } from '../kernels/row.ts';
import type { OpRow } from './row.ts';
import { helpers, rows } from './table.ts';

const title = (row: OpRow) => (row.name ? `${row.op}: ${row.name}` : row.op);

const points = (row: OpRow) =>
  row.inputs.map(({ shape, domain = [-2, 2] }, i) => ({ shape, values: draws(i + 1).real(sizeOf(shape), ...domain).values }));

/** Value and gradients on the backend in use, as plain arrays. */
function evaluate(row: OpRow): number[][] {
  return scope(() => {
    const xs = points(row).map(({ shape, values }) => parameter(tensor(Float64Array.from(values), { shape })));
    const y = row.f(...xs);
    const gradients = row.differentiable === false || xs.length === 0 ? [] : grad(y, xs, { gradient: ones(y.shape) });
    return [y, ...gradients].map((t) => Array.from(t.toArray()));
  });
}

describe.each(rows.map((row) => [title(row), row] as const))('%s', (_, row) => {
  it('agrees with float64 in value and gradient', () => {
    const wanted = withBackend(referenceBackend(), () => evaluate(row));
    const got = evaluate(row);
    wanted.forEach((values, k) => {
      const scale = values.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1e-3);
      values.forEach((value, i) => {
        const actual = got[k]?.[i] as number;
        if (actual === value) return;
        expect(Math.abs(actual - value), `${k === 0 ? 'value' : `gradient ${k - 1}`}[${i}]: ${actual} for ${value}`).toBeLessThanOrEqual(
          (row.tolerance ?? 1e-5) * scale,
        );
      });
    });
  });

  it('has the shape and the values that plain numbers give', () => {
    const xs = points(row);
    const wanted = row.value(...xs);
    const close = (got: Tensor, tolerance: number) => {
      expect(got.shape).toEqual(wanted.shape);
      const scale = wanted.values.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1e-3);
      Array.from(got.toArray()).forEach((actual, i) => {
        const value = wanted.values[i] as number;
        if (actual === value || (Number.isNaN(actual) && Number.isNaN(value))) return;
        expect(Math.abs(actual - value), `[${i}]: ${actual} for ${value}`).toBeLessThanOrEqual(tolerance * scale);
      });
    };
    const call = () => row.f(...xs.map(({ shape, values }) => tensor(Float64Array.from(values), { shape })));
    scope(() => close(call(), row.tolerance ?? 1e-5));
    withBackend(referenceBackend(), () => scope(() => close(call(), row.exact ?? 1e-9)));
  });

  if (row.differentiable !== false && row.inputs.length > 0)
    it('has the gradient that central differences say', () => {
      const xs = points(row).map(({ shape, values }) => tensor(values, { shape }));
      gradcheck(row.f, xs, { order: row.second === false ? 1 : 2 });
    });

  it('frees what it makes', () => {
    evaluate(row);
    const before = backend().heap.report().blocks;
    evaluate(row);
    expect(backend().heap.report().blocks).toBe(before);
  });
});

describe('the op table', () => {
  it('names public ops: all but what gradients are made of', () => {
    expect(Object.keys(ops).filter((name) => !(name in saccade))).toEqual([]);
  });

  it('has a row for every op', () => {
    const named = new Set(rows.map((row) => row.op));
    expect(Object.keys(ops).filter((name) => !named.has(name) && !helpers.has(name))).toEqual([]);
  });
});
