// Hard attention learns what it should: the mean of the drawn gradient is the gradient of the expected loss, worked out over every choice.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { hard } from '../../src/attention/hard.ts';
import { chosenItem } from '../../src/attention/read.ts';
import { AdditiveScore } from '../../src/attention/score.ts';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { add, mean, mul, softmax, square, sub, sum } from '../../src/ops/index.ts';
import { detach, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { reinforceLoss } from '../../src/train/reinforce.ts';
import { list, real } from '../nn/row.ts';

const [DRAWS, KEYS, WIDTH] = [20_000, 4, 3];
const sizes = { query: WIDTH, key: WIDTH, hidden: 5 };
const target = [0.4, -0.2, 0.7];

/** One example as often as asked for. */
const often = (n: number, seed: number, shape: number[]) => real(new Array<number>(n).fill(0), shape, seed);

/** How far items are from the target. */
const losses = (items: Tensor) => mean(square(sub(items, tensor(target))), { axis: -1 });

/** The gradient of `Σ p(s) L(s)` to the query, by way of softmax. */
function exactGradient(score: AdditiveScore): number[] {
  const query = parameter(often(1, 1, [1, WIDTH]));
  const p = softmax(score.score(query, score.prepare(often(1, 2, [KEYS, WIDTH])))); // [1, 1, S]
  return list(grad(sum(mul(p, losses(often(1, 3, [KEYS, WIDTH])))), [query])[0] as Tensor);
}

describe.each([
  ['without a baseline', 0],
  ['with one', -0.6],
])('REINFORCE over hard attention, %s', (_, baseline) => {
  it('has the exact gradient of the expected loss as its mean', () => {
    const score = new AdditiveScore(sizes, key(1));
    score.v.view().set(list(score.v).map((x) => 6 * x)); // far from all alike
    const attention = new Attention({ score, selection: hard, read: chosenItem });
    const query = parameter(often(DRAWS, 1, [1, WIDTH]));
    const { output, logProbability } = attention.forward(query, often(DRAWS, 2, [KEYS, WIDTH]), often(DRAWS, 3, [KEYS, WIDTH]), {
      key: key(7),
    });
    const loss = losses(output); // [N, 1]
    const choices = reinforceLoss(logProbability as Tensor, sub(0, detach(loss)), { baseline });
    const rows = list(grad(add(mean(loss), choices), [query])[0] as Tensor).map((g) => g * DRAWS); // each draw's own
    exactGradient(score).forEach((wanted, column) => {
      const own = rows.filter((__, i) => i % WIDTH === column);
      const average = own.reduce((a, b) => a + b) / DRAWS;
      const deviation = Math.sqrt(own.reduce((a, b) => a + (b - average) ** 2, 0) / (DRAWS - 1));
      expect(Math.abs(wanted)).toBeGreaterThan(0.01); // something to find
      expect(Math.abs(average - wanted)).toBeLessThanOrEqual((3 * deviation) / Math.sqrt(DRAWS));
    });
  });
});
