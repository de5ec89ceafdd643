// Every public op has a form in ONNX or is refused by name. What the forms compute is for `npm run test:onnx`.
import { describe, expect, it } from 'vitest';
import { toOnnx } from '../../src/onnx/index.ts';
import { table } from '../../src/onnx/table/index.ts';
import { refused } from '../../src/onnx/table/refused.ts';
import * as ops from '../../src/ops/index.ts';
import { rows } from '../ops/table.ts';
import { type Read, type ReadGraph, readOnnx } from './reader.ts';
import { callOf, refusals, shapesOf, title } from './rows.ts';

const written = (row: (typeof rows)[number], opset?: number): Read =>
  readOnnx(toOnnx(callOf(row), { inputs: shapesOf(row, (length) => length), opset }));

/** What nodes read is there when they read it, and nothing is written twice. */
function expectOrder({ node, initializer, input, output }: ReadGraph): void {
  const known = new Set(['', ...initializer.map(({ name }) => name), ...input.map(({ name }) => name)]);
  expect(known.size).toBe(1 + initializer.length + input.length);
  for (const { input: read, output: made, opType } of node) {
    for (const name of read) expect(known, opType).toContain(name);
    for (const name of made) {
      expect(known, opType).not.toContain(name);
      known.add(name);
    }
  }
  for (const { name } of output) expect(known).toContain(name);
}

describe.each(rows.map((row) => [title(row), row] as const))('%s', (_, row) => {
  const refusal = title(row) === 'dropout: of nothing' ? undefined : refusals[row.op];
  if (refusal) {
    it('is refused by name', () => {
      expect(() => written(row)).toThrow(refusal);
    });
    return;
  }

  it('is a graph that another reader reads', () => {
    for (const opset of [17, 23]) {
      const { graph, opsetImport, irVersion } = written(row, opset);
      expect([opsetImport, irVersion]).toEqual([[{ domain: '', version: opset }], opset === 17 ? 8 : 11]);
      expect(graph.input.map(({ name }) => name)).toEqual(row.inputs.map((_, i) => `x${i}`));
      expect(graph.output.map(({ name }) => name)).toEqual(['output']);
      expectOrder(graph);
    }
  });
});

describe('the table', () => {
  it('has a row or a refusal for each public op', () => {
    const known = new Set(rows.map(({ op }) => op));
    expect(Object.keys(ops).filter((op) => !known.has(op))).toEqual([]);
    expect(Object.keys(refusals).filter((op) => !known.has(op))).toEqual([]);
  });

  it('has no op that it refuses too, and refuses none that is not public', () => {
    expect(Object.keys(refused).filter((op) => op in table || !(op in ops))).toEqual([]);
  });
});
