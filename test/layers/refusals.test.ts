// What TensorFlow.js cannot save but Keras's converter writes, and what is refused.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { type LayersFile, type LayersFiles, loadLayersModel, type WeightSpec } from '../../src/layers/index.ts';
import { mean, square } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { Adam } from '../../src/train/index.ts';
import { numbers, type Spec, sequential } from './sequential.ts';

const { models } = JSON.parse(readFileSync(new URL('../fixtures/layers/models.json', import.meta.url), 'utf8')) as {
  models: { name: string; model: LayersFile; weights: string }[];
};

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

it.each([true, false])('a GRU with reset_after %s, in plain float64', async (resetAfter) => {
  const [T, I, D] = [4, 2, 3];
  const config = {
    name: 'gru',
    units: D,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    reset_after: resetAfter,
    batch_input_shape: [null, T, I],
  };
  const specs: Spec[] = [
    ['gru/gru_cell/kernel', [I, 3 * D]],
    ['gru/gru_cell/recurrent_kernel', [D, 3 * D]],
    ['gru/gru_cell/bias', resetAfter ? [2, 3 * D] : [3 * D]],
  ];
  const { files, values } = sequential([{ class_name: 'GRU', config }], specs);
  const [kernel, recurrent, bias] = values as [Float32Array, Float32Array, Float32Array];
  const x = numbers(T * I, 9);
  let h = [0, 0, 0];
  for (const t of range(T)) {
    const input = range(3 * D).map((j) =>
      range(I).reduce((sum, i) => sum + (x[t * I + i] as number) * (kernel[i * 3 * D + j] as number), bias[j] as number),
    );
    const on = (from: readonly number[], j: number) =>
      range(D).reduce(
        (sum, i) => sum + (from[i] as number) * (recurrent[i * 3 * D + j] as number),
        resetAfter ? (bias[3 * D + j] as number) : 0,
      );
    h = range(D).map((d) => {
      const [z, r] = [sigmoid((input[d] as number) + on(h, d)), range(D).map((e) => sigmoid((input[D + e] as number) + on(h, D + e)))];
      const again = resetAfter
        ? (r[d] as number) * on(h, 2 * D + d)
        : on(
            h.map((each, e) => each * (r[e] as number)),
            2 * D + d,
          );
      return z * (h[d] as number) + (1 - z) * Math.tanh((input[2 * D + d] as number) + again);
    });
  }
  const model = await loadLayersModel(files);
  const found = model.forward(tensor(x, { shape: [1, T, I] })).toArray();
  h.forEach((value, d) => expect(found[d]).toBeCloseTo(value, 5));
});

it('causal convolution sees nothing of the future', async () => {
  const config = {
    name: 'c',
    filters: 2,
    kernel_size: [3],
    strides: [1],
    padding: 'causal',
    dilation_rate: [1],
    activation: 'linear',
    batch_input_shape: [null, 5, 1],
  };
  const { files, values } = sequential(
    [{ class_name: 'Conv1D', config }],
    [
      ['c/kernel', [3, 1, 2]],
      ['c/bias', [2]],
    ],
  );
  const [kernel, bias] = values as [Float32Array, Float32Array];
  const x = numbers(5, 3);
  const found = (await loadLayersModel(files)).forward(tensor(x, { shape: [1, 5, 1] })).toArray();
  for (const t of range(5))
    for (const o of range(2))
      expect(found[2 * t + o]).toBeCloseTo(
        (bias[o] as number) + range(3).reduce((sum, k) => sum + (x[t - 2 + k] ?? 0) * (kernel[2 * k + o] as number), 0),
        6,
      );
});

it('weights of 8 bits and of float16 are numbers again', async () => {
  const config = { name: 'd', units: 2, activation: 'linear', batch_input_shape: [null, 2] };
  const weights: WeightSpec[] = [
    { name: 'd/kernel', shape: [2, 2], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
    { name: 'd/bias', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
  ];
  const bytes = Uint8Array.of(0, 1, 2, 4, 0x00, 0x3c, 0x00, 0xc0); // −1, −0.5, 0, 1; 1, −2
  const model: LayersFile = {
    modelTopology: { class_name: 'Sequential', config: [{ class_name: 'Dense', config }] },
    weightsManifest: [{ paths: ['1', '2'], weights }],
  };
  const loaded = await loadLayersModel({
    model: JSON.stringify(model),
    weights: async (path) => (path === '1' ? bytes.slice(0, 3) : bytes.slice(3).buffer),
  });
  expect(loaded.forward(tensor([[1, 10]])).toNested()).toEqual([[1 * -1 + 10 * 0 + 1, 1 * -0.5 + 10 * 1 - 2]]);
});

it('trains on, under names that say which layer', async () => {
  const { files } = sequential(
    [{ class_name: 'Dense', config: { name: 'd', units: 1, batch_input_shape: [null, 2] } }],
    [
      ['d/kernel', [2, 1]],
      ['d/bias', [1]],
    ],
  );
  const model = await loadLayersModel(files);
  expect([...model.stateDict()].map(([name]) => name)).toEqual(['layers.d.weight', 'layers.d.bias']);
  const loss = () =>
    mean(
      square(
        model.forward(
          tensor([
            [1, 2],
            [3, -1],
          ]),
        ),
      ),
    );
  const [before, optimizer] = [loss().item(), new Adam(model, { lr: 0.05 })];
  for (let i = 0; i < 20; i++) {
    backward(loss());
    optimizer.step();
  }
  expect(loss().item()).toBeLessThan(before / 2);
});

describe('what is refused, by name', () => {
  const dense = { class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 2] } };
  const specs: Spec[] = [
    ['d/kernel', [2, 2]],
    ['d/bias', [2]],
  ];
  const told = async (files: unknown) =>
    loadLayersModel(files as LayersFiles).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
  const of = (layers: object[], own = specs, change?: (specs: WeightSpec[]) => WeightSpec[]) => told(sequential(layers, own, change).files);

  it('layers, activations and options that are not known', async () => {
    const lambda = { class_name: 'Lambda', config: { name: 'l', batch_input_shape: [null, 2] } };
    expect(await of([lambda])).toMatch(/^loadLayersModel: layers must be among Activation, .*, got Lambda \(l\)$/);
    expect(await of([{ ...dense, config: { ...dense.config, activation: 'mine' } }])).toMatch(
      /activation of d must be among elu, .*, got mine$/,
    );
    expect(await of([{ ...dense, config: { ...dense.config, activation: 'constructor' } }])).toContain('got constructor');
    const lstm = { class_name: 'LSTM', config: { name: 'l', units: 2, stateful: true, batch_input_shape: [null, 2, 2] } };
    expect(await of([lstm])).toBe('loadLayersModel: stateful of l must be left out, got true');
    expect(await of([{ ...dense, config: { ...dense.config, units: -1 } }])).toBe(
      'loadLayersModel: units of d must be a whole number from 1, got -1',
    );
    const wrapped = { class_name: 'Bidirectional', config: { name: 'b', layer: dense, batch_input_shape: [null, 2, 2] } };
    expect(await of([wrapped])).toBe('loadLayersModel: layer of b must be among LSTM, GRU, SimpleRNN, got Dense');
  });

  it('weights that are missing, left over, short or of another shape', async () => {
    expect(await of([dense], specs.slice(0, 1))).toBe('loadLayersModel: d must have a weight bias, got none');
    expect(await of([dense], [...specs, ['e/kernel', [1]]])).toBe(
      'loadLayersModel: weights must each belong to a layer, got e/kernel left over',
    );
    expect(
      await of(
        [dense],
        [
          ['d/kernel', [2, 3]],
          ['d/bias', [2]],
        ],
      ),
    ).toBe('loadLayersModel: kernel of d must be [2, 2], got [2, 3]');
    expect(await of([dense], specs, ([a, b]) => [a as WeightSpec, { ...(b as WeightSpec), shape: [9] }])).toMatch(
      /weights must have the 52 bytes up to d\/bias, got 24/,
    );
    expect(await of([dense], specs, ([a]) => [a as WeightSpec])).toContain('weights must have 16 bytes, got 24');
    expect(await of([dense], specs, ([a, b]) => [{ ...(a as WeightSpec), dtype: 'complex64' }, b as WeightSpec])).toContain(
      'dtype of d/kernel must be among float32',
    );
    expect(await of([dense], specs, () => [{} as WeightSpec])).toContain('weights must have names and shapes');
  });

  it('files that are none', async () => {
    const { files } = sequential([dense], specs);
    expect(await told(undefined)).toBe('loadLayersModel: files must be { model, weights } or an address, got undefined');
    expect(await told({ model: files.model })).toContain('files must be { model, weights }');
    expect(await told({ model: '{', weights: files.weights })).toContain('model must be the text of model.json');
    expect(await told({ model: { modelTopology: {} }, weights: files.weights })).toContain(
      'weightsManifest must be in model.json, got undefined',
    );
    expect(await told({ ...files, weights: () => 'no' })).toBe("loadLayersModel: weights must give the bytes of a.bin, got 'no'");
    expect(await told({ ...files, model: { ...files.model, modelTopology: { class_name: 'GraphModel' } } })).toContain(
      'topology must be a Sequential or Functional model',
    );
    expect(await of([])).toContain('first layer must say the shape of its input');
  });

  it('inputs that do not fit', async () => {
    const saved = models.find(({ name }) => name === 'attention by dot') as (typeof models)[number];
    const model = await loadLayersModel({ model: saved.model, weights: () => Uint8Array.from(Buffer.from(saved.weights, 'base64')) });
    const [tokens, x] = [tensor(new Int32Array(5), { shape: [1, 5] }), tensor(new Float32Array(8), { shape: [1, 4, 2] })];
    expect(model.inputs.map(({ shape }) => shape)).toEqual([[5], [4, 2]]);
    expect(() => model.predict(tokens)).toThrow(/^LayersModel: inputs must be input\d+, input\d+, got 1$/);
    expect(() => model.predict(tokens, tokens)).toThrow(/must be \[B, 4, 2\], got int32 \[1, 5\]$/);
    expect(() => model.predict(tensor(new Float32Array(5), { shape: [1, 5] }), x)).toThrow(
      'LayersModel: symbols must be int32 [B, T], got float32 [1, 5]',
    );
    expect(() => model.forward(tokens, x)).toThrow('LayersModel: forward must have one output to give, got 2; use predict');
  });
});
