import { backward } from '../../../src/autograd/backward.ts';
import { noGrad } from '../../../src/autograd/record.ts';
import { Seq2SeqTransformer, type Seq2SeqTransformerOptions } from '../../../src/models/transformer/seq2seq-transformer.ts';
import { crossEntropy } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { key, randomInt } from '../../../src/tensor/random.ts';
import { scope } from '../../../src/tensor/scope.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Digest } from './digest.ts';

const [B, S, T, SYMBOLS] = [6, 21, 33, 40];
const sizes = { source: SYMBOLS, target: SYMBOLS, size: 24, heads: 4, layers: 2, hidden: 40 };
const kinds: Record<string, Partial<Seq2SeqTransformerOptions>> = {
  'post norm': {},
  modern: { normFirst: true, norm: 'rms', gated: true, activation: 'silu', positions: 'rotary', keyHeads: 2, bias: false },
  'wide heads': { normFirst: true, activation: 'relu2', positions: 'opennmt', headSize: 9, tied: true, shared: true },
};

/** Tokens from 3, row b so many shorter than the first as its number, 0 behind. */
const tokens = (seed: number, length: number): Tensor =>
  tensor(
    Int32Array.from({ length: B * length }, (_, i) =>
      i % length < length - Math.floor(i / length) ? 3 + randomInt(key(seed), i, SYMBOLS - 3) : 0,
    ),
    { shape: [B, length] },
  );

/**
 * Translators of several arrangements: the logits of a whole target, the same from caches step by step, which must be the same bits here and everywhere,
 * a loss and its gradients, and what a beam writes.
 */
export function translators(part: (name: string) => Digest): void {
  for (const [name, options] of Object.entries(kinds)) {
    const digest = part(`translator, ${name}`);
    scope(() => {
      const model = new Seq2SeqTransformer({ ...sizes, ...options }, key(12));
      const [source, target] = [tokens(1, S), tokens(2, T)];
      const logits = model.forward(source, target);
      backward(crossEntropy(logits, target, { ignoreIndex: 0, labelSmoothing: 0.1 }));
      digest.elements(logits.toArray());
      for (const x of model.stateDict().values()) if (x.grad) digest.elements(x.grad.toArray());
      noGrad(() => cached(model, source, target, logits.toArray()));
      const { hypotheses, weights } = model.translate(source, { beam: 3, maxLength: 12 });
      for (const { tokens: written, logProbability } of hypotheses.flat()) digest.numbers(...written, logProbability);
      if (weights) digest.elements(weights.toArray());
    });
  }
}

function cached(model: Seq2SeqTransformer, source: Tensor, target: Tensor, whole: ArrayLike<number>): void {
  const read = model.read(source);
  let state = model.initialState(read);
  const all = target.toArray();
  for (let t = 0; t < T; t++) {
    const fed = tensor(Int32Array.from({ length: B }, (_, b) => (t === 0 ? 1 : (all[b * T + t - 1] as number))));
    const { logits, state: after } = model.step(fed, read, state);
    logits.toArray().forEach((x, i) => {
      const wanted = whole[(Math.floor(i / SYMBOLS) * T + t) * SYMBOLS + (i % SYMBOLS)];
      if (!Object.is(x, wanted))
        throw new Error(`program: a cached logit must be the one computed anew, got ${x} for ${wanted} at step ${t}`);
    });
    state = after;
  }
}
