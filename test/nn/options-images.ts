// The options of parts and models of images.
import * as saccade from '../../src/all.ts';
import { type Made, made, never, positive } from './made.ts';

const filter = { input: 3, output: 4, size: 3, bias: true, stride: 2 };
const pair = [...never, -1, 2.5, [1, 2, 3]];
const ofFilter = { size: [...pair, undefined, 0], stride: [...pair, 0], padding: pair, outputPadding: pair };

export const ofImages: Record<string, Made> = {
  BatchNorm: made(
    saccade.BatchNorm,
    { size: 3, eps: 1e-3, momentum: 0.2 },
    { numbers: { eps: positive, momentum: [...never, 0, 1.5] }, keyless: true },
  ),
  Conv2d: made(saccade.Conv2d, { ...filter, padding: 1 }, { numbers: ofFilter }),
  ConvTranspose2d: made(saccade.ConvTranspose2d, { ...filter, padding: 1, outputPadding: 1 }, { numbers: ofFilter }),
};
