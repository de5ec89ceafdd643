// Searches that go on while others work.
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Decoder } from '../../src/decode/decoder.ts';
import { type GenerateOptions, generate } from '../../src/decode/generate.ts';
import { greedySearch } from '../../src/decode/lines.ts';
import { sample } from '../../src/decode/sample.ts';
import { add, mul } from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { persist, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { base, drawn, speaker } from '../models/language.ts';

const BATCH = 3;
const options = { ...base, batch: BATCH, maxLength: 6 };

async function all<T, R>(events: AsyncGenerator<T, R>): Promise<[T[], R]> {
  const found: T[] = [];
  for (let next = await events.next(); ; next = await events.next()) {
    if (next.done) return [found, next.value];
    found.push(next.value);
  }
}

/** Never ends; its state is a number a row, counted on. */
const endless = (seen: { state?: Tensor; after?: Tensor } = {}): Decoder<{ x: Tensor }, { n: Tensor }> => ({
  initialState: ({ x }) => ({ n: mul(x, 2) }),
  step: (tokens, _, { n }) => {
    seen.state = n;
    seen.after = add(n, 1);
    return { logits: tensor(Array.from({ length: tokens.size }, () => [1, 0, 0, 5])), state: { n: seen.after } };
  },
});

const forever = { ...base, batch: 2, maxLength: 1e6 };

describe('generate', () => {
  // First, so that there is no garbage of other tests that may go meanwhile.
  it('frees what it made when the loop is left, when a step throws and at the end', async () => {
    const source = { x: persist(ones([2])) };
    const before = memoryReport().blocks;
    let most = 0;
    for await (const { step } of generate(endless(), source, forever)) {
      most = Math.max(most, memoryReport().blocks - before);
      if (step === 300) break;
    }
    expect([memoryReport().blocks, most]).toEqual([before, 1]); // the state
    await all(generate(endless(), source, { ...forever, maxLength: 4 }));
    expect(memoryReport().blocks).toBe(before);
    const { initialState, step } = endless();
    let steps = 0;
    const failing = generate({ initialState, step: (...given) => (++steps > 2 ? fail() : step(...given)) }, source, forever);
    await expect(all(failing)).rejects.toThrow('step: broken, got 3');
    expect(memoryReport().blocks).toBe(before);
    expect(source.x.toNested()).toEqual([1, 1]);
  });

  it.each([
    ['greedily', {}],
    ['drawing', { key: key(4), temperature: 2, topK: 3, topP: 0.95 }],
    ['under rules', { key: key(5), minLength: 2, noRepeatNgram: 2, prefix: [3] }],
  ] as [string, Partial<GenerateOptions>][])('gives each step’s tokens, in the end those of the search: %s', async (_, how) => {
    const { decoder, source } = speaker(drawn(8), BATCH);
    const [steps, found] = await all(generate(decoder, source(), { ...options, ...how }));
    const { key: from, ...rest } = { ...options, ...how };
    const wanted = from ? sample(decoder, source(), { ...rest, key: from }).map(([one]) => one) : greedySearch(decoder, source(), rest);
    expect(found).toEqual(wanted);
    found.forEach(({ tokens, ended, logProbability }, row) => {
      expect(steps.map((step) => step.tokens[row]).filter((token) => token !== null)).toEqual(tokens);
      const each = steps.map((step) => step.logProbabilities[row]).filter((value) => value !== null) as number[];
      expect(each.length).toBe(tokens.length + Number(ended));
      expect(each.reduce((sum, value) => sum + value, 0)).toBeCloseTo(logProbability, 10);
      if (ended) expect(steps.length <= tokens.length || steps[tokens.length]?.tokens[row] === null).toBe(true);
    });
    expect(steps.map(({ step }) => step)).toEqual(steps.map((__, i) => i));
  });

  it('stops at a signal, with what was written until then', async () => {
    const controller = new AbortController();
    const source = { x: persist(ones([2])) };
    const events = generate(endless(), source, { ...forever, signal: controller.signal });
    for (let i = 0; i < 3; i++) await events.next();
    controller.abort();
    const { value, done } = await events.next();
    expect([done, (value as { tokens: number[] }[]).map(({ tokens }) => tokens)]).toEqual([true, [[3, 3, 3], [3, 3, 3]]]); // biome-ignore format: one line
    const before = await all(generate(endless(), source, { ...forever, signal: AbortSignal.abort() }));
    expect(before[0]).toEqual([]);
    const other = new AbortController();
    const timer = setTimeout(() => other.abort(), 30);
    const [steps] = await all(generate(endless(), source, { ...forever, signal: other.signal, yieldEvery: 5 }));
    clearTimeout(timer);
    expect(steps.length).toBeLessThan(1e6);
  });

  it('lets others work', async () => {
    let turns = 0;
    const tick = () => {
      turns++;
      timer = setTimeout(tick, 0);
    };
    let timer = setTimeout(tick, 0);
    for await (const { step } of generate(endless(), { x: persist(ones([2])) }, { ...forever, yieldEvery: 0 })) {
      if (turns > 5) break;
      expect(step).toBeLessThan(1e5);
    }
    clearTimeout(timer);
    expect(turns).toBeGreaterThan(5);
  });

  it('leaves its state to the collector while it waits, and takes it back', async () => {
    const seen: { state?: Tensor; after?: Tensor } = {};
    const events = generate(endless(seen), { x: persist(ones([2])) }, forever);
    await events.next();
    await events.next();
    expect(seen.state?.storage.live).toBe(false); // the state before has been followed by another
    expect([seen.after?.storage.live, seen.after?.storage.scoped]).toEqual([true, false]);
    let inside: Promise<unknown> | undefined;
    scope(() => {
      inside = events.next(); // the scope of the caller does not have it
    });
    await inside;
    await events.next();
    expect((seen.state as Tensor).storage.live).toBe(false);
    await events.return([]);
  });

  it('goes on beside another, each with its own', async () => {
    const [one, two] = [speaker(drawn(1), BATCH), speaker(drawn(2), BATCH)];
    const alone = [await all(generate(one.decoder, one.source(), options)), await all(generate(two.decoder, two.source(), options))];
    const slow = { ...options, yieldEvery: 0 };
    const both = await Promise.all([all(generate(one.decoder, one.source(), slow)), all(generate(two.decoder, two.source(), slow))]);
    expect(both).toEqual(alone);
    await wait(0);
  });

  it('says at once what it was told wrongly', () => {
    const { decoder, source } = speaker(drawn(1), BATCH);
    const wrong = (told: object) => () => generate(decoder, source(), { ...options, ...told });
    expect(wrong({ signal: new AbortController() })).toThrow('generate: signal must be an AbortSignal, got an object');
    expect(wrong({ yieldEvery: -1 })).toThrow('generate: yieldEvery must be a number from 0, got -1');
    expect(wrong({ temperature: 2 })).toThrow('generate: temperature needs a key to draw from, got none');
    expect(wrong({ topP: 0.5 })).toThrow('generate: topP needs a key to draw from, got none');
    expect(wrong({ key: 5 })).toThrow('generate: key must be made by key(seed), split or foldIn, got 5');
    expect(wrong({ maxLength: 0 })).toThrow('generate: maxLength must be a whole number from 1, got 0');
    expect(wrong({ samples: 2 })).toThrow('generate: options must be among batch, start, end, maxLength');
  });
});

function fail(): never {
  throw new Error('step: broken, got 3');
}
