// The options of parts and models of images.
import * as saccade from '../../src/all.ts';
import { type Made, made, never, positive, share } from './made.ts';

const filter = { input: 3, output: 4, size: 3, bias: true, stride: 2 };
const token = [...never, 2.5, -2];
const pair = [...never, -1, 2.5, [1, 2, 3]];
const ofFilter = { size: [...pair, undefined, 0], stride: [...pair, 0], padding: pair, outputPadding: pair };

const picture = { size: 18, channels: 1, classes: 3, filters: [2], window: 3, hidden: [4] };
const list = [...never, [0], [2.5], 'x'];
const ofPicture = { size: [...pair, undefined, 0], window: [...pair, 0], filters: list, hidden: list };

export const ofImages: Record<string, Made> = {
  ImageClassifier: made(saccade.ImageClassifier, picture, { numbers: ofPicture }),
  SpatialTransformer: made(
    saccade.SpatialTransformer,
    { ...picture, view: 6, samples: 2, form: 'affine', localFilters: 2, localWindow: 3, localHidden: 4 },
    { numbers: { ...ofPicture, view: [...pair, undefined, 0], localWindow: [...pair, 0] } },
  ),
  SelfAttention2d: made(saccade.SelfAttention2d, { channels: 8, inner: 2 }),
  ShowAttendTell: made(
    saccade.ShowAttendTell,
    { symbols: 7, features: 3, cells: 4, hidden: 5, embedding: 2, score: 3, selection: 'soft', dropout: 0.1, pad: 0, start: 1, end: 2 },
    { numbers: { dropout: share, pad: token, start: [...token, -1], end: [...token, -1] } },
  ),
  BatchNorm: made(
    saccade.BatchNorm,
    { size: 3, eps: 1e-3, momentum: 0.2 },
    { numbers: { eps: positive, momentum: [...never, 0, 1.5] }, keyless: true },
  ),
  Conv2d: made(saccade.Conv2d, { ...filter, padding: 1 }, { numbers: ofFilter }),
  ConvTranspose2d: made(saccade.ConvTranspose2d, { ...filter, padding: 1, outputPadding: 1 }, { numbers: ofFilter }),
};
