// Cached = computed anew = alone = in a batch = in chunks of any size, bit for bit: for every kind of position, grouped queries, windows, forks and
// beams, on one thread and on three. Threads run the package as it is built.
import { afterAll, describe, expect, it } from 'vitest';
import type * as Package from '../../src/all.ts';
import type { Key, LanguageModel, LanguageModelCache, LanguageModelOptions, Tensor } from '../../src/all.ts';

const p = (await import(new URL('../../dist/all.js', import.meta.url).href)) as typeof Package;
await p.init();

const [C, LENGTH] = [11, 40];
const base = { symbols: C, size: 24, layers: 2, heads: 4, length: LENGTH };
const modern = { positions: 'rotary', norm: 'rms', gated: true, activation: 'silu', bias: false } as const;

const kinds: Record<string, LanguageModelOptions> = {
  'GPT-2': { ...base, tied: true, activation: 'gelu-tanh' },
  sinusoidal: { ...base, positions: 'sinusoidal', embeddingScale: 5, softcap: 8 },
  'LLaMA, grouped queries': { ...base, ...modern, keyHeads: 2 },
  'Qwen2, one head of keys': { ...base, ...modern, keyHeads: 1, attentionBias: 'inputs', tied: true },
  'rotary pairs of a part of a wide head': { ...base, ...modern, headSize: 10, rotary: { layout: 'pairs', width: 6, base: 100 } },
  'Llama 3.1': { ...base, ...modern, rotary: { scaling: { kind: 'llama3', factor: 4, lowFactor: 1, highFactor: 4, originalLength: 16 } } },
  'Mistral, a window': { ...base, ...modern, keyHeads: 2, window: 5 },
  'a window in every other layer': { ...base, ...modern, window: [3, null], qkNorm: true },
  ALiBi: { ...base, positions: 'alibi' },
  'ALiBi, three heads, a window': { ...base, size: 21, heads: 3, positions: 'alibi', window: 7 },
  "Shaw's vectors": { ...base, positions: 'relative' },
  "Shaw's vectors, a window, grouped queries, norms of both": {
    ...base,
    positions: 'relative',
    window: 6,
    keyHeads: 2,
    qkNorm: true,
    scale: 0.4,
  },
  "T5's buckets": { ...base, positions: 'distance', norm: 'rms', bias: false },
  'no positions, post-norm': { ...base, positions: 'none', normFirst: false, activation: 'relu2' },
};

/** Whole numbers below `below`, one for each of `count`. */
const drawn = (from: Key, count: number, below: number): number[] => Array.from({ length: count }, (_, i) => p.randomInt(from, i, below));

/** Texts of unlike lengths, whose chunks are cut at random. */
function textsOf(from: Key): number[][] {
  return drawn(from, 3, LENGTH - 8).map((length, row) => drawn(p.foldIn(from, 10 + row), 8 + length, C));
}

const int32 = (rows: readonly (readonly number[])[]): Tensor => {
  const most = Math.max(...rows.map(({ length }) => length));
  return p.tensor(Int32Array.from(rows.flatMap((row) => [...row, ...new Array<number>(most - row.length).fill(0)])), {
    shape: [rows.length, most],
  });
};

const bits = (x: Tensor): number[] => [...new Int32Array(Float32Array.from(x.toArray()).buffer)];

/** Logits of each token of a text, from one call. */
const whole = (model: LanguageModel, text: readonly number[]): number[] => bits(model.forward(int32([text])).logits);

/** The same of several texts, in chunks of random sizes, each text as much as it has of each chunk. */
function chunked(model: LanguageModel, texts: readonly (readonly number[])[], from: Key, most: number): number[][] {
  const found: number[][] = texts.map(() => []);
  let cache: LanguageModelCache | true = true;
  for (let at = 0, turn = 0; texts.some((text) => at < text.length); turn++) {
    const count = 1 + p.randomInt(from, turn, most);
    const parts = texts.map((text) => text.slice(at, at + count));
    const lengths = parts.map(({ length }) => length);
    const out: { logits: Tensor; cache: LanguageModelCache } = model.forward(int32(parts), { cache, lengths });
    cache = out.cache;
    const width = Math.max(...lengths);
    const all = bits(out.logits);
    parts.forEach((part, row) => {
      found[row]?.push(...all.slice(row * width * C, (row * width + part.length) * C));
    });
    at += count;
  }
  return found;
}

const [one, three] = await Promise.all([p.wasmBackend(), p.wasmBackend({ threads: 3, grain: 0 })]);
afterAll(() => {
  expect(three.lost?.()).toBeUndefined();
  three.close?.();
});
const threads = [
  ['one thread', one],
  ['three threads', three],
] as const;

describe.each(Object.entries(kinds))('%s', (_, options) => {
  it.each(threads)('gives the same logits however a text is read: %s', (__, backend) => {
    p.withBackend(backend, () => {
      const model = new p.LanguageModel(options, p.key(1));
      for (const seed of [1, 2]) {
        const texts = textsOf(p.key(seed));
        const expected = texts.map((text) => whole(model, text));
        for (const most of [1, 3, 50]) expect(chunked(model, texts, p.key(most), most)).toEqual(expected);
        expect(texts.flatMap((text) => chunked(model, [text], p.key(9), 7))).toEqual(expected);
      }
    });
  });

  it('has the bits of one thread on three', () => {
    const [a, b] = [one, three].map((backend) =>
      p.withBackend(backend, () => textsOf(p.key(3)).map((text) => whole(new p.LanguageModel(options, p.key(1)), text))),
    );
    expect(b).toEqual(a);
  });

  it('goes on from any cache: forked, taken back, put in another order, saved', () => {
    const model = new p.LanguageModel(options, p.key(1));
    const [a = [], b = []] = textsOf(p.key(4));
    const [first, second] = [a.slice(0, 6), b.slice(0, 6)];
    const { cache } = model.forward(int32([first, second]), { cache: true });
    const order = cache.selected([1, 0, 0]);
    const saved = p.LanguageModelCache.from(p.loadTensors(p.saveTensors(cache.cropped(4).stateDict())));
    const next = (from: LanguageModelCache, rows: number[][]) => bits(model.forward(int32(rows), { cache: from }).logits);
    const alone = (text: number[]) => whole(model, text).slice(-C);
    for (let again = 0; again < 2; again++) {
      expect(next(order, [[3], [4], [5]])).toEqual([alone([...second, 3]), alone([...first, 4]), alone([...first, 5])].flat());
      expect(next(cache, [[7], [8]])).toEqual([alone([...first, 7]), alone([...second, 8])].flat());
      expect(next(saved, [[7], [8]])).toEqual([alone([...first.slice(0, 4), 7]), alone([...second.slice(0, 4), 8])].flat());
    }
    expect([cache.length, cache.cropped(4).length, saved.lengths]).toEqual([6, 4, [4, 4]]);
  });

  it('shows where each head looked, and the logits have the same bits', () => {
    const model = new p.LanguageModel(options, p.key(1));
    const [text = []] = textsOf(p.key(5));
    const { logits, weights = [] } = model.forward(int32([text]), { weights: true });
    expect(bits(logits)).toEqual(whole(model, text));
    expect(weights.map(({ shape }) => shape)).toEqual(new Array(2).fill([1, options.heads, text.length, text.length]));
    for (const x of weights)
      expect(
        Math.max(
          ...p
            .sum(x, { axis: 3 })
            .toArray()
            .map((total) => Math.abs(total - 1)),
        ),
      ).toBeLessThan(1e-5);
    const { cache } = model.forward(int32([text.slice(0, -2)]), { cache: true });
    const rest = model.forward(int32([text.slice(-2)]), { cache, weights: true });
    expect(bits(rest.logits)).toEqual(whole(model, text).slice(-2 * C));
    weights.forEach((x, i) => {
      expect(bits(rest.weights?.[i] as Tensor)).toEqual(bits(p.slice(x, 2, -2)));
    });
  });

  it('searches a beam as it does without a cache', () => {
    const model = new p.LanguageModel(options, p.key(1));
    const prompts = [[1, 2, 3, 4], [5, 6]]; // biome-ignore format: one line
    const search = { batch: 2, start: 0, end: 0, maxLength: 6, beam: 3, nBest: 3 };
    const found = p.beamSearch(model, model.read(prompts), search);
    for (const [row, prompt] of prompts.entries()) {
      const best = p.beamSearch(recomputing(model, prompt), { none: p.zeros([1]) }, { ...search, batch: 1 });
      const plain = (all: readonly Package.Hypothesis[] = []) => all.map(({ tokens, logProbability }) => [tokens, logProbability]);
      expect(plain(found[row])).toEqual(plain(best[0]));
    }
  });
});

type Tokens = { text: Tensor; begun: Tensor };

/** A decoder that reads all of its texts anew at each step. */
function recomputing(model: LanguageModel, prompt: readonly number[]): Package.Decoder<{ none: Tensor }, Tokens> {
  return {
    initialState: () => ({ text: int32([prompt]), begun: p.zeros([1]) }),
    step(tokens, _, { text, begun }) {
      const all = begun.toArray()[0] === 1 ? p.concat([text, p.reshape(tokens, [-1, 1])], 1) : text;
      const { logits } = model.forward(all);
      return { logits: p.select(logits, 1, -1), state: { text: all, begun: p.ones(begun.shape) } };
    },
  };
}
