// The options of learners that are sequence models, for the table of options.
import * as models from '../../src/models/index.ts';
import { from, type Made, made } from '../nn/made.ts';

const embedding = new models.ConvEmbedding({ side: 9, width: 2 }, from);

export const metaOptions: Record<string, Made> = {
  DenseBlock: made(models.DenseBlock, { input: 3, filters: 2, dilation: 2, norm: true }),
  TCBlock: made(models.TCBlock, { input: 3, length: 4, filters: 2, norm: true }),
  AttentionBlock: made(models.AttentionBlock, { input: 3, key: 4, value: 2 }),
  Snail: made(models.Snail, {
    input: 3,
    output: 2,
    layers: [
      { length: 4, filters: 2 },
      { key: 4, value: 2 },
    ],
    value: true,
    norm: true,
  }),
  ConvEmbedding: made(models.ConvEmbedding, { side: 9, channels: 2, width: 3, output: 4 }),
  PrototypicalNetwork: made(models.PrototypicalNetwork, { embedding }, { keyless: true }),
  SnailClassifier: made(models.SnailClassifier, {
    ...{ embedding, classes: 2, examples: 3, norm: true },
    layers: [{ key: 4, value: 2 }],
  }),
};
