// A model with attention learns to say a string backwards, and looks where it should.
import { expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { AttentionSeq2Seq } from '../../src/models/seq2seq/attention-seq2seq.ts';
import { parameters } from '../../src/nn/module.ts';
import { crossEntropy } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, key, randomInt } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { clipGradNorm } from '../../src/train/clip.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';

const [FIRST, LETTERS, LONGEST, END] = [3, 10, 6, 2];
const from = key(11);

/** String i of 4 to 6 letters; every eighth of all strings, by a sum of its letters, is kept from training. */
const drawn = (i: number): number[] => {
  const its = foldIn(from, i);
  return Array.from({ length: 4 + randomInt(its, 0, 3) }, (_, at) => FIRST + randomInt(its, at + 1, LETTERS));
};
const keptBack = (letters: number[]) => letters.reduce((sum, letter, i) => sum + letter * (i + 1), 0) % 8 === 0;

const padded = (rows: number[][], length: number) =>
  tensor(Int32Array.from(rows.flatMap((row) => [...row, ...new Array<number>(length - row.length).fill(0)])), {
    shape: [rows.length, length],
  });

const backwards = (letters: number[]) => [...letters].reverse();

it('learns to reverse strings it has not seen, reading them from the end', () => {
  const model = new AttentionSeq2Seq({ source: FIRST + LETTERS, target: FIRST + LETTERS, hidden: 32, embedding: 16 }, key(1));
  const set = parameters(model);
  const optimizer = new Adam(set, { lr: 5e-3 });
  let next = 0;
  const take = (count: number, wanted: (letters: number[]) => boolean) => {
    const found: number[][] = [];
    while (found.length < count) {
      const letters = drawn(next++);
      if (wanted(letters)) found.push(letters);
    }
    return found;
  };
  for (let step = 0; step < 300; step++) {
    scope(() => {
      const batch = take(32, (letters) => !keptBack(letters));
      const target = padded(
        batch.map((letters) => [...backwards(letters), END]),
        LONGEST + 1,
      );
      const loss = crossEntropy(model.forward(padded(batch, LONGEST), target), target, { ignoreIndex: 0 });
      backward(loss);
    });
    clipGradNorm(set, 1);
    optimizer.step();
  }

  const unseen = take(300, keptBack);
  const { tokens, weights } = model.translate(padded(unseen, LONGEST));
  const exact = unseen.filter((letters, i) => backwards(letters).join() === tokens[i]?.join()).length;
  const [, steps = 0, width = 0] = weights?.shape ?? [];
  const w = weights?.toArray() ?? [];
  let [looked, hit] = [0, 0];
  unseen.forEach((letters, b) => {
    letters.forEach((_, t) => {
      const row = Array.from({ length: width }, (_, s) => w[(b * steps + t) * width + s] as number);
      looked++;
      if (row.indexOf(Math.max(...row)) === letters.length - 1 - t) hit++;
    });
  });
  expect(exact / unseen.length).toBeGreaterThan(0.95);
  expect(hit / looked).toBeGreaterThan(0.95);
});
