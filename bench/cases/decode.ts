import { readFileSync } from 'node:fs';
import { key, noGrad, scope, type Tensor, tensor } from 'saccade';
import { readSafetensors } from 'saccade/io';
import { LanguageModel, type LanguageModelCache } from 'saccade/models';
import { referenceBackend, withBackend } from 'saccade/reference';
import type { Case } from '../case.ts';

/** The trained LLaMA that tests hold, by Hugging Face's names; benches run where the package lies. */
const file = 'test/fixtures/pretrained/stories260k_hf_llama.safetensors';

const llama = { positions: 'rotary', norm: 'rms', activation: 'silu', gated: true, bias: false, tied: true, eps: 1e-5 } as const;

/** From a name in the file to ours. */
const named = (name: string) =>
  [
    [/^model\.embed_tokens/, 'symbols'],
    [/^model\./, ''],
    ['self_attn.o_proj', 'self_attn.out_proj'],
    ['mlp.gate_proj', 'gate'],
    ['mlp.up_proj', 'linear1'],
    ['mlp.down_proj', 'linear2'],
    ['input_layernorm', 'norm1'],
    ['post_attention_layernorm', 'norm2'],
  ].reduce<string>((text, [from, to]) => text.replace(from as string, to as string), name);

const stories = () => {
  const sizes = { symbols: 512, size: 64, layers: 5, heads: 8, keyHeads: 4, hidden: 172, length: 512 };
  const model = new LanguageModel({ ...sizes, ...llama }, key(1));
  const given = [...readSafetensors(readFileSync(file)).tensors].filter(([name]) => !name.startsWith('test.'));
  model.loadStateDict(new Map(given.map(([name, { data, shape }]) => [named(name), tensor(data as Float32Array, { shape })])));
  return model;
};

/** A model of 15 million parameters, drawn: what it weighs is what a token has to read. */
const larger = () => new LanguageModel({ symbols: 32_000, size: 288, layers: 6, heads: 6, hidden: 768, length: 256, ...llama }, key(1));

const largest = (logits: ArrayLike<number>) => {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if ((logits[i] as number) > (logits[best] as number)) best = i;
  return best;
};

/** `count` tokens from the first one on, the likeliest each, and the last logits. */
function written(model: LanguageModel, count: number): { tokens: number[]; logits: Tensor } {
  const tokens = [1];
  let cache: LanguageModelCache | true = true;
  let last: Tensor | undefined;
  for (let i = 0; i < count; i++) {
    const seen: { logits: Tensor; cache: LanguageModelCache } = scope(() =>
      noGrad(() => model.forward(tensor(Int32Array.of(tokens[i] as number), { shape: [1, 1] }), { cache: cache as LanguageModelCache })),
    );
    cache = seen.cache;
    last?.storage.free();
    last = seen.logits;
    tokens.push(largest(seen.logits.peek()));
  }
  return { tokens, logits: last as Tensor };
}

const LONG = 255;
const SHORT = 24;

export const decode: Case[] = [
  {
    name: `${LONG} tokens of stories260K, one by one`,
    unit: 'µs',
    work: LONG,
    setup: () => {
      const model = stories();
      return () => tensor(Int32Array.from(written(model, LONG).tokens));
    },
    proof: () => {
      const known = readSafetensors(readFileSync(file)).tensors.get('test.greedy_ids')?.data as BigInt64Array;
      return { got: written(stories(), LONG).tokens.slice(0, known.length), wanted: Array.from(known, Number) };
    },
    tolerance: 1e-9,
    target: { most: 227 }, // 4,400 tokens a second, what llama2.c makes of it
  },
  {
    name: `${SHORT} tokens of 15 million parameters, one by one`,
    unit: 'µs',
    work: SHORT,
    setup: () => {
      const model = larger();
      return () => written(model, SHORT).logits;
    },
    proof: () => {
      const got = written(larger(), 2);
      const text = tensor(Int32Array.from(got.tokens.slice(0, 2)), { shape: [1, 2] }).toArray();
      const wanted = withBackend(referenceBackend(), () =>
        scope(() =>
          noGrad(() =>
            larger()
              .forward(tensor(Int32Array.from(text), { shape: [1, 2] }))
              .logits.toArray(),
          ),
        ),
      );
      return { got: got.logits.toArray(), wanted: wanted.slice(32_000) };
    },
    tolerance: 1e-5,
  },
];
