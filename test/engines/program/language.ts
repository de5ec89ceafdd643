import { backward } from '../../../src/autograd/backward.ts';
import { noGrad } from '../../../src/autograd/record.ts';
import { beamSearch } from '../../../src/decode/beam.ts';
import type { LanguageModelCache } from '../../../src/models/transformer/language-cache.ts';
import { LanguageModel } from '../../../src/models/transformer/language-model.ts';
import type { LanguageModelOptions } from '../../../src/models/transformer/language-options.ts';
import { crossEntropy } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { key, randomInt } from '../../../src/tensor/random.ts';
import { scope } from '../../../src/tensor/scope.ts';
import type { Digest } from './digest.ts';

const [B, T, SYMBOLS] = [5, 37, 40];
const sizes = { symbols: SYMBOLS, size: 24, heads: 4, layers: 2, length: 64, hidden: 40 };
const kinds: Record<string, Partial<LanguageModelOptions>> = {
  'as GPT-2': { activation: 'gelu-tanh', tied: true },
  'as LLaMA': { positions: 'rotary', norm: 'rms', gated: true, activation: 'silu', keyHeads: 2, bias: false },
  'alibi, a window': { positions: 'alibi', window: 9, softcap: 10, headSize: 9, activation: 'relu2' },
  buckets: { positions: 'distance', normFirst: false },
  'sinusoidal, norms of queries and keys': { positions: 'sinusoidal', qkNorm: true, attentionBias: 'inputs', bias: false },
};

const rows = (seed: number) => Int32Array.from({ length: B * T }, (_, i) => randomInt(key(seed), i, SYMBOLS));

/**
 * Language models of several arrangements: the logits of whole texts, the same from caches in chunks, which must be the same bits here and everywhere, a loss
 * and its gradients, and what a beam writes.
 */
export function languages(part: (name: string) => Digest): void {
  for (const [name, options] of Object.entries(kinds)) {
    const digest = part(`language, ${name}`);
    scope(() => {
      const model = new LanguageModel({ ...sizes, ...options }, key(13));
      const tokens = rows(1);
      const { logits } = model.forward(tensor(tokens, { shape: [B, T] }));
      backward(crossEntropy(logits, tensor(rows(2), { shape: [B, T] })));
      digest.elements(logits.toArray());
      for (const x of model.stateDict().values()) if (x.grad) digest.elements(x.grad.toArray());
      noGrad(() => cached(model, tokens, logits.toArray()));
      const found = noGrad(() => beamSearch(model, model.read([[1, 2, 3], [4]]), { batch: 2, start: 0, end: 0, maxLength: 9, beam: 3 })); // biome-ignore format: one line
      for (const { tokens: written, logProbability } of found.flat()) digest.numbers(...written, logProbability);
    });
  }
}

/** Chunks of 1, 2, 3 … tokens. */
function cached(model: LanguageModel, tokens: Int32Array, whole: ArrayLike<number>): void {
  let cache: LanguageModelCache | true = true;
  for (let at = 0, count = 1; at < T; at += count, count = Math.min(count + 1, T - at)) {
    const part = Int32Array.from({ length: B * count }, (_, i) => tokens[Math.floor(i / count) * T + at + (i % count)] as number);
    const out: { logits: { toArray(): ArrayLike<number> }; cache: LanguageModelCache } = model.forward(
      tensor(part, { shape: [B, count] }),
      { cache },
    );
    cache = out.cache;
    Array.from(out.logits.toArray()).forEach((x, i) => {
      const [row, place] = [Math.floor(i / (count * SYMBOLS)), i % (count * SYMBOLS)];
      const wanted = whole[(row * T + at) * SYMBOLS + place];
      if (!Object.is(x, wanted)) throw new Error(`program: a cached logit must be the one computed anew, got ${x} for ${wanted} at ${at}`);
    });
  }
}
