// Rows of the module table: learners that are sequence models.
import { AttentionBlock } from '../../src/models/meta/attention-block.ts';
import { ConvEmbedding } from '../../src/models/meta/conv-embedding.ts';
import { DenseBlock } from '../../src/models/meta/dense-block.ts';
import { PrototypicalNetwork } from '../../src/models/meta/prototypical-network.ts';
import { Snail, type SnailLayer } from '../../src/models/meta/snail.ts';
import { SnailClassifier } from '../../src/models/meta/snail-classifier.ts';
import { TCBlock } from '../../src/models/meta/tc-block.ts';
import { assign } from '../../src/nn/buffer.ts';
import { add, reshape } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, type Key } from '../../src/tensor/random.ts';
import { beside, type ModuleRow, real, row } from '../nn/row.ts';

const T = 5;
const layers: readonly SnailLayer[] = [{ key: 2, value: 3 }, { length: 5, filters: 2 }, { key: 3, value: 2 }]; // biome-ignore format: one line

/** Images of 9 × 9 at the side of which 1 is left; the running statistics are not those of the start. */
function embeddingOf(key: Key, output?: number): ConvEmbedding {
  const embedding = new ConvEmbedding({ side: 9, width: 2, ...(output !== undefined && { output }) }, key);
  embedding.blocks.forEach(({ norm }, i) => {
    assign(norm.running_mean, reshape(real([i], [2], 7), [2]));
    assign(norm.running_var, reshape(add(real([i], [2], 8), 1.5), [2]));
  });
  return embedding;
}
const likeEach = ['norm.weight', 'norm.bias', 'running_mean', 'running_var', 'num_batches_tracked'];

/** Two classes, three examples and two queries; class 0 has two of the examples. */
export const episodesOf = (examples: readonly number[]) => ({
  support: real(examples, [3, 9, 9], 1),
  query: real(examples, [2, 9, 9], 2),
  labels: tensor(Int32Array.from(examples.flatMap((e) => [e % 2, 0, 1 - (e % 2)])), { shape: [examples.length, 3] }),
});

export const metaRows: ModuleRow[] = [
  ...[1, 2, 7].map((dilation) =>
    row({
      module: 'DenseBlock',
      name: `dilation ${dilation}`,
      build: (key) => new DenseBlock({ input: 3, filters: dilation === 2 ? 4 : 2, dilation, norm: dilation === 2 }, key),
      constant: ['Norm.weight', 'Norm.bias'],
      call: (block, examples) => block.forward(real(examples, [T, 3], 1)),
    }),
  ),
  row({
    module: 'TCBlock',
    build: (key) => new TCBlock({ input: 3, length: T, filters: 2 }, key),
    call: (block, examples) => block.forward(real(examples, [T, 3], 1)),
  }),
  row({
    module: 'AttentionBlock',
    build: (key) => new AttentionBlock({ input: 3, key: 4, value: 2 }, key),
    call: (block, examples) => {
      const { output, weights } = block.forward(real(examples, [T, 3], 1), { weights: true });
      return beside(output, ...(weights ? [weights] : []));
    },
  }),
  row({
    module: 'Snail',
    build: (key) => new Snail({ input: 3, output: 2, layers, value: true }, key),
    call: (model, examples) => {
      const { output, value, weights = [] } = model.forward(real(examples, [T, 3], 1), { weights: true });
      return beside(output, ...(value ? [value] : []), ...weights);
    },
  }),
  row({
    module: 'Snail',
    name: 'norm',
    build: (key) => new Snail({ input: 3, output: 2, layers: layers.with(1, { length: T, filters: 4 }), norm: true }, key),
    constant: ['Norm.weight', 'Norm.bias'],
    call: (model, examples) => model.forward(real(examples, [T, 3], 1)).output,
  }),
  ...[undefined, 3].map((output) =>
    row({
      module: 'ConvEmbedding',
      ...(output === undefined ? {} : { name: 'output' }),
      build: (key) => embeddingOf(key, output),
      constant: likeEach,
      call: (embedding, examples) => embedding.forward(real(examples, [9, 9], 1)),
    }),
  ),
  row({
    module: 'PrototypicalNetwork',
    build: (key) => new PrototypicalNetwork({ embedding: embeddingOf(key) }),
    constant: likeEach,
    call: (model, examples) => {
      const { logits, weights, prototypes } = model.forward(episodesOf(examples), { classes: 2 });
      return beside(logits, weights, prototypes);
    },
  }),
  row({
    module: 'SnailClassifier',
    build: (key) =>
      new SnailClassifier(
        {
          embedding: embeddingOf(foldIn(key, 1), 3),
          classes: 2,
          examples: 3,
          layers: [
            { key: 2, value: 3 },
            { length: 4, filters: 2 },
            { key: 3, value: 2 },
          ],
        },
        key,
      ),
    constant: likeEach,
    call: (model, examples) => {
      const { logits, weights } = model.forward(episodesOf(examples));
      return beside(logits, ...weights);
    },
  }),
];
