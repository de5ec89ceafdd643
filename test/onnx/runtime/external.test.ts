// A graph whose weights are in a safetensors file beside it, found by its path and passed as bytes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { saveTensors } from '../../../src/io/index.ts';
import { TransformerEncoder } from '../../../src/models/index.ts';
import { toOnnx } from '../../../src/onnx/index.ts';
import { key } from '../../../src/tensor/random.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { valuesOf } from '../values.ts';
import { expectAgreement } from './agree.ts';

it('reads weights where they lie', async () => {
  const model = new TransformerEncoder({ size: 32, heads: 4, layers: 2, hidden: 64 }, key(4));
  const file = await saveTensors(model.stateDict());
  const inputs = { x: { shape: ['batch', 'time', 32] } } as const;
  const call = ({ x }: { readonly x: Tensor }) => model.forward(x);
  const bytes = toOnnx(call, { inputs, module: model, weights: { location: 'model.safetensors', file } });
  expect(bytes.length).toBeLessThan(file.length / 2);
  const x = valuesOf(inputs.x, { batch: 2, time: 11 }, 1);
  const expected = { output: model.forward(x) };
  await expectAgreement(bytes, { x }, expected, { externalData: [{ path: 'model.safetensors', data: file }] });
  const folder = mkdtempSync(join(tmpdir(), 'saccade-onnx-'));
  try {
    writeFileSync(join(folder, 'model.safetensors'), file);
    writeFileSync(join(folder, 'model.onnx'), bytes);
    await expectAgreement(join(folder, 'model.onnx'), { x }, expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
