import { readFileSync } from 'node:fs';
import { key, noGrad, parameters, scope, type Tensor, tensor } from 'saccade';
import { readSafetensors } from 'saccade/io';
import { LanguageModel, type LanguageModelCache } from 'saccade/models';
import { referenceBackend, withBackend } from 'saccade/reference';
import type { Case, Task } from '../case.ts';

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

const small = { symbols: 512, size: 64, layers: 5, heads: 8, keyHeads: 4, hidden: 172, length: 512 };

const stories = () => {
  const model = new LanguageModel({ ...small, ...llama }, key(1));
  const given = [...readSafetensors(readFileSync(file)).tensors].filter(([name]) => !name.startsWith('test.'));
  model.loadStateDict(new Map(given.map(([name, { data, shape }]) => [named(name), tensor(data as Float32Array, { shape })])));
  return model;
};

const large = { symbols: 32_000, size: 288, layers: 6, heads: 6, keyHeads: 6, hidden: 768, length: 256 };

/** A model of 15 million parameters, drawn: what it weighs is what a token has to read. */
const larger = () => new LanguageModel({ ...large, ...llama }, key(1));

/** Parameters of a layer in the order of the peers in C, the maps of queries, keys and values in one or apart. */
const ofLayer = ['norm1', 'self_attn.in_proj_', 'self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.out_proj', 'norm2', 'gate', 'linear1', 'linear2']; // biome-ignore format: one line

/** The same for the peers in C: `count` tokens from the first one on, or with `logits` the last logits. */
function task(
  { symbols, size, layers, heads, keyHeads, hidden }: typeof small,
  build: () => LanguageModel,
  count: number,
  logits: boolean,
): Task {
  const weights = () => {
    const all = parameters(build());
    const found = (name: string) => all.get(name.endsWith('_') ? `${name}weight` : `${name}.weight`)?.toArray() ?? [];
    const each = (_: unknown, i: number) => ofLayer.map((name) => found(`layers.${i}.${name}`));
    return [found('symbols'), ...Array.from({ length: layers }, each).flat(), found('norm')].filter((values) => values.length > 0);
  };
  return { op: 'decode', shapes: [], sizes: [symbols, size, layers, heads, keyHeads, hidden, count], logits, weights };
}

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
    task: task(small, stories, LONG, false),
    target: { most: 227, beside: { 'C -O3, native': 1 } }, // 4,400 tokens a second
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
    task: task(large, larger, SHORT, true),
    target: { beside: { 'C -Ofast, native': 0.8 } },
  },
];
