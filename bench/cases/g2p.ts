import { AttentionSeq2Seq, crossEntropy, key, type Tensor, tensor } from 'saccade';
import type { Case, Target } from '../case.ts';
import { proofOf, step, tokens, training } from './step.ts';

const LETTERS = 8;
const PHONES = 8;
const VOCABULARY = 42;
const LETTER_SYMBOLS = 30;
const BATCH = 64;

/** Tokens that are not padding. */
const words = (seed: number, shape: readonly number[], symbols: number): Tensor =>
  tensor(
    Int32Array.from(tokens(seed, shape, symbols - 3).toArray(), (token) => token + 3),
    { shape },
  );

/**
 * Multiplications of the products that a step needs, forward; three times as many with gradients. The rows of the embeddings count once per
 * symbol; the encoder's first state is zero.
 */
function products(hidden: number, embedding: number): number {
  const symbols = 4 * hidden * embedding * (2 * LETTER_SYMBOLS + VOCABULARY);
  const encoder = (LETTERS - 1) * 2 * 4 * hidden * hidden + LETTERS * 2 * hidden * hidden; // both directions, and the keys
  const decoder = PHONES * (4 * hidden * 3 * hidden + hidden * hidden + 3 * hidden * hidden + hidden * VOCABULARY);
  return symbols + BATCH * (encoder + decoder);
}

const lesson = (hidden: number, embedding: number, batch: number) => () => {
  const model = new AttentionSeq2Seq({ source: LETTER_SYMBOLS, target: VOCABULARY, hidden, embedding }, key(1));
  const source = words(2, [batch, LETTERS], LETTER_SYMBOLS);
  const target = words(3, [batch, PHONES], VOCABULARY);
  return { model, loss: () => crossEntropy(model.forward(source, target), target, { ignoreIndex: 0 }), clip: 1 };
};

const taught = (hidden: number, embedding: number, target?: Target): Case => ({
  ...training,
  name: `biLSTM-${hidden}, embedding ${embedding}`,
  work: 3 * 2 * products(hidden, embedding),
  setup: () => step(lesson(hidden, embedding, BATCH)),
  proof: () => proofOf(lesson(hidden, embedding, 4)),
  task: { op: 'g2p', shapes: [], training: true, hidden, embedding, batch: BATCH },
  ...(target ? { target } : {}),
});

export const g2p: Case[] = [taught(64, 32), taught(256, 256, { most: 150, twoThreads: 1.85 })];
