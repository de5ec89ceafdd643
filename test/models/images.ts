// Rows of models of images, and of the block of self-attention.
import { ImageClassifier } from '../../src/models/vision/image-classifier.ts';
import { SelfAttention2d } from '../../src/models/vision/self-attention-2d.ts';
import { ShowAttendTell } from '../../src/models/vision/show-attend-tell.ts';
import { SpatialTransformer } from '../../src/models/vision/spatial-transformer.ts';
import { assign } from '../../src/nn/buffer.ts';
import { mul, reshape } from '../../src/ops/index.ts';
import { beside, type ModuleRow, real, row, sentences } from '../nn/row.ts';

/** Images of 18 × 12, their view 3 × 4. */
export const PICTURE = [18, 12] as const;
const size: [number, number] = [...PICTURE];
const local = { localFilters: 4, localWindow: [3, 2] as const, localHidden: 6 };

export const imageRows: ModuleRow[] = [
  row({
    module: 'ImageClassifier',
    build: (key) => new ImageClassifier({ size: [7, 6], channels: 2, classes: 3, filters: [2, 3], window: [2, 1], hidden: [4] }, key),
    call: (model, examples) => model.forward(real(examples, [7, 6, 2], 1)),
  }),
  row({
    module: 'ImageClassifier',
    name: 'fully connected',
    build: (key) => new ImageClassifier({ size: 3, classes: 4, hidden: [5, 3] }, key),
    call: (model, examples) => model.forward(real(examples, [3, 3], 1)),
  }),
  ...Object.entries({ '': {}, attention: { form: 'attention' }, 'four samples': { samples: 2 } } as const).map(([name, options]) =>
    row({
      module: 'SpatialTransformer',
      ...(name ? { name } : {}),
      build: (key) => new SpatialTransformer({ size, view: [3, 4], classes: 3, hidden: [4], ...options, ...local }, key),
      constant: ['theta.weight', 'theta.bias'],
      warm: (model) => {
        const { weight } = model.theta;
        assign(weight, mul(reshape(real([0], weight.shape, 5), weight.shape), 0.4));
      },
      call: (model, examples) => {
        const { output, theta, places, view } = model.forward(real(examples, size, 1));
        return beside(output, theta, places, view);
      },
    }),
  ),
  row({
    module: 'SelfAttention2d',
    build: (key) => new SelfAttention2d({ channels: 5, inner: 2 }, key),
    constant: ['gamma'],
    warm: (model) => assign(model.gamma, reshape(real([0], [1], 5), [])),
    call: (model, examples) => {
      const { output, weights } = model.attend(real(examples, [2, 3, 5], 1));
      return beside(output, weights);
    },
  }),
  ...(['soft', 'hard'] as const).map((selection) =>
    row({
      module: 'ShowAttendTell',
      ...(selection === 'hard' ? { name: selection } : {}),
      build: (key) =>
        new ShowAttendTell({ symbols: 7, features: 3, cells: 4, hidden: 5, embedding: 2, score: 3, selection, dropout: 0.3 }, key),
      call: (model, examples, key) => {
        const options = selection === 'hard' ? { expected: true } : {};
        const keyed = key ? { key } : {};
        const { logits, gate, weights } = model.teach(real(examples, [4, 3], 1), sentences(examples, 4, 7, 2), { ...options, ...keyed });
        return selection === 'hard' ? beside(logits, gate) : beside(logits, gate, ...(weights ? [weights] : []));
      },
      dropout: true,
    }),
  ),
];
