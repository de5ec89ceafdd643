// Indices are checked here, because kernels trust them.

import { elementsOf, expectDType, type Tensor } from '../tensor/tensor.ts';

/** Throws unless every index is in [low, high). Returns a mark of the indices, by which {@link expectSame} detects changes. */
export function expectIndices(op: string, index: Tensor, low: number, high: number, name = 'index'): number {
  expectDType(op, name, index, 'int32');
  const values = elementsOf(index);
  let mark = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!(value >= low && value < high)) throw new RangeError(`${op}: ${name} must be in [${low}, ${high}), got ${value} at ${i}`);
    mark = (Math.imul(mark, 31) + value) | 0;
  }
  return mark;
}

/** Throws unless the indices are those of the forward pass: otherwise the gradient would be that of another function. */
export function expectSame(op: string, index: Tensor, low: number, high: number, mark: number): void {
  if (expectIndices(`${op} gradient`, index, low, high) !== mark) {
    throw new Error(`${op} gradient: index must not change between forward and backward, got other values (use a copy)`);
  }
}
