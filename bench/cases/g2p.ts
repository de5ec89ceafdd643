import {
  Adam,
  AttentionSeq2Seq,
  backward,
  clipGradNorm,
  crossEntropy,
  key,
  parameters,
  randomInt,
  scope,
  type Tensor,
  tensor,
} from 'saccade';
import type { Case } from '../case.ts';

const BATCH = 64;
const LETTERS = 8;
const PHONES = 8;
const VOCABULARY = 42;

/** A batch of tokens that are no padding. */
const tokens = (seed: number, length: number, symbols: number): Tensor =>
  tensor(
    Int32Array.from({ length: BATCH * length }, (_, i) => 3 + randomInt(key(seed), i, symbols - 3)),
    { shape: [BATCH, length] },
  );

/** Multiplications of the matrix products in one forward pass: what a step cannot do without, three times with its gradients. */
function products(hidden: number, embedding: number): number {
  const encoder = 2 * 4 * hidden * (embedding + hidden) + 2 * hidden * hidden; // both directions, and the keys
  const decoder = 4 * hidden * (embedding + 2 * hidden) + hidden * hidden + 3 * hidden * hidden + hidden * VOCABULARY;
  return BATCH * (LETTERS * encoder + PHONES * decoder);
}

/** A training step: forward, backward, clipping and Adam. */
function step(hidden: number, embedding: number): Case {
  return {
    name: `biLSTM-${hidden}, embedding ${embedding}`,
    bound: 'compute',
    unit: 'ms',
    work: 3 * 2 * products(hidden, embedding),
    calls: 2,
    tolerance: 1e-5,
    setup: () => {
      const model = new AttentionSeq2Seq({ source: 30, target: VOCABULARY, hidden, embedding }, key(1));
      const optimizer = new Adam(parameters(model), { lr: 1e-3 });
      const source = tokens(2, LETTERS, 30);
      const target = tokens(3, PHONES, VOCABULARY);
      return () =>
        scope(() => {
          const loss = crossEntropy(model.forward(source, target), target, { ignoreIndex: 0 });
          backward(loss);
          clipGradNorm(optimizer.parameters, 1);
          optimizer.step();
          return loss;
        });
    },
  };
}

export const g2p: Case[] = [step(64, 32), step(256, 256)];
