// The options of learners that are sequence models, for the table of options.
import * as models from '../../src/models/index.ts';
import { type Made, made } from '../nn/made.ts';

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
};
