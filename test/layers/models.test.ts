// Models that TensorFlow.js built and saved (scripts/fixtures/layers.mjs): the same outputs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { infer } from '../../src/autograd/index.ts';
import { type LayersFile, loadLayersModel } from '../../src/layers/index.ts';
import type { DType } from '../../src/runtime/backend.ts';
import { tensor } from '../../src/tensor/create.ts';

interface Plain {
  shape: number[];
  dtype: string;
  values: number[];
}

interface Saved {
  name: string;
  model: LayersFile;
  weights: string;
  inputs: Plain[];
  outputs: Plain[];
}

const { models } = JSON.parse(readFileSync(new URL('../fixtures/layers/models.json', import.meta.url), 'utf8')) as { models: Saved[] };
const bytesOf = ({ weights }: Saved) => Uint8Array.from(Buffer.from(weights, 'base64'));
const load = (saved: Saved) => loadLayersModel({ model: saved.model, weights: () => bytesOf(saved) });
const given = ({ shape, dtype, values }: Plain) => tensor(values, { shape, dtype: dtype as DType });

describe('a saved Layers model', () => {
  it.each(models.map((saved) => [saved.name, saved] as const))('%s', async (_, saved) => {
    const model = await load(saved);
    const outputs = infer(() => model.predict(...saved.inputs.map(given)).map((y) => ({ shape: y.shape, values: y.toArray() })));
    expect(outputs.map(({ shape }) => shape)).toEqual(saved.outputs.map(({ shape }) => shape));
    outputs.forEach(({ values }, i) => {
      const wanted = saved.outputs[i]?.values ?? [];
      const most = Math.max(1, ...wanted.map(Math.abs));
      values.forEach((value, k) => expect(Math.abs(Number(value) - (wanted[k] as number)), `${i}, ${k}`).toBeLessThanOrEqual(2e-6 * most));
    });
  });
});
