import { readCheckpoint, restoreCheckpoint, writeCheckpoint } from '../../../src/io/checkpoint.ts';
import { LanguageModel } from '../../../src/models/transformer/language-model.ts';
import { crossEntropy } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { foldIn, type Key, key, randomInt } from '../../../src/tensor/random.ts';
import { AdamW } from '../../../src/train/optimizers/adam.ts';
import { Muon, muonGroups } from '../../../src/train/optimizers/muon.ts';
import { Optimizers } from '../../../src/train/optimizers/several.ts';
import { trapezoidSchedule } from '../../../src/train/schedule.ts';
import { type Position, train } from '../../../src/train/train.ts';
import type { Digest } from './digest.ts';

const [SYMBOLS, TIME, STEPS] = [11, 13, 16];

/** Texts whose next number is known from the two before. */
function* batches(_epoch: number, from: Key): Generator<Int32Array[]> {
  for (let i = 0; i < STEPS; i++) {
    yield Array.from({ length: 7 }, (_, b) => {
      const text = Int32Array.from({ length: TIME + 1 }, (_, at) => randomInt(foldIn(foldIn(from, i), b), at, SYMBOLS));
      for (let at = 2; at < text.length; at++) text[at] = ((text[at - 1] as number) + 3 * (text[at - 2] as number)) % SYMBOLS;
      return text;
    });
  }
}

function begin(seed: number) {
  const sizes = { symbols: SYMBOLS, size: 24, layers: 2, heads: 3, hidden: 37, length: TIME };
  const modern = { positions: 'rotary', norm: 'rms', qkNorm: true, activation: 'relu2', softcap: 15, bias: false } as const;
  const model = new LanguageModel({ ...sizes, ...modern, dropout: 0.1 }, key(seed));
  const { hidden, rest } = muonGroups(model, (path) => !path.startsWith('layers.'));
  const matrices = new Muon(hidden, { lr: 0.02, momentumWarmup: 6 });
  return { model, optimizer: new Optimizers([matrices, new AdamW(rest, { lr: 4e-3 })]) };
}

async function steps({ model, optimizer }: ReturnType<typeof begin>, until: number, start: Position | undefined, digest: Digest) {
  const run = train<Int32Array[]>({
    key: key(17),
    batches,
    loss: (texts, { key: own }) => {
      const part = (from: number) => tensor(texts.map((text) => [...text.subarray(from, from + TIME)]), { dtype: 'int32' }); // biome-ignore format: one line
      return crossEntropy(model.forward(part(0), { key: own }).logits, part(1));
    },
    optimizer,
    schedule: trapezoidSchedule(0.02, { steps: STEPS, warmup: 3 }),
    clip: 1,
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

/** A language model learns by Muon within and AdamW around, and goes on from bytes halfway. */
export async function muon(part: (name: string) => Digest): Promise<void> {
  const first = begin(18);
  const digest = part('training by Muon');
  const position = await steps(first, STEPS / 2, undefined, digest);
  const saved = readCheckpoint(writeCheckpoint({ ...first, position }));
  const second = begin(19);
  restoreCheckpoint(saved, second);
  await steps(second, STEPS, saved.position, digest);
  for (const x of [...second.model.stateDict().values(), ...second.optimizer.stateDict().values()]) digest.elements(x.toArray());
}
