// Values for the inputs of a graph at given lengths.
import type { OnnxInput } from '../../src/onnx/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { draws } from '../kernels/row.ts';

export type Lengths = Readonly<Record<string, number>>;

/** Values of an input: bool with holes, but true at the first place. */
export function valuesOf({ shape, dtype = 'float32', below = 1, from = 0 }: OnnxInput, lengths: Lengths, seed: number): Tensor {
  const at = (length: number | string) => (typeof length === 'string' ? (lengths[length] as number) : length);
  const sizes = shape.map(at);
  const draw = draws(seed);
  const size = sizeOf(sizes);
  if (dtype === 'float32') return tensor(draw.real(size, -1, 1).values, { shape: sizes });
  if (dtype === 'int32')
    return tensor(
      Int32Array.from(draw.int(size, at(below) - from).values, (value) => value + from),
      { shape: sizes },
    );
  const row = sizes.at(-1) as number;
  return tensor(
    draw.mask(size).values.map((value, i) => value === 1 || i % row === 0),
    { shape: sizes },
  );
}

/** Values of all inputs. */
export const given = (inputs: Readonly<Record<string, OnnxInput>>, lengths: Lengths): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(inputs).map(([name, input], i) => [name, valuesOf(input, lengths, i + 1)]));

/** Lengths that no trace has. */
export const tried: readonly Lengths[] = [
  { batch: 1, time: 11, past: 13, future: 4, items: 6 },
  { batch: 4, time: 6, past: 6, future: 1, items: 12 },
  { batch: 3, time: 2, past: 15, future: 17, items: 3 },
];
