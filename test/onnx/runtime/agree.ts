// What a graph gives in ONNX Runtime beside what the function gives here.
import { expect } from 'vitest';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { outputsOf } from './session.ts';

/** The largest difference, in terms of the largest number that is expected, or of 1. */
function distance(found: Tensor, expected: Tensor): number {
  const [a, b] = [Array.from(found.toArray()), Array.from(expected.toArray())];
  const largest = b.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1);
  return a.reduce((most, value, i) => {
    const other = b[i] as number;
    const same = value === other || (Number.isNaN(value) && Number.isNaN(other));
    return Math.max(most, same ? 0 : Number.isFinite(value - other) ? Math.abs(value - other) / largest : Number.POSITIVE_INFINITY);
  }, 0);
}

/** Each output has the shape and type of what is expected, and its numbers within 1e-5. */
export async function expectAgreement(
  graph: Uint8Array | string,
  inputs: Readonly<Record<string, Tensor>>,
  expected: Readonly<Record<string, Tensor>>,
  options: object = {},
): Promise<void> {
  const outputs = await outputsOf(graph, inputs, options);
  const full = Object.keys(outputs).filter((name) => name in expected || outputs[name]?.size !== 0); // a cache without rows is nothing here
  expect(full.sort()).toEqual(Object.keys(expected).sort());
  for (const [name, y] of Object.entries(expected)) {
    const found = outputs[name] as Tensor;
    expect({ name, shape: found.shape, dtype: found.dtype }).toEqual({ name, shape: y.shape, dtype: y.dtype });
    expect(distance(found, y), name).toBeLessThan(1e-5);
  }
}
