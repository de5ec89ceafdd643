import { show } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';

/** Checks that `x` is float32 of a shape in which a letter stands for any length, the same wherever it stands. */
export function expectShape(op: string, name: string, x: Tensor, shape: readonly (number | string)[]): void {
  expectDType(op, name, x, 'float32');
  const fits =
    x.rank === shape.length &&
    shape.every((length, i) => x.shape[i] === (typeof length === 'string' ? x.shape[shape.indexOf(length)] : length));
  if (!fits) throw new RangeError(`${op}: ${name} must be [${shape.join(', ')}], got ${show(x.shape)}`);
}
