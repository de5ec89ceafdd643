// Through a whole mechanism: what is drawn, and the gradient of every parameter before and after the choice, against the mean over all choices.
import { describe, it } from 'vitest';
import {
  Attention,
  add,
  crossEntropy,
  expand,
  foldIn,
  GeneralScore,
  grad,
  hard,
  type Key,
  key,
  Linear,
  mean,
  mul,
  reinforceLoss,
  reshape,
  scope,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../../src/all.ts';
import { expectMean } from '../train/statistics.ts';

const [S, D, COPIES, DRAWS] = [5, 4, 2000, 100];
const attention = new Attention({ score: new GeneralScore({ query: 3, key: D }, key(1)), selection: hard });
const output = new Linear({ input: D, output: 3 }, key(2));
const parameters = [...attention.stateDict().values(), ...output.stateDict().values()];
const query = tensor([[[1, -1, 1]]]);
const keys = tensor([
  [
    [2, 0, 0, 0],
    [0, 2, 0, 0],
    [0, 0, 2, 0],
    [0, 0, 0, 2],
    [-2, 1, 0, -1],
  ],
]);
const mask = () => tensor([[true, true, false, true, true]]); // the third key may not be looked at
const wanted = Int32Array.of(1);

const flat = (gradients: readonly Tensor[]) => gradients.flatMap((g) => Array.from(g.toArray()));

/** The gradient of the expected loss, Σ over keys of its probability and the loss with its value. */
function exact(): number[] {
  return scope(() => {
    const scores = attention.score.score(query, attention.score.prepare(keys), {}); // [1, 1, S]
    const p = reshape(softmax(scores, { mask: mask() }), [S]);
    const losses = crossEntropy(mul(reshape(output.forward(keys), [S, 3]), 5), tensor(new Int32Array(S).fill(1)), { reduction: 'none' });
    return flat(grad(sum(mul(p, losses)), parameters));
  });
}

/** The same from draws: `ln p(y | choice)` trains what comes after the choice, and is the reward of what came before it. */
function sampled(from: Key): number[] {
  return scope(() => {
    const many = (x: Tensor) => expand(x, [COPIES, ...x.shape.slice(1)]);
    const read = attention.forward(many(query), many(keys), many(keys), { mask: many(mask()), key: from });
    const logits = mul(reshape(output.forward(read.output), [COPIES, 3]), 5);
    const losses = crossEntropy(logits, tensor(new Int32Array(COPIES).fill(wanted[0] as number)), { reduction: 'none' });
    const drawn = reinforceLoss(read.logProbability as Tensor, sub(0, losses), { baseline: -1.5 });
    return flat(grad(add(mean(losses), drawn), parameters));
  });
}

describe('hard attention by REINFORCE', () => {
  it('has the gradient of the mean over all choices as its mean, in every parameter', () => {
    const samples = Array.from({ length: DRAWS }, (_, i) => sampled(foldIn(key(5), i)));
    const found = exact();
    const choosing = found.length - output.weight.size - 3; // parameters before the choice
    expectMean(
      samples.flatMap((gradient) => gradient.slice(0, choosing)),
      found.slice(0, choosing),
    );
    expectMean(
      samples.flatMap((gradient) => gradient.slice(choosing)),
      found.slice(choosing),
    );
  });
});
