import { noGrad } from '../autograd/record.ts';
import type { Dropout } from '../nn/dropout.ts';
import type { Embedding } from '../nn/embedding.ts';
import type { Linear } from '../nn/linear.ts';
import type { State } from '../nn/state.ts';
import { argmax, stack, unstack } from '../ops/index.ts';
import { foldIn, type Key, randomInt, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectTokens, shiftRight, type TeachOptions } from './tokens.ts';

/** A model that writes its target token by token: what {@link teach} unrolls. */
export interface Decoder<S extends State> {
  readonly embedding: Embedding;
  readonly output: Linear;
  encode(source: Tensor, options: { key?: Key }): S;
  step(embedded: Tensor, state: S, options: { key?: Key }): { vector: Tensor; state: S };
}

const withKey = (key: Key | undefined) => (key ? { key } : {});

/** The logits `[B, T, V]` of each token of `target` given the source and the tokens before it. */
export function teach<S extends State>(
  model: Decoder<S>,
  source: Tensor,
  target: Tensor,
  start: number,
  dropout: Dropout,
  options: TeachOptions,
): Tensor {
  expectTokens('forward', 'target', target);
  const { key, sampling = 0 } = options;
  if (sampling > 0 && !key) throw new RangeError(`forward: sampling needs a key, got sampling ${sampling} without one`);
  const [forEncoder, forEmbedding, forSteps, forSampling] = key ? split(key, 4) : [];
  const fed = shiftRight(target, start);
  const inputs = unstack(dropout.forward(model.embedding.forward(fed), withKey(forEmbedding)), 1); // T × [B, E]
  const truth = unstack(fed, 1); // T × [B]
  let state = model.encode(source, withKey(forEncoder));
  const vectors: Tensor[] = [];
  for (const [t, embedded] of inputs.entries()) {
    const last = vectors.at(-1);
    const guessed = last && sampling > 0 && forSampling && mixed(model, truth[t] as Tensor, last, sampling, foldIn(forSampling, t));
    const input = guessed ? model.embedding.forward(guessed) : embedded;
    const step = model.step(input, state, withKey(forSteps && foldIn(forSteps, t)));
    vectors.push(step.vector);
    state = step.state;
  }
  return model.output.forward(stack(vectors, 1));
}

/** The true tokens `[B]`, each replaced with probability `sampling` by the best guess that the last vectors `[B, H]` make. */
function mixed<S extends State>(model: Decoder<S>, truth: Tensor, vector: Tensor, sampling: number, key: Key): Tensor {
  return noGrad(() => {
    const tokens = argmax(model.output.forward(vector), { axis: -1 });
    const to = tokens.view();
    const from = truth.view();
    for (let i = 0; i < to.length; i++) if (randomInt(key, i, 2 ** 24) >= sampling * 2 ** 24) to[i] = from[i] as number;
    return tokens;
  });
}
