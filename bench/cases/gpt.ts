import { crossEntropy, key, slice } from 'saccade';
import { LanguageModel } from 'saccade/models';
import type { Case } from '../case.ts';
import { proofOf, step, tokens, training } from './step.ts';

const LAYERS = 4;
const WIDTH = 128;
const HEADS = 4;
const LENGTH = 64;
const SYMBOLS = 65;

/** A character-level language model of the size of nanoGPT's for the CPU. */
const sizes = { symbols: SYMBOLS, size: WIDTH, layers: LAYERS, heads: HEADS, length: LENGTH };

const lesson = (batch: number) => () => {
  const text = tokens(2, [batch, LENGTH + 1], SYMBOLS);
  const [input, target] = [slice(text, 1, 0, LENGTH), slice(text, 1, 1)];
  const model = new LanguageModel(sizes, key(1));
  return { model, loss: () => crossEntropy(model.forward(input).logits, target) };
};

/** Multiplications of the products for one symbol, forward; attention counts the causal half. */
const products = LAYERS * (12 * WIDTH * WIDTH + 2 * WIDTH * ((LENGTH + 1) / 2)) + WIDTH * SYMBOLS;

const BATCH = 12;

export const gpt: Case[] = [
  {
    ...training,
    name: `${LAYERS} layers, ${WIDTH} wide, ${HEADS} heads, batch ${BATCH}×${LENGTH}`,
    work: 3 * 2 * BATCH * LENGTH * products,
    setup: () => step(lesson(BATCH)),
    proof: () => proofOf(lesson(1)),
    task: {
      op: 'gpt',
      shapes: [],
      training: true,
      layers: LAYERS,
      width: WIDTH,
      heads: HEADS,
      batch: BATCH,
      length: LENGTH,
      symbols: SYMBOLS,
    },
    target: { most: 100, fraction: 0.87, peers: 3.5, twoThreads: 1.8 }, // at most 1.15 × its products
  },
];
