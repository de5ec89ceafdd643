// Lists of callers: an element that is undefined, or no list at all, is refused by name and never read as 0 or as nothing.
import { expect, it } from 'vitest';
import { BytePairEncoder } from '../../src/data/byte-pair.ts';
import { bucketBatches, hashSplit, padBatch, padStories, storyBatch, Vocabulary } from '../../src/data/index.ts';
import { bleu, calibration, editDistance, errorRates } from '../../src/metrics/index.ts';
import { alignmentText, episodesSvg, gazeSvg, pathsSvg, pullsSvg } from '../../src/plot/index.ts';
import {
  convexHull,
  fewShotEpisodes,
  heldKarp,
  krichevskyTrofimov,
  pictureBatch,
  polygonArea,
  tapeSigns,
  tourLength,
} from '../../src/tasks/index.ts';
import { ones } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';

const none = undefined as never;
const holes = [undefined] as never;
const square = [0, 0, 1, 0, 1, 1, 0, 1];
const pictures = { pixels: new Uint8Array(4), labels: [0, 0, 1, 1], height: 1, width: 1 };
const sizes = { batch: 1, ways: 2, shots: 1, queries: 1 };
const image = [[0, 1]];
const example = { sentences: [[1]], question: [1], answer: 1 };

it.each<[string, () => unknown]>([
  ['Vocabulary: symbols must be strings, got undefined', () => new Vocabulary(holes)],
  ['Vocabulary: symbols must be a list, got 5', () => new Vocabulary(5 as never)],
  ['Vocabulary: specials must be a list, got 5', () => new Vocabulary([], { specials: 5 as never })],
  ['BytePairEncoder: tokens must be a list or a tensor, got undefined', () => new BytePairEncoder().decode(none)],
  ['BytePairEncoder: tokens must be int32, got float32', () => new BytePairEncoder().decode(ones([2]))],
  ['BytePairEncoder: token must be in [0, 256), got 3', () => new BytePairEncoder().decode(['3'] as never)],
  ['padBatch: sequences must be a list, got undefined', () => padBatch(none)],
  ['padBatch: sequence 0 must be a list, got undefined', () => padBatch(holes)],
  ['padStories: story 0 must be a list, got undefined', () => padStories(holes)],
  ['padStories: sentence 0 of story 0 must be a list, got 5', () => padStories([[5]] as never)],
  ['storyBatch: sentences of 0 must be a list, got undefined', () => storyBatch(holes)],
  ['storyBatch: answer of 0 must be an int32, got NaN', () => storyBatch([{ ...example, answer: Number.NaN }])],
  ['storyBatch: answer of 0 must be an int32, got undefined', () => storyBatch([{ ...example, answer: none }])],
  ['storyBatch: answer of 0 must be an int32, got 2.5', () => storyBatch([{ ...example, answer: 2.5 }])],
  ['bucketBatches: lengths must be a list, got 5', () => bucketBatches(5 as never, { batchSize: 2 })],
  ['bucketBatches: lengths must be numbers from 0, or rows of them, got NaN', () => bucketBatches([1, Number.NaN], { batchSize: 2 })],
  ['bucketBatches: lengths must be numbers from 0, or rows of them, got undefined', () => bucketBatches(holes, { batchSize: 2 })],
  ['hashSplit: word must be a string, got 5', () => hashSplit(5 as never, [1])],
  ['hashSplit: fractions must be a list, got undefined', () => hashSplit('a', none)],
  ['bleu: hypothesis 0 must be a list, got 5', () => bleu([5] as never, [[[1]]])],
  ['errorRates: hypothesis 0 must be a list, got undefined', () => errorRates(holes, [[[1]]])],
  ['errorRates: references of 0 must be a list, got undefined', () => errorRates([[1]], [holes])],
  ['editDistance: a must be a list, got 5', () => editDistance(5 as never, [1])],
  ['calibration: options must be among bins, got bin', () => calibration([1], [true], { bin: 2 } as object)],
  ['calibration: right at 0 must be true or false, got 1', () => calibration([1], [1] as never)],
  ['calibration: confidences must be in [0, 1], got true at 0', () => calibration([true] as never, [true])],
  ['polygonArea: indices must be in [0, 4), got undefined', () => polygonArea(square, holes)],
  ['tourLength: indices must be in [0, 4), got undefined', () => tourLength(square, holes)],
  ['convexHull: points must be finite numbers, got NaN', () => convexHull([Number.NaN, 0])],
  ["heldKarp: points must be finite numbers, got '3'", () => heldKarp(['3', 0] as never)],
  ['krichevskyTrofimov: bits must be 0 or 1, got undefined', () => krichevskyTrofimov(holes, 1)],
  ['tapeSigns: symbols must be a whole number from 1, got NaN', () => tapeSigns(Number.NaN)],
  ['pictureBatch: chosen must be in [0, 4), got undefined', () => pictureBatch(pictures, holes)],
  [
    'fewShotEpisodes: label 0 of pictures must be a whole number from 0, got undefined',
    () => {
      fewShotEpisodes(key(1), { ...pictures, labels: [undefined, 0, 1, 1] as never }, sizes); // which once did not end
    },
  ],
  ['fewShotEpisodes: classes must be different, got 1 twice', () => fewShotEpisodes(key(1), pictures, { ...sizes, classes: [1, 1] })],
  [
    'fewShotEpisodes: each class must have 2 pictures, got 0 of undefined',
    () => {
      fewShotEpisodes(key(1), pictures, { ...sizes, classes: [0, undefined] as never });
    },
  ],
  ['alignmentText: weights must be from 0 to 1, got undefined', () => alignmentText([holes], { rows: ['a'], columns: ['b'] })],
  ['pathsSvg: points must be x and y in turn, from 0 to 1, got undefined', () => pathsSvg([{ points: [undefined, 0] as never, path: [] }])],
  ['pathsSvg: indices must be of the 4 points, got undefined in path', () => pathsSvg([{ points: square, path: holes }])],
  ['pullsSvg: actions must be arms from 0 to 1, got undefined', () => pullsSvg([{ arms: 2, actions: holes, rewards: [1] }])],
  [
    'episodesSvg: weights must be 1 numbers from 0 to 1, got undefined',
    () => {
      episodesSvg([{ query: image, items: [{ image, label: 'a' }], weights: holes } as never]);
    },
  ],
  ['gazeSvg: image must be from 0 to 1, got undefined', () => gazeSvg([{ image: [holes], boxes: [] } as never])],
])('%s', (message, call) => {
  expect(call).toThrow(message);
});
