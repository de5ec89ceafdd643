// What callers in JavaScript give to parts of attention: options that are unknown, tensors that are missing.
import { expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { ones } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';

const none = undefined as never;
const x = ones([2, 3, 4]);
const heads = new saccade.Heads({ attention: new saccade.Attention({ score: new saccade.DotScore(), heads: 2 }) });
const four = ones([2, 2, 3, 4]);
const snail = new saccade.AttentionBlock({ input: 4, key: 3, value: 5 }, key(1));
const machine = new saccade.NeuralTuringMachine({ input: 4, output: 2, cells: 5, width: 4, hidden: 3 }, key(1));
const intra = new saccade.IntraAttention({ input: 4, hidden: 3, score: 5, window: 6 }, key(1));
const decoder = new saccade.TransformerDecoder({ size: 4, heads: 2, hidden: 6, layers: 1 }, key(1));
const classifier = new saccade.AttentionClassifier({ input: 4, hidden: 3, labels: 2 }, key(1));

it.each<[string, () => unknown]>([
  ['Heads: options must be among mask, key, weights, got causal', () => heads.forward(four, four, four, { causal: true } as object)],
  ['Heads: keys must be a tensor, got undefined', () => heads.forward(four, none, four)],
  ["AttentionBlock: weights must be true or false, got 'no'", () => snail.forward(x, { weights: 'no' as never })],
  ['unroll: inputs must be a tensor, got undefined', () => machine.forward(none)],
  ['IntraAttention: x must be a tensor, got undefined', () => intra.forward(none)],
  ['TransformerDecoder: source must be a tensor or what prepare gave, got undefined', () => decoder.forward(x, none)],
  ['AttentionClassifier: weights must be a tensor, got undefined', () => classifier.effects({ weights: none, values: x })],
  ['AttentionClassifier: weights must be [2, 3], got [1, 2, 3]', () => classifier.effects({ weights: ones([1, 2, 3]), values: x })],
])('%s', (message, call) => {
  expect(call).toThrow(message);
});

it('a Gaussian without a width, and a look at no image', () => {
  for (const size of [Number.NaN, 0, -1, '3'])
    expect(() => saccade.gaussianFactor(x, size as number)).toThrow('gaussianFactor: size must be a number above 0');
  const look = new saccade.Look({ window: new saccade.Glimpse({ size: 2 }), placement: saccade.reinforcePlacement({ sigma: 0.1 }) });
  expect(() => look.step(none, ones([2, 2]))).toThrow('Look: images must be ');
});
