// Every module and every model against its formula in plain float64.
import { describe, expect, it } from 'vitest';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { attending } from '../attention/rows.ts';
import { scores } from '../attention/table.ts';
import { SYMBOLS, translators } from '../models/table.ts';
import { type ModuleRow, sentences } from '../nn/row.ts';
import { rows } from '../nn/table.ts';
import { mechanismEquations } from './mechanisms.ts';
import { attentiveModel, type Equation, moduleEquations } from './modules.ts';
import { at, range } from './plain.ts';
import { weightsOf } from './weights.ts';

const BATCH = [0, 1, 2, 3, 4];
const title = (row: ModuleRow) => (row.name ? `${row.module}: ${row.name}` : row.module);
const written = rows.flatMap((row) => {
  const equation = moduleEquations[title(row)];
  return equation ? [[title(row), row, equation] as const] : [];
});

const compare = (row: ModuleRow, equation: Equation, tolerance: number) =>
  scope(() => {
    const module = row.build(key(6));
    row.warm?.(module);
    const got = Array.from(row.call(module, BATCH).toArray());
    const wanted = BATCH.flatMap((e) => equation(weightsOf(module), e));
    expect(got.length).toBe(wanted.length);
    got.forEach((x, i) => {
      expect(Math.abs(x - at(wanted, i)), `element ${i}: ${x} for ${wanted[i]}`).toBeLessThanOrEqual(tolerance);
    });
  });

describe('modules', () => {
  it.each(written)('%s is its formula', (_, row, equation) => {
    withBackend(referenceBackend(), () => compare(row, equation, 1e-12)); // float64: some hundred operations on numbers below 10
    compare(row, equation, 1e-5); // float32, likewise
  });

  it('have an equation each', () => {
    const elsewhere = ({ name = '' }: ModuleRow) => name in scores || name in mechanismEquations; // score.test.ts, mechanisms.test.ts
    expect(rows.filter((row) => !(title(row) in moduleEquations) && !(attending.includes(row) && elsewhere(row))).map(title)).toEqual([]);
    expect(Object.keys(moduleEquations).filter((name) => !rows.some((row) => title(row) === name))).toEqual([]);
  });
});

describe('attentive models', () => {
  const models = translators.filter(({ name }) => name.startsWith('AttentionSeq2Seq'));

  it.each(models.map((row) => [row.name, row] as const))(
    '%s: the weights that teach gives are those of its equation',
    (name, { build }) => {
      withBackend(referenceBackend(), () =>
        scope(() => {
          const model = build(key(6));
          const { weights } = model.teach(sentences(BATCH, 5, SYMBOLS, 1), sentences(BATCH, 4, SYMBOLS, 2));
          const wanted = BATCH.flatMap((e) => {
            const { taken } = attentiveModel(at(name.split(', '), 1), weightsOf(model), e);
            const heads = at(taken, 0).heads?.length;
            if (!heads) return taken.flatMap((one) => one.weights);
            return range(heads).flatMap((head) => taken.flatMap((one) => at(one.heads ?? [], head).weights));
          });
          const got = Array.from(weights?.toArray() ?? []);
          expect(got.length).toBe(wanted.length);
          got.forEach((x, i) => {
            expect(Math.abs(x - at(wanted, i)), `element ${i}: ${x} for ${wanted[i]}`).toBeLessThanOrEqual(1e-12);
          });
        }),
      );
    },
  );
});
