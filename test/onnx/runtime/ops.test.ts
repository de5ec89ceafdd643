// Every op of the table as ONNX Runtime computes it: at the lengths of its row, and at lengths that no trace had.
import { describe, expect, it } from 'vitest';
import { toOnnx } from '../../../src/onnx/index.ts';
import { leavesOf } from '../../../src/onnx/run.ts';
import * as ops from '../../../src/ops/index.ts';
import { rows } from '../../ops/table.ts';
import { free } from '../free.ts';
import { callOf, fixed, refusals, shapesOf, title, valuesOf } from '../rows.ts';
import { given, tried } from '../values.ts';
import { expectAgreement } from './agree.ts';

const exported = rows.filter(({ op }) => !(op in refusals));
const open = exported.filter((row) => !fixed(row));

describe.each([17, 18, 20, 23])('operators %i', (opset) => {
  it.each(exported.map((row) => [title(row), row] as const))('%s', async (_, row) => {
    const [f, values] = [callOf(row), valuesOf(row)];
    await expectAgreement(toOnnx(f, { inputs: shapesOf(row, (length) => length), opset }), values, { output: f(values) });
  });
});

describe('rows at any lengths', () => {
  it.each(open.map((row) => [title(row), row] as const))('%s', async (_, row) => {
    const f = callOf(row);
    const bytes = toOnnx(f, { inputs: shapesOf(row, (length) => (length > 1 ? `n${length}` : length)) });
    for (const by of [9, 0]) {
      const values = valuesOf(row, (length) => (length > 1 ? length + by : length));
      await expectAgreement(bytes, values, { output: f(values) });
    }
  });
});

describe.each([17, 23])('calls at any lengths, operators %i', (opset) => {
  it.each(free.map((row) => [row.name ? `${row.op}: ${row.name}` : row.op, row] as const))('%s', async (_, { inputs, f }) => {
    const call = (values: Readonly<Record<string, (typeof inputs)[string] | unknown>>) =>
      f(...(Object.values(values) as Parameters<typeof f>));
    const bytes = toOnnx(call, { inputs, opset });
    for (const lengths of tried) {
      const values = given(inputs, lengths);
      const expected = leavesOf(call(values)).map(([path, x]) => [path || 'output', x] as const);
      await expectAgreement(bytes, values, Object.fromEntries(expected));
    }
  });

  it('has each op that is exported', () => {
    const known = new Set<string>([...open, ...free].map(({ op }) => op));
    expect(Object.keys(ops).filter((op) => !(op in refusals) && !known.has(op))).toEqual([]);
  });
});
