// Every kind of position, drawn at random: cached = computed anew = alone = in a batch = in chunks of any size, bit for bit (on threads: test/runtime/threads-fresh.test.ts).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Between, CombinedBetween, QKNorm, Rotary } from '../../src/attention/between.ts';
import { KeyValueCache } from '../../src/attention/cache.ts';
import { alibi, DistanceBias, RelativePositions } from '../../src/attention/distance.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import type { Window } from '../../src/attention/parts.ts';
import { CombinedWindow, causal, sliding } from '../../src/attention/window.ts';
import { noGrad } from '../../src/autograd/record.ts';
import { beamSearch } from '../../src/decode/beam.ts';
import { rotaryTable } from '../../src/nn/positions/rotary-table.ts';
import type { State } from '../../src/nn/state.ts';
import { concat, gather, linear, reshape, slice } from '../../src/ops/index.ts';
import { full, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, real } from '../nn/row.ts';

const [E, H, D] = [16, 4, 4];

const windows: Record<string, (seed: number) => Window> = {
  alibi: () => alibi([0.5, 0.25, 0.125, 0.0625]),
  'T5, one direction': (seed) => new DistanceBias({ heads: H, buckets: 8, distance: 20, bidirectional: false }, key(seed)),
  T5: (seed) => new DistanceBias({ heads: H }, key(seed)),
  relative: (seed) => new RelativePositions({ size: D, reach: 3 }, key(seed)),
  'relative keys': (seed) => new RelativePositions({ size: D, reach: 9, values: false }, key(seed)),
};
const betweens: Record<string, () => Between> = {
  rotary: () => new Rotary({ table: rotaryTable({ width: 4, length: 400 }) }),
  'rotary pairs, partial': () => new Rotary({ table: rotaryTable({ width: 2, length: 400 }), layout: 'pairs' }),
  'normed, rotary': () => new CombinedBetween(new QKNorm({ size: D }), new Rotary({ table: rotaryTable({ width: 4, length: 400 }) })),
};

interface Kind {
  between: string | null;
  window: string | null;
  before: number | null;
  keyHeads: number;
  scale: number | undefined;
  softcap: number | undefined;
  seed: number;
}

const kinds: fc.Arbitrary<Kind> = fc.record({
  between: fc.constantFrom(null, ...Object.keys(betweens)),
  window: fc.constantFrom(null, ...Object.keys(windows)),
  before: fc.constantFrom(null, 0, 3, 40, 270),
  keyHeads: fc.constantFrom(1, 2, 4),
  scale: fc.constantFrom(undefined, 1, 2.4),
  softcap: fc.constantFrom(undefined, undefined, 5),
  seed: fc.nat(9),
});

/** Heads of a kind, that look back alone where `past`. */
function build({ between, window, before, ...rest }: Kind, past: boolean): MultiHead {
  const all = [
    ...(past ? [causal] : []),
    ...(window ? [(windows[window] as (seed: number) => Window)(rest.seed)] : []),
    ...(before === null ? [] : [sliding({ before })]),
  ];
  const { seed, ...sizes } = rest;
  const own = { ...(all.length > 0 && { window: new CombinedWindow(...all) }), ...(between && { between: betweens[between]?.() }) };
  return new MultiHead({ query: E, key: E, heads: H, ...sizes, ...own }, key(seed));
}

/** Ends of chunks of N tokens. */
const chunks = (count: number) =>
  fc.array(fc.constantFrom(1, 1, 2, 3, 8, 9, 33, 64, 120), { minLength: 1, maxLength: 400 }).map((sizes) => {
    const ends = [0];
    for (const size of sizes) ends.push(Math.min(count, (ends.at(-1) as number) + size));
    return [...ends.filter((end, i) => i === 0 || end > (ends[i - 1] as number)), ...((ends.at(-1) as number) < count ? [count] : [])];
  });

const quietly = <T>(f: () => T): T => scope(() => noGrad(f));
const row = (x: Tensor, b: number) => slice(x, 0, b, b + 1);
const part = (x: Tensor, from: number, to: number) => slice(x, 1, from, to);

/** Where two differ first, −1 if nowhere: `toEqual` is slow. */
function differs(a: Tensor, b: Tensor): number {
  const [x, y] = [bits(a), bits(b)];
  if (x.length !== y.length) return 0;
  return x.findIndex((value, i) => value !== y[i]);
}

function inChunks(heads: MultiHead, x: Tensor, ends: readonly number[], weights: boolean): Tensor {
  let cache: KeyValueCache | undefined;
  const outputs = ends.slice(1).map((end, i) => {
    const step = heads.extend(part(x, ends[i] as number, end), cache, { weights });
    cache = step.cache;
    return step.output;
  });
  return concat(outputs, 1);
}

const N = 290; // more than a tile of keys
const text = real([0, 1], [N, E], 1);

describe('text under any kind of position', () => {
  it('has one set of bits: whole, in chunks, alone, with weights and without', () => {
    fc.assert(
      fc.property(kinds, chunks(N), fc.boolean(), (kind, ends, weights) =>
        quietly(() => {
          const whole = build(kind, true).forward(text, text, text, { weights: false }).output;
          const heads = build(kind, false);
          expect(differs(inChunks(heads, text, ends, weights), whole)).toBe(-1);
          expect(differs(inChunks(heads, row(text, 1), ends, !weights), row(whole, 1))).toBe(-1);
          expect(differs(build(kind, true).forward(text, text).output, whole)).toBe(-1);
        }),
      ),
      { numRuns: 40 },
    );
  });

  it('has them in a batch of unlike lengths, whatever padding holds', () => {
    const counts = fc.array(fc.tuple(fc.nat(70), fc.nat(70)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(kinds, counts, (kind, steps) =>
        quietly(() => {
          const whole = build(kind, true).forward(text, text, text, { weights: false }).output;
          const heads = build(kind, false);
          let cache = KeyValueCache.empty(2);
          for (const lengths of steps) {
            const before = cache.lengths;
            const most = Math.max(1, ...lengths);
            const own = (x: Tensor, b: number) => part(row(x, b), before[b] as number, (before[b] as number) + (lengths[b] as number));
            const padded = [0, 1].map((b) => concat([own(text, b), full([1, most - (lengths[b] as number), E], b ? Number.NaN : 3)], 1));
            const step = heads.extend(concat(padded, 0), cache, { lengths });
            cache = step.cache;
            for (const b of [0, 1]) expect(differs(part(row(step.output, b), 0, lengths[b] as number), own(whole, b))).toBe(-1);
          }
        }),
      ),
      { numRuns: 30 },
    );
  });

  it('has them after rows are taken and text is taken back', () => {
    const orders = fc.array(fc.nat(1), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(kinds, fc.integer({ min: 1, max: 60 }), fc.nat(60), orders, (kind, first, back, order) =>
        quietly(() => {
          const heads = build(kind, false);
          const kept = Math.max(0, first - back);
          const { cache } = heads.extend(part(text, 0, first));
          const fork = cache.cropped(kept).selected(order);
          const all = (from: number, to: number) =>
            concat(
              order.map((b) => part(row(text, b), from, to)),
              0,
            );
          const wanted = build(kind, true).forward(...(new Array(3).fill(all(0, kept + 5)) as [Tensor, Tensor, Tensor])).output;
          expect(differs(heads.extend(all(kept, kept + 5), fork).output, part(wanted, kept, kept + 5))).toBe(-1);
        }),
      ),
      { numRuns: 40 },
    );
  });
});

describe('several queries of a prepared source', () => {
  const source = real([0, 1], [40, E], 3);
  const mask = tensor(
    Int32Array.from({ length: 80 }, (_, i) => (i % 7 === 3 ? 0 : 1)),
    { shape: [2, 40], dtype: 'bool' },
  );
  const T = 33;

  it('have the bits of the whole sequence and of one after the other', () => {
    fc.assert(
      fc.property(kinds, chunks(T), fc.boolean(), (kind, ends, weights) =>
        quietly(() => {
          const heads = build(kind, false);
          const whole = heads.forward(part(text, 0, T), source, source, { mask });
          const prepared = heads.prepare(source, source, { mask });
          let state: State = heads.initialState(prepared, T);
          ends.slice(1).forEach((end, i) => {
            const from = ends[i] as number;
            const got = heads.steps(part(text, from, end), prepared, state, { weights } as { weights: true });
            expect(differs(got.output, part(whole.output, from, end))).toBe(-1);
            if (weights) expect(differs(got.weights, slice(whole.weights, 2, from, end))).toBe(-1);
            state = got.state;
          });
        }),
      ),
      { numRuns: 30 },
    );
  });

  it('draw as the whole sequence does where weights are dropped', () => {
    const heads = new MultiHead({ query: E, key: E, heads: H, dropout: 0.5 }, key(1));
    const whole = heads.forward(part(text, 0, T), source, source, { key: key(2) });
    const prepared = heads.prepare(source);
    const got = heads.steps(part(text, 0, T), prepared, heads.initialState(prepared, T), { key: key(2) });
    expect(differs(got.output, whole.output)).toBe(-1);
    expect(differs(got.weights, whole.weights)).toBe(-1);
  });
});

describe('a cache that is told more', () => {
  const heads = new MultiHead({ query: E, key: E, heads: H, keyHeads: 2, dropout: 0.5 }, key(1));

  it('hides what a mask hides, as the whole text does', () => {
    const hidden = (keys: number) =>
      tensor(
        Int32Array.from({ length: 2 * keys }, (_, i) => (i % keys === 2 ? 0 : 1)),
        { shape: [2, keys], dtype: 'bool' },
      );
    quietly(() => {
      const past = new MultiHead({ query: E, key: E, heads: H, keyHeads: 2, window: causal }, key(1));
      const x = part(text, 0, 20);
      const whole = past.forward(x, x, x, { mask: hidden(20) }).output;
      const first = heads.extend(part(text, 0, 9), undefined, { mask: hidden(9) });
      const second = heads.extend(part(text, 9, 20), first.cache, { mask: hidden(20) });
      expect(differs(concat([first.output, second.output], 1), whole)).toBe(-1);
      expect(differs(heads.extend(x).output, whole)).toBeGreaterThan(-1);
    });
  });

  it('drops weights by its key alone, half of them, the others doubled', () => {
    quietly(() => {
      const x = part(text, 0, 60);
      const run = (from?: number) => heads.extend(x, undefined, { weights: true, ...(from !== undefined && { key: key(from) }) });
      const [plain, a, b, c] = [run(), run(1), run(1), run(2)];
      expect(differs(a.output, b.output)).toBe(-1);
      expect(differs(a.output, c.output)).toBeGreaterThan(-1);
      const [w, dropped] = [plain.weights, a.weights].map((y) => Array.from((y as Tensor).toArray())) as [number[], number[]];
      const seen = w.flatMap((value, i) => (value > 0 ? [(dropped[i] as number) / value] : []));
      expect(seen.every((ratio) => ratio === 0 || Math.abs(ratio - 2) < 1e-4)).toBe(true);
      expect(seen.filter((ratio) => ratio === 0).length / seen.length).toBeGreaterThan(0.45);
      expect(seen.filter((ratio) => ratio === 0).length / seen.length).toBeLessThan(0.55);
    });
  });
});

describe('a beam search over a cache', () => {
  const [C, END] = [12, 0];
  const table = real([0], [C, E], 7);
  const output = real([0], [C, E], 8);
  const embedded = (tokens: Tensor) => gather(reshape(table, [C, E]), tokens);
  const logitsOf = (last: Tensor) => linear(last, reshape(output, [C, E]));

  it('finds what one finds that computes each text anew', () => {
    fc.assert(
      fc.property(kinds, fc.integer({ min: 1, max: 4 }), (kind, width) =>
        quietly(() => {
          const [cached, anew] = [build(kind, false), build(kind, true)];
          const source = { start: zeros([2]) };
          const options = { batch: 2, beam: width, minLength: 4, maxLength: 12, start: 1, end: END, nBest: width };
          const byCache = beamSearch<typeof source, { cache: KeyValueCache }>(
            {
              initialState: () => ({ cache: KeyValueCache.empty(2) }),
              step(tokens, _, state) {
                const { output: y, cache } = cached.extend(reshape(embedded(tokens), [tokens.size, 1, E]), state.cache);
                return { logits: logitsOf(reshape(y, [tokens.size, E])), state: { cache } };
              },
            },
            source,
            options,
          );
          const byText = beamSearch<typeof source, { text: Tensor }>(
            {
              initialState: () => ({ text: zeros([2, 0], 'int32') }),
              step(tokens, _, state) {
                const all = concat([state.text, reshape(tokens, [tokens.size, 1])], 1);
                const x = embedded(all);
                const y = anew.forward(x, x, x, { weights: false }).output;
                const last = part(y, (all.shape[1] as number) - 1, all.shape[1] as number);
                return { logits: logitsOf(reshape(last, [tokens.size, E])), state: { text: all } };
              },
            },
            source,
            options,
          );
          expect(byCache).toEqual(byText);
          expect(byCache.flat().some(({ tokens }) => tokens.length > 2)).toBe(true);
        }),
      ),
      { numRuns: 20 },
    );
  });
});
