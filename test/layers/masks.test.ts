// What merges make of their inputs' masks: what is hidden reaches nothing, so hidden ends may as well be cut off.
import { expect, it } from 'vitest';
import { infer } from '../../src/autograd/index.ts';
import { type LayersFile, loadLayersModel } from '../../src/layers/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { numbers } from './sequential.ts';

const specs: [name: string, shape: [number, number] | [number]][] = [
  ['a_tokens/embeddings', [5, 3]],
  ['b_tokens/embeddings', [5, 3]],
  ['lstm/kernel', [3, 8]],
  ['lstm/recurrent_kernel', [2, 8]],
  ['lstm/bias', [8]],
];

/** An LSTM over two sequences of numbers that are merged; 0 is masked in those that are named. */
function merged(merge: string, masked: string, more: object = {}) {
  const layer = (class_name: string, name: string, config: object, from: string[]) => ({
    ...{ class_name, name, config: { name, ...config } },
    inbound_nodes: from.length ? [from.map((source) => [source, 0, 0, {}])] : [],
  });
  const input = (name: string) => layer('InputLayer', name, { batch_input_shape: [null, null], dtype: 'int32' }, []);
  const tokens = (name: string) =>
    layer('Embedding', `${name}_tokens`, { input_dim: 5, output_dim: 3, mask_zero: masked.includes(name) }, [name]);
  const lstm = { units: 2, activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: true, return_sequences: false };
  const layers = [
    ...['a', 'b'].flatMap((name) => [input(name), tokens(name)]),
    layer(merge, 'merge', more, ['a_tokens', 'b_tokens']),
    layer('LSTM', 'lstm', lstm, ['merge']),
  ];
  const config = { name: 'm', layers, input_layers: [['a', 0, 0], ['b', 0, 0]], output_layers: [['lstm', 0, 0]] }; // biome-ignore format: one line
  const values = specs.map(([, shape], i) => numbers(shape.reduce((x, y) => x * y, 1), i)); // biome-ignore format: one line
  const model: LayersFile = {
    modelTopology: { model_config: { class_name: 'Model', config } },
    weightsManifest: [{ paths: ['a.bin'], weights: specs.map(([name, shape]) => ({ name, shape, dtype: 'float32' })) }],
  };
  return loadLayersModel({ model, weights: () => new Uint8Array(values.flatMap((each) => [...new Uint8Array(each.buffer)])) });
}

const read = async (model: ReturnType<typeof merged>, a: number[], b: number[]) => {
  const loaded = await model;
  return infer(() => loaded.predict(...[a, b].map((row) => tensor([row], { dtype: 'int32' }))).flatMap((y) => [...y.toArray()]));
};

it.each(['Add', 'Multiply', 'Maximum', 'Average'])('%s: a step counts if no input masks it', async (class_name) => {
  const both = merged(class_name, 'ab');
  const cut = await read(both, [1, 2], [2, 1]);
  expect(await read(both, [1, 2, 3, 0], [2, 1, 0, 0])).toEqual(cut);
  expect(await read(both, [1, 2, 0, 0], [2, 1, 4, 0])).toEqual(cut);
  expect(await read(merged(class_name, 'b'), [1, 2, 3, 4], [2, 1, 0, 0])).toEqual(cut);
  expect(await read(merged(class_name, ''), [1, 2, 3, 4], [2, 1, 0, 0])).not.toEqual(cut);
});

it.each([1, -2])('Concatenate along axis %d: each input has steps of its own', async (axis) => {
  const cut = await read(merged('Concatenate', 'ab', { axis }), [1, 2], [2, 1, 3]);
  expect(await read(merged('Concatenate', 'ab', { axis }), [1, 2, 0], [2, 1, 0, 3])).toEqual(cut);
  expect(await read(merged('Concatenate', 'b', { axis }), [1, 2], [2, 0, 1, 3, 0])).toEqual(cut);
});
