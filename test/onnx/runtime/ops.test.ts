// Every op of the table as ONNX Runtime computes it: at the lengths of its row, and where the row does not fix them, at any.
import { describe, it } from 'vitest';
import { toOnnx } from '../../../src/onnx/index.ts';
import { rows } from '../../ops/table.ts';
import { callOf, fixed, refusals, shapesOf, title, valuesOf } from '../rows.ts';
import { expectAgreement } from './agree.ts';

const exported = rows.filter(({ op }) => !(op in refusals));

describe.each([17, 18, 20, 23])('operators %i', (opset) => {
  it.each(exported.map((row) => [title(row), row] as const))('%s', async (_, row) => {
    const [f, values] = [callOf(row), valuesOf(row)];
    await expectAgreement(toOnnx(f, { inputs: shapesOf(row, (length) => length), opset }), values, { output: f(values) });
  });
});

describe('at any lengths', () => {
  const free = exported.filter((row) => !fixed(row));
  it.each(free.map((row) => [title(row), row] as const))('%s', async (_, row) => {
    const f = callOf(row);
    const bytes = toOnnx(f, { inputs: shapesOf(row, (length) => (length > 1 ? `n${length}` : length)) });
    for (const by of [9, 0]) {
      const values = valuesOf(row, (length) => (length > 1 ? length + by : length));
      await expectAgreement(bytes, values, { output: f(values) });
    }
  });
});
