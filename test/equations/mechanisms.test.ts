// Every mechanism against its formula in plain float64, with every kind of mask.
import { describe, expect, it } from 'vitest';
import * as composing from '../../src/attention/attention.ts';
import * as naming from '../../src/attention/named.ts';
import type { Attended } from '../../src/attention/parts.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { masks } from '../attention/masks.ts';
import { build, type MechanismRow, mechanisms } from '../attention/mechanisms.ts';
import { BATCH, inputs } from '../attention/table.ts';
import { attend, type Taken } from './attention.ts';
import { mechanismEquations } from './mechanisms.ts';
import { at } from './plain.ts';
import { rows, weightsOf } from './weights.ts';

/** What all queries took in the layout of the mechanism's results: [B, heads?, T, …]. */
function expected(name: keyof Attended, all: Taken[][]): number[] {
  return all.flatMap((queries) => {
    const heads = at(queries, 0).heads?.length ?? 1;
    const perHead = heads > 1 && (name === 'weights' || name === 'choice' || name === 'value');
    const each = perHead ? Array.from({ length: heads }, (_, h) => queries.map((taken) => at(taken.heads ?? [], h))) : [queries];
    return each.flat().flatMap((taken) => taken[name] as number | number[]);
  });
}

const compare = (row: MechanismRow, seed: number, tolerance: number) =>
  scope(() => {
    const mechanism = build(row, seed);
    const look = at([mechanismEquations[row.name]], 0)?.(weightsOf(mechanism));
    if (!look) throw new Error(`compare: mechanism must have an equation, got ${row.name}`);
    for (const { name, mask, may } of masks) {
      const attended = mechanism.forward(...inputs(row), mask ? { mask: mask(BATCH) } : {});
      const plain = BATCH.map((b) => {
        const [queries, keys, values] = inputs(row, [b]).map(rows) as [number[][], number[][], number[][]];
        return attend(look, queries, keys, values, (t, s) => may(b, t, s));
      });
      for (const [field, x] of Object.entries(attended) as [keyof Attended, Tensor][]) {
        const wanted = expected(field, plain);
        expect(x.size, `${name}, ${field}`).toBe(wanted.length);
        Array.from(x.toArray()).forEach((got, i) => {
          expect(Math.abs(got - at(wanted, i)), `${name}, ${field} ${i}: ${got} for ${wanted[i]}`).toBeLessThanOrEqual(tolerance);
        });
      }
    }
  });

describe('mechanisms', () => {
  it.each(mechanisms.map((row) => [row.name, row] as const))('%s is its formula', (_, row) => {
    for (const seed of [3, 4, 5]) withBackend(referenceBackend(), () => compare(row, seed, 1e-12)); // float64: some dozen operations on numbers below 10
    compare(row, 3, 2e-5); // float32, likewise
  });

  it('have an equation each, and no equation has lost its mechanism', () => {
    expect(mechanisms.map(({ name }) => name).sort()).toEqual(Object.keys(mechanismEquations).sort());
  });

  it('have a row for every builder exported', () => {
    const made = Object.entries({ ...composing, ...naming }).filter(([name, value]) => /^[a-z]/.test(name) && typeof value === 'function');
    const builders = made.map(([name]) => name);
    expect(builders).toEqual(expect.arrayContaining(['bahdanau', 'luong', 'softAttention', 'monotonic', 'multiHead']));
    expect(builders.filter((name) => !mechanisms.some((row) => row.name.split(/[ ,]/)[0] === name))).toEqual([]);
  });
});
