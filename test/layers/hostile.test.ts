// What a hostile file says, or one of a version that is not known: refused by name before anything is built.
import { describe, expect, it } from 'vitest';
import { type LayersFile, loadLayersModel, type WeightSpec } from '../../src/layers/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { type Spec, sequential } from './sequential.ts';

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
