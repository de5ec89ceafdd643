// Trains a small model with dropout, Adam and a schedule: node run.mjs CHECKPOINT STEPS PAUSE. Goes on from the checkpoint where there
// is one, saves every third step, prints each step and at the end a SHA-256 of the parameters. Runs the built package.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import {
  Adam,
  bucketBatches,
  crossEntropy,
  dropout,
  foldIn,
  init,
  key as keyOf,
  linear,
  loadCheckpoint,
  Module,
  param,
  parameters,
  restoreCheckpoint,
  saveCheckpoint,
  split,
  tanh,
  tensor,
  train,
  uniform,
} from 'saccade';
import { inverseSqrtSchedule } from 'saccade/train';

await init();

const [path = '', steps, pause] = process.argv.slice(2);
const [forWeights, forTraining] = split(keyOf(3));

class Small extends Module {
  hidden = param(() => uniform(foldIn(forWeights, 0), [12, 4], { low: -0.5, high: 0.5 }));
  out = param(() => uniform(foldIn(forWeights, 1), [3, 12], { low: -0.5, high: 0.5 }));
}
const model = new Small();
const optimizer = new Adam(parameters(model));
const inputs = Array.from({ length: 40 }, (_, i) => [i % 2, i % 3, i % 5, 1]);

/** @type {{ start?: import('saccade').Position }} */
let resumed = {};
let key = forTraining;
if (existsSync(path)) {
  const checkpoint = await loadCheckpoint(path);
  restoreCheckpoint(checkpoint, { model, optimizer });
  resumed = checkpoint.position ? { start: checkpoint.position } : {};
  key = checkpoint.keys.training ?? key;
  console.log(`resumed ${resumed.start?.step}`);
}
const run = train({
  key,
  ...resumed,
  optimizer,
  steps: Number(steps),
  schedule: inverseSqrtSchedule(0.02, { warmup: 5 }),
  /** @param {number} _epoch @param {import('saccade').Key} epochKey */
  batches: (_epoch, epochKey) =>
    bucketBatches(
      inputs.map(() => 1),
      { batchSize: 8, key: epochKey },
    ),
  /** @param {number[]} batch @param {{ key: import('saccade').Key }} at */
  loss: (batch, at) => {
    const x = tensor(batch.map((i) => inputs[i] ?? [])); // [B, 4]
    const hidden = dropout(tanh(linear(x, model.hidden)), 0.3, at.key); // [B, 12]
    return crossEntropy(linear(hidden, model.out), tensor(Int32Array.from(batch, (i) => i % 3)));
  },
});
for await (const { step, position } of run) {
  if (step % 3 === 0) await saveCheckpoint(path, { model, optimizer, position, keys: { training: key } });
  console.log(`step ${step}`);
  await setTimeout(Number(pause));
}
const hash = createHash('sha256');
for (const x of [...model.stateDict().values(), ...optimizer.stateDict().values()]) hash.update(new Uint8Array(x.toArray().buffer));
console.log(`hash ${hash.digest('hex')}`);
