// The cache of self-attention: cached = computed anew = alone = in a batch = in chunks of any size, bit for bit; and a value, whoever appends.
import { describe, expect, it } from 'vitest';
import { KeyValueCache } from '../../src/attention/cache.ts';
import { placeOfQuery, placesOf } from '../../src/attention/history.ts';
import { MultiHead, type MultiHeadOptions } from '../../src/attention/multi-head.ts';
import type { Window } from '../../src/attention/parts.ts';
import { tempered } from '../../src/attention/selection.ts';
import { biased, CombinedWindow, causal, offsets, positional, sliding } from '../../src/attention/window.ts';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { noGrad } from '../../src/autograd/record.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { concat, mul, reshape, slice, sum } from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { detach, full, ones, tensor } from '../../src/tensor/create.ts';
import { key, randomInt } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, real } from '../nn/row.ts';

const [B, N, E, H] = [3, 300, 12, 4];
const examples = [0, 1, 2];
const text = real(examples, [N, E], 1);
const table = real([0], [N, N], 9);
const square = detach(reshape(table, [N, N]));
const slopes = tensor([0.5, 0.25, 0.125, 0.0625]);
const alibi = () =>
  positional(
    ([batch = 0, queries = 0, keys = 0], state, heads) => ({
      bias: mul(reshape(slopes, [heads, 1, 1]), reshape(offsets(placesOf(state, 'place', queries), keys), [batch, 1, queries, keys])),
    }),
    { history: placeOfQuery },
  );

const kinds: [string, Partial<MultiHeadOptions>, Window[]][] = [
  ['no window', {}, []],
  ['a window that is causal already', { window: causal }, [causal]],
  ['a sliding window', { window: sliding({ before: 40 }) }, [sliding({ before: 40 })]],
  ['a bias by position', { window: biased(square) }, [biased(square)]],
  ['a slope for each head', { window: alibi() }, [alibi()]],
  ['several windows', { window: new CombinedWindow(sliding({ before: 270 }), alibi()) }, [sliding({ before: 270 }), alibi()]],
  ['grouped queries', { keyHeads: 2 }, []],
  ['one head of keys, sliding', { keyHeads: 1, window: sliding({ before: 30 }) }, [sliding({ before: 30 })]],
];
const build = (parts: Partial<MultiHeadOptions>) => new MultiHead({ query: E, key: E, heads: H, ...parts }, key(3));

/** `toEqual` takes seconds for a million elements. */
function expectSame(got: Tensor, wanted: Tensor): void {
  expect(got.shape).toEqual(wanted.shape);
  const [a, b] = [bits(got), bits(wanted)];
  expect(a.findIndex((x, i) => x !== b[i])).toBe(-1);
}

/** Cuts of N tokens, drawn. */
const cuts = (seed: number): number[] => {
  const all = [0];
  const sizes = [1, 2, 3, 7, 8, 30, 64, 93];
  while ((all.at(-1) as number) < N)
    all.push(Math.min(N, (all.at(-1) as number) + (sizes[randomInt(key(seed), all.length, sizes.length)] as number)));
  return all;
};

/** A text in chunks: outputs side by side, and the last cache. */
function inChunks(mechanism: MultiHead, x: Tensor, ends: readonly number[], weights = false) {
  let cache: KeyValueCache | undefined;
  const outputs: Tensor[] = [];
  const told: Tensor[] = [];
  ends.slice(1).forEach((end, i) => {
    const step = mechanism.extend(slice(x, 1, ends[i] as number, end), cache, { weights });
    cache = step.cache;
    outputs.push(step.output);
    if (step.weights) told.push(step.weights);
  });
  return { output: concat(outputs, 1), cache: cache as KeyValueCache, weights: told };
}

describe.each(kinds)('cached self-attention with %s', (_, parts, windows) => {
  const run = <T>(fn: () => T) => scope(() => noGrad(fn));
  const whole = run(() => build({ ...parts, window: new CombinedWindow(causal, ...windows) }).forward(text, text));
  const mechanism = build(parts);

  it('has the bits of the whole text at once, in chunks of any size', () => {
    for (const ends of [cuts(1), cuts(2), [0, N], [0, 1, N], [0, 256, 257, N]]) {
      run(() => {
        const { output, weights } = inChunks(mechanism, text, ends, true);
        expectSame(output, whole.output);
        weights.forEach((w, i) => {
          const [from, to] = [ends[i] as number, ends[i + 1] as number];
          expectSame(w, slice(slice(whole.weights, 2, from, to), 3, 0, to));
        });
      });
    }
  });

  it('has them token by token, alone as in a batch', () => {
    run(() => {
      const one = slice(text, 0, 1, 2);
      const ends = Array.from({ length: 91 }, (_, i) => i);
      expectSame(inChunks(mechanism, one, ends).output, slice(slice(whole.output, 0, 1, 2), 1, 0, 90));
      expectSame(inChunks(mechanism, text, ends).output, slice(whole.output, 1, 0, 90));
    });
  });

  it('has them in texts of unlike lengths, whatever the padding holds', () => {
    run(() => {
      const ends = [[0, 3, 70, 71, 140], [0, 9, 9, 79, 290], [0, 0, 64, 65, 66]] as const; // biome-ignore format: a text a row
      let cache = KeyValueCache.empty(B);
      for (let i = 0; i < 4; i++) {
        const lengths = ends.map((own) => (own[i + 1] as number) - (own[i] as number));
        const most = Math.max(...lengths);
        const rows = ends.map((own, b) => {
          const real = slice(slice(text, 0, b, b + 1), 1, own[i] as number, own[i + 1] as number);
          return concat([real, full([1, most - (lengths[b] as number), E], i === 1 ? Number.NaN : 7)], 1);
        });
        const step = mechanism.extend(concat(rows, 0), cache, { lengths });
        cache = step.cache;
        expect(cache.lengths).toEqual(ends.map((own) => own[i + 1]));
        ends.forEach((own, b) => {
          const wanted = slice(slice(whole.output, 0, b, b + 1), 1, own[i] as number, own[i + 1] as number);
          expectSame(slice(slice(step.output, 0, b, b + 1), 1, 0, lengths[b] as number), wanted);
        });
      }
    });
  });
});

describe('a cache is a value', () => {
  const mechanism = build({ keyHeads: 2 });
  const part = (from: number, to: number) => slice(text, 1, from, to);
  const going = (cache: KeyValueCache, from: number) => bits(mechanism.extend(part(from, from + 4), cache).output);

  it('that shares memory with those it comes of, and shows them nothing', () => {
    noGrad(() => {
      const { cache } = mechanism.extend(part(17, 20), mechanism.extend(part(0, 17)).cache); // with room for more
      const wanted = going(cache, 20);
      const { cache: a } = mechanism.extend(part(20, 24), cache); // written in place, or behind what `going` wrote
      const { cache: b } = mechanism.extend(part(100, 110), cache); // a fork
      expect([cache.lengths, a.lengths, b.lengths]).toEqual([[20, 20, 20], [24, 24, 24], [30, 30, 30]]); // biome-ignore format: one line
      expect(going(cache, 20)).toEqual(wanted);
      const whole = inChunks(mechanism, concat([part(0, 20), part(100, 110), part(7, 11)], 1), [0, 34]).output;
      expect(going(b, 7)).toEqual(bits(slice(whole, 1, 30, 34)));
      expect(going(a, 24)).toEqual(bits(slice(inChunks(mechanism, text, [0, 28]).output, 1, 24, 28)));
    });
  });

  it('whose padding looks at nothing that others wrote', () => {
    noGrad(() => {
      const { cache } = mechanism.extend(part(17, 20), mechanism.extend(part(0, 17)).cache);
      mechanism.extend(full([B, 9, E], Number.NaN), cache); // behind it, in place
      const { output } = mechanism.extend(part(20, 24), cache.selected([0, 1, 2]), { lengths: [4, 1, 0] });
      expect(list(output).every(Number.isFinite)).toBe(true);
    });
  });

  it('and appends in place where it was written last: a token makes no block', () => {
    noGrad(() => {
      let { cache } = mechanism.extend(part(0, 17));
      ({ cache } = mechanism.extend(part(17, 18), cache)); // room doubles
      const blocks = new Set<Tensor | null>();
      for (let t = 18; t < 34; t++) {
        ({ cache } = mechanism.extend(part(t, t + 1), cache));
        blocks.add(cache.keys);
      }
      expect(blocks.size).toBe(1);
      expect(cache.keys?.shape).toEqual([B, 2, 34, 3]);
      const copies = new Set(Array.from({ length: 3 }, () => mechanism.extend(part(34, 35), cache.cropped(20)).cache.keys));
      expect(copies.size).toBe(3); // who took text back owns nothing behind it
    });
  });

  it('that is cropped, and whose rows are taken, as if it had never had more', () => {
    noGrad(() => {
      const { cache } = mechanism.extend(part(0, 50));
      const short = cache.cropped(30);
      expect([short.length, cache.length, short.cropped(99).length]).toEqual([30, 50, 30]);
      expect(going(short, 30)).toEqual(bits(slice(inChunks(mechanism, text, [0, 34]).output, 1, 30, 34)));
      const order = [2, 0, 0, 1, 2];
      const taken = short.selected(order);
      const of = (x: Tensor) => concat(order.map((b) => slice(x, 0, b, b + 1)), 0); // biome-ignore format: one line
      expect(taken.rows).toBe(5);
      expectSame(mechanism.extend(of(part(30, 34)), taken).output, of(mechanism.extend(part(30, 34), short).output));
      const merged = mechanism.extend(part(30, 31), short).cache.mergeRows(tensor([true, false, true]), short);
      expect(merged.lengths).toEqual([31, 30, 31]);
    });
  });

  it('that is saved and loaded', () => {
    noGrad(() => {
      const { cache } = mechanism.extend(part(0, 21), undefined, { lengths: [21, 4, 9] });
      const loaded = KeyValueCache.from(loadTensors(saveTensors(cache.stateDict())));
      expect([loaded.lengths, loaded.length]).toEqual([[21, 4, 9], 21]);
      expect(going(loaded, 40)).toEqual(going(cache, 40));
      const none = KeyValueCache.from(loadTensors(saveTensors(KeyValueCache.empty(2).stateDict())));
      expect([none.lengths, none.keys]).toEqual([[0, 0], null]);
    });
  });

  it('whose memory goes with its scope, and stays flat while a text grows in steps', () => {
    const before = memoryReport().blocks;
    scope(() =>
      noGrad(() => {
        let cache = scope(() => mechanism.extend(part(0, 10)).cache);
        const held: number[] = [];
        for (let t = 10; t < 40; t++) {
          cache = scope(() => mechanism.extend(part(t, t + 1), cache).cache);
          held.push(memoryReport().blocks);
        }
        expect(new Set(held.slice(12)).size).toBeLessThanOrEqual(2);
        expect(cache.length).toBe(40);
      }),
    );
    expect(memoryReport().blocks).toBe(before);
  });
});

describe('a cache under the tape', () => {
  const mechanism = build({ keyHeads: 2 });

  it('has the gradients of the whole text', () => {
    const x = parameter(real(examples, [9, E], 1));
    const leaves = [x, ...mechanism.stateDict().values()];
    const gradient = real(examples, [9, E], 5);
    const whole = build({ keyHeads: 2, window: causal });
    const wanted = grad(whole.forward(x, x).output, [x, ...whole.stateDict().values()], { gradient });
    grad(inChunks(mechanism, x, [0, 4, 5, 9]).output, leaves, { gradient }).forEach((g, i) => {
      const other = list(wanted[i] as Tensor);
      list(g).forEach((value, at) => expect(value).toBeCloseTo(other[at] as number, 4));
    });
  });

  it('keeps what was recorded right when others append behind it', () => {
    const { cache } = noGrad(() => mechanism.extend(slice(text, 1, 0, 8)));
    const q = parameter(real(examples, [1, E], 2));
    const loss = () => sum(mechanism.extend(q, cache).output);
    const [wanted] = grad(loss(), [q]);
    const y = loss();
    noGrad(() => mechanism.extend(slice(text, 1, 8, 12), cache));
    expectSame(grad(y, [q])[0] as Tensor, wanted as Tensor);
  });

  it('refuses texts of unlike lengths by name', () => {
    const cache = noGrad(() => mechanism.extend(slice(text, 1, 0, 4), undefined, { lengths: [4, 2, 1] }).cache);
    expect(() => mechanism.extend(slice(text, 1, 4, 5), cache)).toThrow(
      'KeyValueCache: examples of unlike lengths have no gradient; append under noGrad',
    );
  });
});

describe('what a cache refuses', () => {
  const mechanism = build({ keyHeads: 2 });

  it('says so', () => {
    const x = slice(text, 1, 0, 4);
    const { cache } = noGrad(() => mechanism.extend(x));
    expect(() => mechanism.extend(slice(x, 0, 0, 2), cache)).toThrow(
      'MultiHead: cache must be a KeyValueCache of 2 examples, got one of 3',
    );
    expect(() => mechanism.extend(x, {} as never)).toThrow('MultiHead: cache must be a KeyValueCache of 3 examples, got an object');
    expect(() => mechanism.extend(ones([3, 4, 5]))).toThrow('MultiHead: query must be [B, T, 12], got [3, 4, 5]');
    expect(() => mechanism.extend(x, cache, { lengths: [5, 1, 1] })).toThrow(
      'KeyValueCache: lengths must be 3 whole numbers from 0 to 4, got [5, 1, 1]',
    );
    expect(() => mechanism.extend(x, cache, { weights: 'yes' as never })).toThrow("MultiHead: weights must be true or false, got 'yes'");
    expect(() => mechanism.extend(x, cache, { bias: x } as never)).toThrow(
      'MultiHead: options must be among lengths, weights, mask, key, got bias',
    );
    expect(() => build({ selection: tempered({ temperature: 2 }) }).extend(x)).toThrow(
      'Heads: parts must be such that heads are one op to extend a cache; ',
    );
    expect(() => cache.append(ones([3, 2, 1, 4]), ones([3, 2, 1, 3]))).toThrow(
      'KeyValueCache: keys and values must be [3, 2, N, 3] and [3, 2, N, 3], got [3, 2, 1, 4] and [3, 2, 1, 3]',
    );
    expect(() => cache.selected([0, 3])).toThrow('KeyValueCache: order must name rows from 0 to 2, got 3');
    expect(() => cache.cropped(-1)).toThrow('KeyValueCache: count must be a whole number from 0, got -1');
    expect(() => KeyValueCache.empty(1.5)).toThrow('KeyValueCache: batch must be a whole number from 0, got 1.5');
    expect(() => KeyValueCache.from(new Map())).toThrow('KeyValueCache: dict must hold keys, values and lengths, got no keys');
    expect(cache.lengths).toEqual([4, 4, 4]);
  });
});
