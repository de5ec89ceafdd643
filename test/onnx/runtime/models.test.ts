// Models as ONNX Runtime computes them, at lengths that no trace had.
import { describe, it } from 'vitest';
import { type OnnxInput, toOnnx } from '../../../src/onnx/index.ts';
import { leavesOf } from '../../../src/onnx/run.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { sizeOf } from '../../../src/tensor/shape.ts';
import { draws } from '../../kernels/row.ts';
import { models } from '../models.ts';
import { expectAgreement } from './agree.ts';

type Lengths = Readonly<Record<string, number>>;

/** Values of an input: bool with holes, but true at the first place. */
function values({ shape, dtype = 'float32', below = 1, from = 0 }: OnnxInput, lengths: Lengths, seed: number) {
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

const tried: Lengths[] = [
  { batch: 1, time: 11, past: 13, future: 4, items: 6 },
  { batch: 4, time: 6, past: 6, future: 1, items: 12 },
  { batch: 3, time: 2, past: 15, future: 17, items: 3 },
];

describe.each([17, 23])('operators %i', (opset) => {
  it.each(models.map((row) => [row.name, row] as const))('%s', async (_, { module, inputs, call }) => {
    const bytes = toOnnx(call, { inputs, module, opset });
    for (const lengths of tried) {
      const given = Object.fromEntries(Object.entries(inputs).map(([name, input], i) => [name, values(input, lengths, i + 1)]));
      const expected = leavesOf(call(given)).map(([path, x]) => [path || 'output', x] as const);
      await expectAgreement(bytes, given, Object.fromEntries(expected));
    }
  });
});
