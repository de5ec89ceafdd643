import { describe, expect, it } from 'vitest';
import { type GenerationOptions, LanguageModel, LanguageModelCache } from '../../src/models/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';

const model = new LanguageModel(
  {
    symbols: 13,
    size: 16,
    layers: 2,
    heads: 2,
    length: 30,
    positions: 'rotary',
    norm: 'rms',
    gated: true,
    activation: 'silu',
    bias: false,
  },
  key(5),
);
const prompt = [1, 2, 3];

async function write(
  options: GenerationOptions = {},
  from: readonly number[] = prompt,
  most = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const written: number[] = [];
  for await (const token of model.generate(from, options)) if (written.push(token) >= most) break;
  return written;
}

/** The likeliest next token, from the whole text. */
function likeliest(text: readonly number[]): number {
  const logits = model
    .forward(tensor([...text], { shape: [1, text.length], dtype: 'int32' }))
    .logits.toArray()
    .slice(-13);
  return logits.indexOf(Math.max(...logits));
}

const hot = { key: key(3), temperature: 1.5, topK: 9, topP: 0.95 };

describe('generate', () => {
  it('writes the likeliest tokens until there is no more room', async () => {
    const text = [...prompt];
    while (text.length < 30) text.push(likeliest(text));
    expect(await write()).toEqual(text.slice(3));
    expect(await write({ temperature: 0, key: key(1) })).toEqual(text.slice(3));
    expect(await write({ maxLength: 4 })).toEqual(text.slice(3, 7));
  });

  it('draws by the key of each place: a text that is gone on with is the text that it would have been', async () => {
    const whole = await write({ ...hot, maxLength: 20 });
    expect(new Set(whole).size).toBeGreaterThan(3);
    expect(await write({ ...hot, key: key(4), maxLength: 20 })).not.toEqual(whole);
    for (const cut of [1, 7, 19]) {
      const first = whole.slice(0, cut);
      expect(await write({ ...hot, maxLength: 20 - cut }, [...prompt, ...first])).toEqual(whole.slice(cut));
      const text = model.generate(prompt, { ...hot, maxLength: cut });
      for await (const _ of text);
      const { cache } = text;
      expect(cache.lengths).toEqual([prompt.length + cut]);
      const rest = await write({ ...hot, maxLength: 20 - cut, cache: cache.cropped(cache.length - 1) }, [first.at(-1) as number]);
      expect(rest).toEqual(whole.slice(cut));
    }
  });

  it('writes several texts, each as it would alone', async () => {
    const prompts = [[1], [4, 5, 6, 7], [2, 2]];
    const stop = 8;
    for (const options of [{}, { temperature: 1.2, topK: 11 }]) {
      const keys = 'topK' in options ? prompts.map((_, i) => key(40 + i)) : undefined;
      const found: number[][] = prompts.map(() => []);
      const all = model.generate(prompts, { ...options, ...(keys && { key: keys }), stop, maxLength: 12 });
      for await (const tokens of all)
        tokens.forEach((token, row) => {
          if (token !== null) found[row]?.push(token);
        });
      for (const [row, alone] of prompts.entries())
        expect(found[row]).toEqual(
          await write({ ...options, ...(keys && { key: [keys[row] as ReturnType<typeof key>] }), stop, maxLength: 12 }, alone),
        );
      expect(all.cache.lengths).toEqual(prompts.map(({ length }, row) => length + (found[row] as number[]).length));
    }
  });

  it('stops at tokens, by a function, by a signal', async () => {
    const free = await write({ ...hot, maxLength: 20 });
    const end = free[5] as number;
    expect(await write({ ...hot, maxLength: 20, stop: end })).toEqual(free.slice(0, free.indexOf(end)));
    expect(await write({ ...hot, maxLength: 20, stop: [12, end] })).toEqual(
      free.slice(
        0,
        free.findIndex((x) => x === end || x === 12),
      ),
    );
    expect(await write({ ...hot, stop: (tokens) => tokens.length === 3 })).toEqual(free.slice(0, 3));
    const control = new AbortController();
    const text = model.generate(prompt, { ...hot, signal: control.signal });
    const seen: number[] = [];
    for await (const token of text) if (seen.push(token) === 2) control.abort();
    expect(seen).toEqual(free.slice(0, 2));
  });

  it('takes what decoding takes: penalties, n-grams, processors', async () => {
    const plain = await write({ maxLength: 15 });
    const unlike = await write({ maxLength: 10, noRepeatNgram: 1 });
    expect(new Set(unlike).size).toBe(10);
    const barred = plain[0] as number;
    const open = (x: ReturnType<typeof tensor>) => {
      const values = x.toArray();
      values[barred] = Number.NEGATIVE_INFINITY;
      return tensor(Float32Array.from(values), { shape: x.shape });
    };
    expect((await write({ maxLength: 1, constrain: [open] }))[0]).not.toBe(barred);
    expect((await write({ maxLength: 5, stop: barred, minLength: 3 })).length).toBeGreaterThanOrEqual(3);
  });

  it('keeps its cache for whoever goes on from it, and no memory more', async () => {
    const text = model.generate(prompt, { maxLength: 5 });
    const written: number[] = [];
    for await (const token of text) written.push(token);
    expect(await write({ cache: text.cache, maxLength: 5 }, [7])).toEqual(await write({ maxLength: 5 }, [...prompt, ...written, 7]));
    const before = memoryReport().bytes;
    const peaks: number[] = [];
    const more = model.generate([1], {});
    for await (const _ of more) peaks.push(memoryReport().bytes);
    expect(Math.max(...peaks.slice(17)) - (peaks[17] as number)).toBe(0); // the room doubled at 16
    expect(peaks[0] as number).toBeGreaterThan(before);
  });

  it('refuses what cannot be', () => {
    const bad =
      (options: object, from: unknown = prompt) =>
      () =>
        model.generate(from as number[], options as GenerationOptions);
    expect(bad({ topK: 3 })).toThrow('generate: topK needs a key to draw from, got none');
    expect(bad({}, [])).toThrow(
      'generate: prompt must have a token; to go on behind a cache give its last one with cache.cropped(length - 1), got none',
    );
    expect(bad({}, [1.5])).toThrow('generate: prompt must be whole numbers from 0, got [1.5]');
    expect(bad({}, 'text')).toThrow("generate: prompt must be a list of tokens, or a list of such, got 'text'");
    expect(bad({ stop: 'x' })).toThrow('generate: stop must be whole numbers from 0, got [x]');
    expect(bad({ cache: 3 })).toThrow('generate: cache must be a LanguageModelCache, got 3');
    expect(bad({ cache: LanguageModelCache.empty(3, 1) })).toThrow('LanguageModel: cache must be of 2 layers and 1 rows, got');
    expect(bad({}, new Array(31).fill(1))).toThrow('generate: prompt must leave room within 30 tokens, got 31');
    expect(bad({}, new Array(32).fill(1))).toThrow('generate: prompt must leave room within 30 tokens, got 32');
    expect(bad({}, [[1], new Array(40).fill(1)])).toThrow('generate: prompt must leave room within 30 tokens, got 40');
    expect(() => model.read([new Array(31).fill(1)])).toThrow('generate: prompt must leave room within 30 tokens, got 31');
    expect(model.read([new Array(30).fill(1)]).cache.lengths).toEqual([29]);
    expect(bad({ most: 3 })).toThrow('generate: options must be among');
    const tokens = tensor([[1, 2]], { dtype: 'int32' });
    expect(() => model.forward(tokens, { cache: true, key: key(1) })).toThrow('LanguageModel: a key and a cache are of two uses');
    expect(() => model.forward(tokens, { lengths: [1] })).toThrow('LanguageModel: lengths must come with a cache, got none');
    expect(() => LanguageModelCache.from(new Map([['keys', tensor([1])]]))).toThrow('LanguageModelCache: names must be layers.N.keys');
    const rotary = { symbols: 3, size: 4, layers: 1, heads: 1, length: 4, rotary: { base: 3 } };
    expect(() => new LanguageModel(rotary, key(1))).toThrow("rotary must come with positions 'rotary', got positions 'learned'");
  });
});
