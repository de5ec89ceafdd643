// What a file says, read by somebody else's reader, and what is refused.
import { describe, expect, it } from 'vitest';
import { backward, parameter, record } from '../../src/autograd/index.ts';
import { saveTensors } from '../../src/io/index.ts';
import { Draw, LanguageModel, NeuralTuringMachine, RecurrentAttention } from '../../src/models/index.ts';
import { Linear } from '../../src/nn/index.ts';
import { bytesOf } from '../../src/onnx/graph.ts';
import { type OnnxInput, type OnnxOptions, toOnnx } from '../../src/onnx/index.ts';
import { types } from '../../src/onnx/model.ts';
import { add, argmax, mul, reshape, scaledDotProductAttention, slice, softmax, unstack } from '../../src/ops/index.ts';
import { arange, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { readOnnx } from './reader.ts';

const inputs = { x: { shape: ['batch', 'time'] } } as const satisfies Record<string, OnnxInput>;
const written = (f: (x: Tensor) => object, more: Partial<OnnxOptions> = {}) =>
  toOnnx((all: Readonly<Record<string, Tensor>>) => f(all.x as Tensor), { inputs, ...more } as OnnxOptions);
const read = (f: (x: Tensor) => object, more: Partial<OnnxOptions> = {}) => readOnnx(written(f, more)).graph;
const linear = new Linear({ input: 4, output: 3 }, key(1));

describe('a file', () => {
  it('names axes, and says lengths that do not change', () => {
    const { graph } = readOnnx(
      toOnnx(({ x, n }) => ({ y: reshape(x, [-1, 2]), z: add(n, 1) }), {
        inputs: { x: { shape: ['batch', 'time', 4] }, n: { shape: ['batch'], dtype: 'int32' } },
        name: 'mine',
      }),
    );
    const port = ({ name, type }: (typeof graph.input)[number]) => [
      name,
      type.tensorType.elemType,
      ...type.tensorType.shape.dim.map(({ dimParam, dimValue }) => dimParam || dimValue),
    ];
    expect(graph.name).toBe('mine');
    expect(graph.input.map(port)).toEqual([['x', types.float32, 'batch', 'time', 4], ['n', types.int32, 'batch']]); // biome-ignore format: rows
    expect(graph.output.map(port)).toEqual([['y', types.float32, '2*batch*time', 2], ['z', types.int32, 'batch']]); // biome-ignore format: rows
  });

  it('has parameters under the names of the state dict, as PyTorch has them', () => {
    const model = new LanguageModel({ symbols: 11, size: 8, heads: 2, layers: 1, length: 16 }, key(2));
    const { graph } = readOnnx(
      toOnnx(({ tokens }) => model.forward(tokens), {
        inputs: { tokens: { shape: ['batch', 'time'], dtype: 'int32', below: 11 } },
        module: model,
      }),
    );
    const own = new Map(graph.initializer.map((one) => [one.name, one]));
    for (const [name, x] of model.stateDict()) {
      const found = own.get(name);
      expect([name, found?.dims, found?.dataType]).toEqual([name, [...x.shape], types.float32]);
      expect(Array.from(new Float32Array(Uint8Array.from(found?.rawData ?? []).buffer))).toEqual(Array.from(x.toArray()));
    }
    expect(graph.initializer.filter(({ name, dims }) => dims.length > 1 && !model.stateDict().has(name))).toEqual([]);
  });

  it('numbers what is no parameter, takes a dict as well, and has only what is needed', () => {
    const graph = read((x) => add(reshape(x, [-1, 1]), tensor([1, 2, 3])), { module: new Map() });
    expect(graph.initializer.map(({ name }) => name)).toContain('constant_0');
    const dict = new Map([['mine', linear.weight]]);
    const { initializer, node } = read(
      (x) => {
        softmax(x);
        return add(reshape(x, [-1, 1, 1]), linear.weight);
      },
      { module: dict },
    );
    expect(initializer.map(({ name }) => name)).toContain('mine');
    expect(node.map(({ opType }) => opType)).not.toContain('Softmax');
  });

  it('leaves weights in a safetensors file beside it', async () => {
    const file = await saveTensors(linear.stateDict());
    const bytes = toOnnx(({ x }) => linear.forward(x), {
      inputs: { x: { shape: ['batch', 4] } },
      module: linear,
      weights: { location: 'model.safetensors', file },
    });
    const { graph } = readOnnx(bytes);
    for (const [name, x] of linear.stateDict()) {
      const found = graph.initializer.find((one) => one.name === name);
      expect([found?.dataLocation, found?.rawData?.length ?? 0]).toEqual(['EXTERNAL', 0]);
      const place = Object.fromEntries((found?.externalData ?? []).map(({ key: field, value }) => [field, value]));
      expect(place.location).toBe('model.safetensors');
      const elements = file.slice(Number(place.offset), Number(place.offset) + Number(place.length));
      expect(Array.from(new Float32Array(elements.buffer))).toEqual(Array.from(x.toArray()));
    }
    const small =
      (weights: unknown, module: OnnxOptions['module'] = linear) =>
      () =>
        toOnnx(({ x }) => linear.forward(x), { inputs: { x: { shape: ['batch', 4] } }, module, weights: weights as never });
    expect(small({ location: 'a', file: 'a' })).toThrow('toOnnx: weights.file must be the bytes of a safetensors file, got others');
    expect(small({ location: 'a', file: file.slice(0, 20) })).toThrow(/^toOnnx: weights.file must hold its header of \d+ bytes, got 12$/);
    const other = await saveTensors(new Map([['weight', zeros([2, 2])]]));
    expect(small({ location: 'a', file: other })).toThrow('toOnnx: weights.file must have weight as F32 [3, 4], got F32 [2, 2]');
    expect(small({ location: 'a', file }, new Map([['w', linear.weight]]))).toThrow('must have w as F32 [3, 4], got none');
  });

  it('passes on what is an input, a constant, or wanted twice', () => {
    const { node, output } = read((x) => {
      const y = softmax(x);
      return { x, y, again: y, weight: linear.weight };
    }, { outputs: ['y', 'again', 'weight'] }); // biome-ignore format: one call
    expect(output.map(({ name }) => name)).toEqual(['y', 'again', 'weight']);
    expect(node.filter(({ opType }) => opType === 'Identity').map((one) => one.output[0])).toEqual(['again', 'weight']);
    expect(read((x) => [x, softmax(x)], { outputs: ['same', 'soft'] }).output.map(({ name }) => name)).toEqual(['same', 'soft']);
  });

  it('knows 64 bits, and numbers below 0', () => {
    expect(Array.from(bytesOf('int64', [-1, 2 ** 40]))).toEqual([255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 1, 0, 0]);
    const { node } = read((x) => softmax(x, { axis: 0 }));
    expect(node.flatMap(({ attribute }) => attribute).find(({ name }) => name === 'axis')?.i).toBe(-1);
  });

  it('takes forms for ops of one’s own', () => {
    const mine = (x: Tensor) => record('mine', zeros(x.shape), { inputs: [x], attributes: { by: 3 } });
    expect(() => read(mine)).toThrow('toOnnx: ops must have a form in ONNX, got mine');
    const { node } = read(mine, { ops: { mine: (graph, call) => graph.node('Mish', [call.inputs[0]?.name ?? '']) } });
    expect(node.map(({ opType }) => opType)).toEqual(['Mish']);
  });
});

describe('refusals', () => {
  const refused = (f: (x: Tensor) => object, more: Partial<OnnxOptions> = {}) => expect(() => written(f, more));

  it('of a step of a Neural Turing Machine, whose heads are one op', () => {
    const machine = new NeuralTuringMachine({ input: 4, output: 2, cells: 5, width: 3, hidden: 4 }, key(1));
    refused((x) => ({ output: machine.forward(x).output }), { inputs: { x: { shape: ['batch', 3, 4] } } }).toThrow(
      'got memoryStep: it has no operator (addressMemory, readMemory and writeMemory have some)',
    );
  });

  it('of what no graph can follow', () => {
    refused((x) => mul(x, x.toArray()[0] as number)).toThrow('got a look at those of x');
    refused((x) => mul(x, argmax(x).item())).toThrow('toOnnx: fn must leave elements alone (item, toArray, view)');
    refused((x) => {
      const y = parameter(zeros([2]));
      backward(reshape(slice(mul(y, 2), 0, 0, 1), []));
      return x;
    }).toThrow('toOnnx: fn must write nothing in place');
    refused((x) => mul(x, arangeOfHost(x))).toThrow(
      'toOnnx: constants must be the same at all sizes, or made by ops (arange, full, tril, lengthsToMask), got one of [5], [8], [3], [9] with other values, read by mul',
    );
    refused((x) => unstack(x, 1)[0] as Tensor).toThrow('toOnnx: fn must be the same ops at all sizes, got 1 ops at batch 2, time 5');
    refused((x) => ((x.shape[1] as number) > 6 ? softmax(x) : mul(x, 2))).toThrow('first affine and softmax as number 0');
    refused((x) => slice(x, 1, 0, Math.ceil((x.shape[1] as number) / 2))).toThrow(
      'toOnnx: slice must have count that follows from the axes',
    );
    refused((x) => mul(x, Math.sqrt(x.shape[1] as number))).toThrow('toOnnx: affine must have scale that follows from the axes, got 2.23');
  });

  const arangeOfHost = (x: Tensor) => tensor(Float32Array.from({ length: x.shape[1] as number }, (_, i) => i));

  it('of a scale that depends on a size: attention has one for all', () => {
    expect(() => toOnnx(({ q }) => scaledDotProductAttention(q, q, q), { inputs: { q: { shape: ['batch', 'time', 'width'] } } })).toThrow(
      'toOnnx: scaledDotProductAttention must have scale that follows from the axes',
    );
  });

  it('of models that look at whole pixels, or draw', () => {
    const looking = new RecurrentAttention({ classes: 3, glimpses: 2, hidden: 4, features: 4 }, key(1));
    const images = { images: { shape: ['batch', 9, 9] }, start: { shape: ['batch', 2] } } as const;
    expect(() => toOnnx(({ images, start }) => ({ ...looking.forward(images, { start }) }), { inputs: images })).toThrow('those of start');
    const painting = new Draw({ height: 4, width: 4, steps: 2, hidden: 4, latent: 2, read: 2, write: 2 }, key(1));
    refused((x) => painting.sample(x.shape[0] as number, key(2)).images).toThrow(
      'toOnnx: ops must have a form in ONNX, got normal: a draw from a key has no operator (pass the noise in)',
    );
  });

  it('of what fn gives or throws', () => {
    refused(() => ({ y: 3 }) as object).toThrow('toOnnx: fn must give tensors, alone, in lists or by name, got 3 at y');
    refused((x) => add(x, zeros([4, 4]))).toThrow(
      'toOnnx: fn failed at batch 2, time 5; add: shapes must broadcast, got [2, 5] and [4, 4] (other lengths are tried with sizes)',
    );
    refused((x) => softmax(x), { outputs: ['a', 'b'] }).toThrow('toOnnx: outputs must name what fn gives, got [a, b] for 1 tensors');
    refused((x) => ({ y: softmax(x) }), { outputs: ['z'] }).toThrow('toOnnx: outputs must be among y, got z');
    refused((x) => ({ x: softmax(x) })).toThrow('toOnnx: inputs, outputs and parameters must have names of their own, got x twice');
    refused((x) => {
      const y = zeros([2]);
      y.storage.backend.kernels.exp(y.ptr, x.ptr, 2);
      return { y: new (y.constructor as never as new (...a: unknown[]) => Tensor)(y.storage, [2], 'float32', 0) };
    }).toThrow('toOnnx: results must come from ops, got one of shape [2] that none made');
  });

  it('of options', () => {
    expect(() => toOnnx(3 as never, { inputs })).toThrow('toOnnx: fn must be a function, got 3');
    refused((x) => x, { opset: 16 }).toThrow('toOnnx: opset must be among 17, 18, 19, 20, 21, 22, 23, got 16');
    refused((x) => x, { inputs: null as never }).toThrow('toOnnx: inputs must be shapes by name, got null');
    refused((x) => x, { inputs: { x: {} as never } }).toThrow('toOnnx: inputs.x must have a shape, got undefined');
    refused((x) => x, { inputs: { x: { shape: ['a b'] } } }).toThrow("toOnnx: inputs.x must have lengths or names of axes, got 'a b'");
    refused((x) => x, { inputs: { x: { shape: [1.5] } } }).toThrow('toOnnx: inputs.x must have lengths or names of axes, got 1.5');
    refused((x) => x, { sizes: { time: [2, 3] } }).toThrow('toOnnx: sizes.time must be 4 different whole numbers from 2, got [2, 3]');
    refused((x) => x, { sizes: { time: [1, 2, 3, 4] } }).toThrow('got [1, 2, 3, 4]');
    refused((x) => x, { inputs: { x: { shape: ['a', 'b', 'c', 'd', 'e'] } } }).toThrow(
      'toOnnx: sizes must be given of more than 4 axes, got none of e',
    );
    refused((x) => x, { input: 1 } as never).toThrow('toOnnx: options must be among');
    refused((x) => [softmax(x), mul(x, 2)], { outputs: ['y', 'y'] }).toThrow(
      'toOnnx: outputs must each have a name of its own, got y twice',
    );
    const given = (more: object) => refused((x) => x, { inputs: { x: { shape: ['a'], ...more } } });
    given({ dtype: 'float16' }).toThrow("toOnnx inputs.x: dtype must be one of float32, int32, bool, got 'float16'");
    given({ dtype: 'int32', below: 0 }).toThrow('toOnnx inputs.x: below must be a whole number from 1, got 0');
    given({ dtype: 'int32', below: 'b' }).toThrow("toOnnx: inputs.x.below must be a size or one of a, got 'b'");
    given({ dtype: 'int32', below: 3, from: 3 }).toThrow('toOnnx: inputs.x.from must be below 3, got 3');
    given({ dtype: 'int32', from: 0.5 }).toThrow('toOnnx inputs.x: from must be a whole number, got 0.5');
    given({ upTo: 3 }).toThrow('toOnnx inputs.x: options must be among shape, dtype, below, from, got upTo');
  });

  it('not of four axes and more, whose sizes are told', () => {
    const shape = ['a', 'b', 'c', 'd', 'e'];
    const { output } = readOnnx(toOnnx(({ x }) => softmax(x), { inputs: { x: { shape } }, sizes: { e: [13, 17, 7, 5] } })).graph;
    expect(output[0]?.type.tensorType.shape.dim.map(({ dimParam }) => dimParam)).toEqual(shape);
    expect(() => arange(3)).not.toThrow();
  });
});
