// Trains and saves after every step, until somebody kills it: node child.mjs CHECKPOINT STEPS. Goes on from the checkpoint where there is
// one. Writes `<` before a save and `>` after it, at once, and at the end a hash of every tensor.
import { createHash } from 'node:crypto';
import { existsSync, writeSync } from 'node:fs';
import {
  Adam,
  init,
  key,
  Linear,
  loadCheckpoint,
  mseLoss,
  normal,
  parameters,
  restoreCheckpoint,
  saveCheckpoint,
  tanh,
  train,
} from 'saccade';

await init();
const [path = '', count] = process.argv.slice(2);
const model = new Linear({ input: 150, output: 150 }, key(5));
const optimizer = new Adam(parameters(model), { lr: 1e-2 });
let start;
if (existsSync(path)) {
  const checkpoint = await loadCheckpoint(path);
  restoreCheckpoint(checkpoint, { model, optimizer });
  start = checkpoint.position;
}
const run = train({
  key: key(6),
  optimizer,
  steps: Number(count),
  ...(start && { start }),
  batches: () => [1, 2, 3],
  loss: (_, at) => mseLoss(tanh(model.forward(normal(at.key, [4, 150]))), normal(key(at.step), [4, 150])),
});
for await (const { position } of run) {
  writeSync(1, '<');
  await saveCheckpoint(path, { model, optimizer, position });
  writeSync(1, '>');
}
const hash = createHash('sha256');
for (const [name, x] of [...model.stateDict(), ...optimizer.stateDict()]) hash.update(name).update(new Uint8Array(x.toArray().buffer));
writeSync(1, `=${hash.digest('hex')}\n`);
