import { IntraAttention } from '../../src/attention/intra.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import { BatchNorm } from '../../src/nn/batch-norm.ts';
import { assign } from '../../src/nn/buffer.ts';
import { GRUCell, LSTMCell, RNNCell } from '../../src/nn/cells.ts';
import { Conv2d, ConvTranspose2d } from '../../src/nn/conv2d.ts';
import { Dropout } from '../../src/nn/dropout.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import { LayerNorm } from '../../src/nn/layer-norm.ts';
import { Linear } from '../../src/nn/linear.ts';
import type { Module } from '../../src/nn/module.ts';
import { GRU, LSTM, RNN } from '../../src/nn/recurrent.ts';
import { RMSNorm } from '../../src/nn/rms-norm.ts';
import type { Core } from '../../src/nn/unroll.ts';
import { add, reshape, select } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { LearnedBaseline } from '../../src/train/choice/reinforce.ts';
import { betweens } from '../attention/betweens.ts';
import { projections } from '../attention/projections.ts';
import { attending } from '../attention/rows.ts';
import { models } from '../models/table.ts';
import { beside, type ModuleRow, padding, real, row, sentences } from './row.ts';

const [I, H, T] = [5, 3, 4];
const sizes = { input: I, hidden: H };
const deep = { ...sizes, layers: 2, bidirectional: true, dropout: 0.3 };

/** [places, B, H] as tensors [B, H]. */
const places = (state: Tensor) => Array.from({ length: state.shape[0] as number }, (_, i) => select(state, 0, i));

const keyed = <K>(key: K | undefined) => (key ? { key } : {});

/** With statistics of its own. */
function seasoned(norm: BatchNorm): BatchNorm {
  assign(norm.running_mean, reshape(real([0], [I], 7), [I]));
  assign(norm.running_var, reshape(add(real([0], [I], 8), 1.5), [I]));
  return norm;
}

const parts: ModuleRow[] = [
  row({
    module: 'Linear',
    build: (key) => new Linear({ input: I, output: H }, key),
    call: (module, examples) => module.forward(real(examples, [T, I], 1)),
  }),
  row({
    module: 'Linear',
    name: 'without bias',
    build: (key) => new Linear({ input: I, output: H, bias: false }, key),
    call: (module, examples) => module.forward(real(examples, [I], 1)),
  }),
  row({
    module: 'Embedding',
    build: (key) => new Embedding({ symbols: 7, size: H }, key),
    call: (module, examples) => module.forward(sentences(examples, T, 7, 1)),
  }),
  row({
    module: 'LayerNorm',
    build: () => new LayerNorm({ size: I }),
    call: (module, examples) => module.forward(real(examples, [T, I], 1)),
    fixed: true,
  }),
  row({
    module: 'LayerNorm',
    name: 'without bias',
    build: () => new LayerNorm({ size: I, bias: false }),
    call: (module, examples) => module.forward(real(examples, [T, I], 1)),
    fixed: true,
  }),
  row({
    module: 'RMSNorm',
    build: () => new RMSNorm({ size: I }),
    call: (module, examples) => module.forward(real(examples, [T, I], 1)),
    fixed: true,
  }),
  row({
    module: 'RMSNorm',
    name: 'without weight',
    build: () => new RMSNorm({ size: I, weight: false, eps: 0.1 }),
    call: (module, examples) => module.forward(real(examples, [T, I], 1)),
    fixed: true,
  }),
  row({
    module: 'BatchNorm',
    build: () => seasoned(new BatchNorm({ size: I })),
    call: (module, examples) => module.forward(real(examples, [T, I], 1)),
    fixed: true,
  }),
  row({
    module: 'Conv2d',
    build: (key) => new Conv2d({ input: 3, output: 2, size: [3, 2], stride: [2, 1], padding: [1, 0] }, key),
    call: (module, examples) => module.forward(real(examples, [4, 5, 3], 1)),
  }),
  row({
    module: 'Conv2d',
    name: 'without bias, same size',
    build: (key) => new Conv2d({ input: 3, output: 2, size: 3, padding: 'same', bias: false }, key),
    call: (module, examples) => module.forward(real(examples, [4, 5, 3], 1)),
  }),
  row({
    module: 'ConvTranspose2d',
    build: (key) => new ConvTranspose2d({ input: 3, output: 2, size: [4, 3], stride: 2, padding: 1 }, key),
    call: (module, examples) => module.forward(real(examples, [4, 5, 3], 1)),
  }),
  row({
    module: 'Dropout',
    build: () => new Dropout({ p: 0.4 }),
    call: (module, examples, key) => module.forward(real(examples, [T, I], 1), keyed(key)),
    fixed: true,
    dropout: true,
  }),
  row({
    module: 'LearnedBaseline',
    build: (key) => new LearnedBaseline({ input: I }, key),
    call: (module, examples) => reshape(module.forward(real(examples, [T, I], 1)), [examples.length, T]),
  }),
  ...[RNNCell, GRUCell].map((Kind) =>
    row({
      module: Kind.name,
      build: (key) => new Kind(sizes, key),
      call: (cell, examples) => cell.step(real(examples, [I], 1), { h: real(examples, [H], 2) }).output,
    }),
  ),
  row({
    module: 'LSTMCell',
    build: (key) => new LSTMCell(sizes, key),
    call: (cell, examples) => {
      const { h, c } = cell.step(real(examples, [I], 1), { h: real(examples, [H], 2), c: real(examples, [H], 3) }).state;
      return beside(h, c);
    },
  }),
  ...[RNNCell, LSTMCell, GRUCell].map((Kind) =>
    row({
      module: Kind.name,
      name: 'without bias',
      build: (key) => new Kind({ ...sizes, bias: false }, key) as Module & Core,
      call: (cell, examples) => {
        const { state } = cell.step(real(examples, [I], 1), cell.initialState(examples.length));
        return cell.step(real(examples, [I], 2), state).output;
      },
    }),
  ),
  ...[RNN, LSTM, GRU].map((Kind) =>
    row({
      module: Kind.name,
      name: 'without bias',
      build: (key) => new Kind({ ...sizes, bias: false }, key),
      call: (module, examples) => module.forward(real(examples, [T, I], 1)).output,
    }),
  ),
  ...[RNN, GRU].flatMap((Kind) => [
    row({
      module: Kind.name,
      build: (key) => new Kind(sizes, key),
      call: (module, examples) => module.forward(real(examples, [T, I], 1)).output,
    }),
    row({
      module: Kind.name,
      name: 'two layers, both directions, padded',
      build: (key) => new Kind(deep, key),
      call: (module, examples, key) => {
        const { output, state } = module.forward(real(examples, [T, I], 1), { mask: padding(examples, T), ...keyed(key) });
        return beside(output, ...places(state.h));
      },
      dropout: true,
    }),
  ]),
  row({
    module: 'IntraAttention',
    build: (key) => new IntraAttention({ ...sizes, window: T }, key),
    call: (module, examples) => {
      const { output, weights, state } = module.forward(real(examples, [T, I], 1), { mask: padding(examples, T) });
      return beside(output, weights as Tensor, state.cell.c, state.values);
    },
  }),
  row({
    module: 'IntraAttention',
    name: 'a window shorter than the sequence',
    build: (key) => new IntraAttention({ ...sizes, score: 2, window: 2 }, key),
    call: (module, examples) => {
      const { output, state } = module.forward(real(examples, [T, I], 1), { mask: padding(examples, T) });
      return beside(output, state.cell.h, state.values);
    },
  }),
  row({
    module: 'LSTM',
    build: (key) => new LSTM(sizes, key),
    call: (module, examples) => module.forward(real(examples, [T, I], 1)).output,
  }),
  row({
    module: 'LSTM',
    name: 'two layers, both directions, padded',
    build: (key) => new LSTM(deep, key),
    call: (module, examples, key) => {
      const { output, state } = module.forward(real(examples, [T, I], 1), { mask: padding(examples, T), ...keyed(key) });
      return beside(output, ...places(state.h), ...places(state.c));
    },
    dropout: true,
  }),
];

/** One tensor for queries, keys and values: their maps are one parameter. */
const selfAttention = row({
  module: 'MultiHead',
  name: 'self-attention',
  build: (key) => new MultiHead({ query: 6, key: 6, heads: 2 }, key),
  constant: ['in_proj_bias', 'out_proj.bias'],
  call: (module, examples) => {
    const x = real(examples, [T, 6], 1);
    const { output, weights } = module.forward(x, x, x, { mask: padding(examples, T) });
    return beside(output, weights);
  },
});

/** Every module with the calls it is tested by. */
export const rows: ModuleRow[] = [...parts, selfAttention, ...projections, ...betweens, ...attending, ...models];

/** Exported, and abstract or made by loading alone: nothing to build. */
export const abstract: ReadonlySet<string> = new Set(['AttendingReader', 'EncoderDecoder', 'LayersModel', 'Module', 'Reader', 'Score']);
