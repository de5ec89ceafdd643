// Models as ONNX Runtime computes them, at lengths that no trace had.
import { describe, it } from 'vitest';
import { toOnnx } from '../../../src/onnx/index.ts';
import { leavesOf } from '../../../src/onnx/run.ts';
import { models } from '../models.ts';
import { pictureModels } from '../pictures.ts';
import { given, tried } from '../values.ts';
import { expectAgreement } from './agree.ts';

describe.each([17, 23])('operators %i', (opset) => {
  it.each([...models, ...pictureModels].map((row) => [row.name, row] as const))('%s', async (_, { module, inputs, call }) => {
    const bytes = toOnnx(call, { inputs, module, opset });
    for (const lengths of tried) {
      const values = given(inputs, lengths);
      const expected = leavesOf(call(values)).map(([path, x]) => [path || 'output', x] as const);
      await expectAgreement(bytes, values, Object.fromEntries(expected));
    }
  });
});
