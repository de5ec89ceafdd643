import { describe, expect, it } from 'vitest';
import { infer } from '../../src/autograd/infer.ts';
import { noGrad, recording } from '../../src/autograd/record.ts';
import { Linear } from '../../src/nn/linear.ts';
import { parameters } from '../../src/nn/module.ts';
import { dropout, mseLoss, normal, tanh } from '../../src/ops/index.ts';
import { currentScope, memoryReport } from '../../src/runtime/storage.ts';
import { foldIn, type Key, key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';
import { train } from '../../src/train/train.ts';

const STEPS = 40;

/** A run of its own: model, data and dropout all drawn from `seed`. What it saw, and the weights it ends with. */
async function run(seed: number, rest: () => Promise<void>) {
  const model = new Linear({ input: 6, output: 6 }, key(seed));
  const optimizer = new Adam(parameters(model), { lr: 0.01 });
  const ask = (from: Key) => infer(() => mseLoss(tanh(model.forward(normal(from, [3, 6]))), normal(from, [3, 6])).item());
  const seen: number[] = [];
  const loop = train<Tensor>({
    key: key(seed + 100),
    batches: function* (epoch, from) {
      for (let i = 0; i < 7; i++) yield normal(foldIn(from, i + epoch), [4, 6]);
    },
    loss: (batch, at) => mseLoss(tanh(model.forward(dropout(batch, 0.3, at.key))), batch),
    optimizer,
    steps: STEPS,
    clip: 0.5,
    every: 3,
    evaluate: async () => {
      const before = ask(key(9));
      await rest();
      expect(ask(key(9))).toBe(before);
      return before;
    },
    yieldEvery: 0,
  });
  for await (const { loss, metric, gradNorm } of loop) {
    seen.push(loss, gradNorm, ...(metric === undefined ? [] : [metric]));
    expect([currentScope(), recording()]).toEqual([null, true]);
    await rest();
    noGrad(() => ask(key(3)));
  }
  return { seen, weights: Array.from(model.weight.toArray()), bias: Array.from(model.bias?.toArray() ?? []) };
}

/** Waits for a number of turns drawn from `seed`, so that the loops meet in another order each time. */
function restless(seed: number): () => Promise<void> {
  let state = seed;
  return async () => {
    state = (state * 75 + 74) % 65_537;
    for (let i = 0; i < state % 4; i++) await new Promise((resolve) => setImmediate(resolve));
    if (state % 3 === 0) await null;
  };
}

describe('two training loops on one thread', () => {
  it.skipIf(process.env.SACCADE_BRIEF)('that take turns have the bits that each has alone, and leave no memory', async () => {
    const alone = [await run(1, async () => {}), await run(2, async () => {})];
    expect(alone[0]?.seen).toHaveLength(STEPS * 2 + Math.floor(STEPS / 3));
    expect(alone[0]?.seen).not.toEqual(alone[1]?.seen);
    for (let round = 0; round < 5; round++) {
      const together = await Promise.all([run(1, restless(round)), run(2, restless(round + 50))]);
      expect(together).toEqual(alone);
    }
    const before = memoryReport().blocks;
    const [some] = await Promise.all([run(1, restless(7)), run(2, restless(8))]);
    expect(some).toEqual(alone[0]);
    expect(memoryReport().blocks - before).toBeLessThanOrEqual(16); // two models with their optimisers, until they are collected
  });
});
