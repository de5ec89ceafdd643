// `npm run example -- chars [FILE]`: a small Transformer learns to write like a text, character by character; by default like the README.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  AdamW,
  cosineSchedule,
  crossEntropy,
  div,
  foldIn,
  infer,
  init,
  key,
  parameters,
  select,
  slice,
  tensor,
  train,
  Vocabulary,
} from 'saccade';
import { LanguageModel } from 'saccade/models';
import { categorical } from 'saccade/ops';
import { randomInt } from 'saccade/tensor';

const [LENGTH, BATCH] = [64, 16];

/** A writer of a text's characters, untaught, and what it takes to teach it. */
export function writerOf(text: string) {
  const vocabulary = Vocabulary.from([text], { specials: [] });
  const numbers = vocabulary.encode(text);
  if (numbers.length <= LENGTH) throw new RangeError(`chars: the text must have more than ${LENGTH} characters, got ${numbers.length}`);
  const model = new LanguageModel({ symbols: vocabulary.size, size: 64, layers: 2, heads: 4, length: LENGTH }, key(1));
  const pieces = (step: number) =>
    Array.from({ length: BATCH }, (_, b) => {
      const start = randomInt(foldIn(key(2), step), b, numbers.length - LENGTH);
      return numbers.slice(start, start + LENGTH + 1);
    });
  const teach = (steps: number) =>
    train({
      key: key(3),
      batches: function* (epoch) {
        yield tensor(pieces(epoch), { dtype: 'int32' }); // [B, LENGTH + 1]
      },
      loss: (all) => crossEntropy(model.forward(slice(all, 1, 0, LENGTH)).logits, slice(all, 1, 1, LENGTH + 1)),
      optimizer: new AdamW(parameters(model), { weightDecay: 0.1 }),
      schedule: cosineSchedule(3e-3, { steps, warmup: Math.min(20, steps - 1) }),
      clip: 1,
      steps,
    });
  /** Goes on from a beginning, with more chances for what is improbable the warmer it is. */
  const write = (beginning: string, count: number, temperature: number) =>
    infer(() => {
      const written = vocabulary.encode(beginning);
      for (let i = 0; i < count; i++) {
        const { logits } = model.forward(tensor([written.slice(-LENGTH)], { dtype: 'int32' }));
        const last = div(select(logits, 1, -1), temperature); // [1, C]
        written.push(categorical(foldIn(key(4), i), last).item());
      }
      return vocabulary.decode(written).join('');
    });
  return { model, teach, write };
}

async function main([file = 'README.md']: readonly string[]) {
  await init();
  const { teach, write } = writerOf(readFileSync(file, 'utf8'));
  for await (const { step, loss } of teach(600)) {
    if (step % 150 === 0) console.log(`\nstep ${step}, loss ${loss.toFixed(2)}\n${write('The ', 200, 0.8)}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href || process.argv[1] === 'example:chars') await main(process.argv.slice(2));
