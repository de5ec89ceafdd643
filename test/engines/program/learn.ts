import { padBatch } from '../../../src/data/batch.ts';
import { readCheckpoint, restoreCheckpoint, writeCheckpoint } from '../../../src/io/checkpoint.ts';
import { AttentionSeq2Seq } from '../../../src/models/seq2seq/attention-seq2seq.ts';
import { parameters } from '../../../src/nn/module.ts';
import { crossEntropy } from '../../../src/ops/index.ts';
import { foldIn, type Key, key, randomInt } from '../../../src/tensor/random.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { Adam } from '../../../src/train/optimizers/adam.ts';
import { cosineSchedule } from '../../../src/train/schedule.ts';
import { type Position, train } from '../../../src/train/train.ts';
import type { Digest } from './digest.ts';

const [FIRST, LETTERS, END, STEPS] = [3, 9, 2, 200];

interface Batch {
  source: Tensor; // [B, S]
  target: Tensor; // [B, T]
}

/** Words of 2 to 7 letters, to be reversed. */
function words(from: Key, count: number): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const its = foldIn(from, i);
    return Array.from({ length: 2 + randomInt(its, 0, 6) }, (_, at) => FIRST + randomInt(its, at + 1, LETTERS));
  });
}

function* batches(_epoch: number, from: Key): Generator<Batch> {
  for (let i = 0; i < 16; i++) {
    const batch = words(foldIn(from, i), 13);
    yield { source: padBatch(batch).tokens, target: padBatch(batch.map((word) => [...word.reverse(), END])).tokens };
  }
}

function begin(seed: number) {
  const model = new AttentionSeq2Seq(
    { source: FIRST + LETTERS, target: FIRST + LETTERS, hidden: 23, embedding: 11, dropout: 0.2 },
    key(seed),
  );
  return { model, optimizer: new Adam(parameters(model), { lr: 0 }) };
}

async function steps({ model, optimizer }: ReturnType<typeof begin>, until: number, start: Position | undefined, digest: Digest) {
  const run = train<Batch>({
    key: key(7),
    batches,
    loss: ({ source, target }, at) => crossEntropy(model.forward(source, target, { key: at.key }), target, { ignoreIndex: 0 }),
    optimizer,
    schedule: cosineSchedule(0.02, { steps: STEPS, warmup: 10 }),
    clip: 0.7,
    steps: until,
    yieldEvery: Infinity,
    ...(start ? { start } : {}),
  });
  let position = start;
  for await (const { loss, lr, gradNorm, position: after } of run) {
    digest.numbers(loss, lr, gradNorm);
    position = after;
  }
  return position as Position;
}

/**
 * A sequence model with attention trains for 200 steps, with dropout, Adam, clipping and a schedule. Halfway it is saved to bytes, and a
 * new model made from them continues; then it decodes.
 */
export async function learn(part: (name: string) => Digest): Promise<void> {
  const first = begin(8);
  const position = await steps(first, STEPS / 2, undefined, part('training, first half'));
  const bytes = writeCheckpoint({ ...first, numbers: { ...position } });
  part('checkpoint').bytes(bytes);

  const second = begin(9);
  const saved = readCheckpoint(bytes);
  restoreCheckpoint(saved, second);
  await steps(second, STEPS, saved.numbers as unknown as Position, part('training, second half'));
  const parameters = part('parameters');
  for (const x of [...second.model.stateDict().values(), ...second.optimizer.stateDict().values()]) parameters.elements(x.toArray());

  const digest = part('beam search');
  const { hypotheses, weights } = second.model.translate(padBatch(words(key(10), 9)).tokens, { beam: 4, nBest: 3, lengthPenalty: 0.6 });
  for (const { tokens, logProbability, score, ended } of hypotheses.flat()) digest.numbers(...tokens, logProbability, score, Number(ended));
  if (weights) digest.elements(weights.toArray());

  const drawn = part('sampling');
  const how = { key: key(11), temperature: 1.3, topK: 9, topP: 0.95, samples: 2 };
  const writes = { noRepeatNgram: 2, repetitionPenalty: 1.2 };
  for (const { tokens, logProbability } of second.model
    .translate(padBatch(words(key(10), 9)).tokens, { ...writes, sample: how })
    .hypotheses.flat())
    drawn.numbers(...tokens, logProbability);
}
