// What TensorFlow.js cannot save but Keras's converter writes, and what is refused.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { type LayersFile, type LayersFiles, loadLayersModel, type WeightSpec } from '../../src/layers/index.ts';
import { mean, square } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { Adam } from '../../src/train/index.ts';

const { models } = JSON.parse(readFileSync(new URL('../fixtures/layers/models.json', import.meta.url), 'utf8')) as {
  models: { name: string; model: LayersFile; weights: string }[];
};

/** Whole numbers / 8, as a generator of weights. */
const numbers = (size: number, seed: number) => Float32Array.from({ length: size }, (_, i) => (((i * 7 + seed * 5) % 17) - 8) / 8);

type Spec = [name: string, shape: number[]];

/** A Sequential model of these layers. */
function sequential(layers: object[], specs: Spec[], change: (specs: WeightSpec[]) => WeightSpec[] = (x) => x) {
  const values = specs.map(([, shape], i) =>
    numbers(
      shape.reduce((a, b) => a * b, 1),
      i,
    ),
  );
  const weights = change(specs.map(([name, shape]) => ({ name, shape, dtype: 'float32' })));
  const bytes = new Uint8Array(values.flatMap((each) => [...new Uint8Array(each.buffer)]));
  const model: LayersFile = {
    modelTopology: { model_config: { class_name: 'Sequential', config: { name: 's', layers } } },
    weightsManifest: [{ paths: ['a.bin'], weights }],
  };
  return { files: { model, weights: () => bytes } satisfies LayersFiles, values };
}

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

describe('what a hostile or a foreign file says', () => {
  const input = { batch_input_shape: [null, 2] };
  const dense = { class_name: 'Dense', config: { name: 'd', units: 3, use_bias: false, ...input } };
  const kernel: Spec[] = [['d/kernel', [2, 3]]];
  const load = (layers: unknown[], specs: Spec[] = kernel, change?: (specs: WeightSpec[]) => WeightSpec[]) =>
    loadLayersModel(sequential(layers as object[], specs, change).files);
  const quantized = (quantization: unknown) => (specs: WeightSpec[]) =>
    specs.map((spec) => ({ ...spec, quantization: quantization as NonNullable<WeightSpec['quantization']> }));
  const layer = (class_name: string, config: object) => [dense, { class_name, config: { name: 'l', ...config } }];

  it.each<[string, () => Promise<unknown>]>([
    ['batch_input_shape must be a list of lengths, got -1', () => load([{ ...dense, config: { ...dense.config, batch_input_shape: -1 } }])],
    ['layers must be among Activation, ', () => load([dense, undefined])],
    [
      'layers must have a class, a config and a list of calls, got an object for undefined',
      () => load([dense, { class_name: 'Dense', config: null }]),
    ],
    ["layers must have names of their own, got 'd' again", () => load([dense, dense], [...kernel, ...kernel])],
    [
      "layers must have names of their own, got '__proto__' again",
      () => load(layer('Activation', { name: '__proto__', activation: 'relu' })),
    ],
    ['weights must have names and shapes', () => load([dense], kernel, (specs) => specs.map((spec) => ({ ...spec, shape: [-2, -3] })))],
    [
      'quantization of d/kernel must have a finite scale and min, got null and 0',
      () => load([dense], kernel, quantized({ dtype: 'float32', scale: null })),
    ],
    [
      "quantization of d/kernel must have a finite scale and min, got 'x' and 0",
      () => load([dense], kernel, quantized({ dtype: 'float32', scale: 'x' })),
    ],
    ['dims of l must be a list of whole numbers, got undefined', () => load(layer('Permute', {}))],
    ['target_shape of l must be a list of whole numbers, got 3', () => load(layer('Reshape', { target_shape: 3 }))],
    ['negative_slope of l must be left out, got 0.1', () => load(layer('ReLU', { negative_slope: 0.1 }))],
    ['threshold of l must be left out, got 1', () => load(layer('ReLU', { threshold: 1 }))],
    ["max_value of l must be a finite number, got 'x'", () => load(layer('ReLU', { max_value: 'x' }))],
    ["alpha of l must be a finite number, got 'x'", () => load(layer('LeakyReLU', { alpha: 'x' }))],
    ["alpha of l must be a finite number, got 'x'", () => load(layer('ELU', { alpha: 'x' }))],
    ["mask_value of l must be a finite number, got 'x'", () => load(layer('Masking', { mask_value: 'x' }))],
    ["data_format of l must be left out, got 'channels_first'", () => load(layer('Flatten', { data_format: 'channels_first' }))],
    ['keepdims of l must be left out, got true', () => load(layer('GlobalAveragePooling1D', { keepdims: true }))],
  ])('%s', async (message, call) => {
    await expect(call()).rejects.toThrow(`loadLayersModel: ${message}`);
  });

  it('is a manifest that is none', async () => {
    for (const group of [undefined, {}, { paths: 'a.bin', weights: [] }, { paths: [undefined], weights: [] }]) {
      const { files } = sequential([dense], kernel);
      const model = { ...files.model, weightsManifest: [group] } as LayersFile;
      await expect(loadLayersModel({ ...files, model })).rejects.toThrow(
        'loadLayersModel: group 0 of weightsManifest must be { paths, weights }, got ',
      );
    }
  });

  it('is a norm along another axis than the last, which is refused once there is an input', async () => {
    const shape = { batch_input_shape: [null, 2, 2] };
    for (const axis of [1, [1, 2]]) {
      const model = await load(
        [{ class_name: 'LayerNormalization', config: { name: 'n', axis, ...shape } }],
        [['n/gamma', [2]], ['n/beta', [2]]], // biome-ignore format: one line
      );
      expect(() => model.forward(tensor([[[1, 2], [3, 4]]]))).toThrow('LayersModel: axis of n must be the last one, got '); // biome-ignore format: one line
    }
  });

  it('is the slope of a leaky rectifier by its newer name', async () => {
    const model = await load([{ class_name: 'LeakyReLU', config: { name: 'l', negative_slope: 0.5, ...input } }], []);
    expect(Array.from(model.forward(tensor([[-2, 4]])).toArray())).toEqual([-1, 4]);
  });
});
