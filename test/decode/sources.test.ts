// What searches copy: the source when they widen, the state when hypotheses change places, and of a step a few numbers a row.
import { describe, expect, it } from 'vitest';
import { beamSearch } from '../../src/decode/beam.ts';
import type { Decoder } from '../../src/decode/decoder.ts';
import { greedySearch } from '../../src/decode/lines.ts';
import { sample } from '../../src/decode/sample.ts';
import type { RowState } from '../../src/nn/state.ts';
import { gather } from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { persist } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { range } from '../equations/plain.ts';
import { base, drawn, END, type Language, speaker } from '../models/language.ts';

/** Rows that know what was taken of them; the tensor they hold is where only they see it. */
class Watched implements RowState {
  readonly #x: Tensor;
  readonly taken: number[][];
  constructor(x: Tensor, taken: number[][]) {
    this.#x = x;
    this.taken = taken;
  }
  get x() {
    return this.#x;
  }
  get rows() {
    return this.x.shape[0] as number;
  }
  takeRows(order: Tensor): Watched {
    this.taken.push(Array.from(order.toArray()));
    return new Watched(gather(this.x, order), this.taken);
  }
  tensors() {
    return [this.#x];
  }
}

/** A speaker whose source is watched, and checked to belong to the row of the state at every step. */
function watched(language: Language, batch: number) {
  const inner = speaker(language, batch);
  const taken: number[][] = [];
  const steps: number[] = [];
  const decoder: Decoder<{ rows: Watched }, { of: Tensor; inner: ReturnType<typeof inner.decoder.initialState> }> = {
    initialState: ({ rows }) => ({ of: rows.x, inner: inner.decoder.initialState({ row: rows.x }) }),
    step: (tokens, { rows }, state) => {
      steps.push(tokens.size);
      expect(rows.x.toNested()).toEqual(state.of.toNested());
      const { state: after, ...given } = inner.decoder.step(tokens, { row: rows.x }, state.inner);
      return { ...given, state: { of: state.of, inner: after } };
    },
  };
  return { decoder, taken, steps, source: { rows: new Watched(persist(tensor(Int32Array.from(range(batch)))), taken) } };
}

const shut = Number.NEGATIVE_INFINITY;
/** Row r ends after r tokens, with any beam. */
const lasting: Language = (row, before) => (before.length < row ? [1, shut, shut, 0.5] : [shut, shut, 1, shut]);

describe('the source', () => {
  it('is never copied by greedy search, and once by sampling that widens it', () => {
    const { decoder, source, taken } = watched(drawn(2), 4);
    greedySearch(decoder, source, { ...base, batch: 4 });
    sample(decoder, source, { ...base, batch: 4, key: key(1) });
    expect(taken).toEqual([]);
    sample(decoder, source, { ...base, batch: 4, key: key(1), samples: 3 });
    expect(taken).toEqual([[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]]);
  });

  it('is copied once by beam search, however its hypotheses change places', () => {
    const endless: Language = (row, before) => drawn(7)(row, before).map((x, token) => (token === END ? shut : x));
    const { decoder, source, taken, steps } = watched(endless, 3);
    beamSearch(decoder, source, { ...base, beam: 3, maxLength: 9 });
    expect(taken).toEqual([[0, 0, 0, 1, 1, 1, 2, 2, 2]]);
    expect(steps).toEqual([3, 9, 9, 9, 9, 9, 9, 9, 9]);
  });

  it('is copied again only when a quarter of the batch is done, its rows left out', () => {
    for (const beam of [1, 2]) {
      for (const turned of [false, true]) {
        const place = (row: number) => (turned ? 7 - row : row);
        const { decoder, source, taken, steps } = watched((row, before) => lasting(place(row), before), 8);
        const found = beamSearch(decoder, source, { ...base, batch: 8, beam, maxLength: 10 });
        expect(found.map(([best]) => best?.tokens)).toEqual(range(8).map((row) => new Array(place(row)).fill(0)));
        const rows = [...(beam > 1 ? [8] : []), 6, 4, 3, 2, 1].map((items) => items * beam);
        expect(taken.map(({ length }) => length)).toEqual(rows);
        expect(steps).toEqual([8, 8 * beam, ...[6, 6, 4, 3, 2, 1].map((items) => items * beam)]);
        expect(taken.at(-1)).toEqual(new Array(beam).fill(turned ? 0 : 7));
      }
    }
  });

  it('gives the same whatever was done beside it', () => {
    const all = watched(lasting, 6);
    const options = { ...base, beam: 2, nBest: 2, maxLength: 8 };
    const together = beamSearch(all.decoder, all.source, { ...options, batch: 6 });
    range(6).forEach((row) => {
      const one = watched((_, before) => lasting(row, before), 1);
      const bare = (found: typeof together) => found.map((each) => each.map(({ tokens, score }) => ({ tokens, score })));
      expect(bare(beamSearch(one.decoder, one.source, { ...options, batch: 1 }))).toEqual(bare([together[row] ?? []]));
    });
  });

  it('and the state are checked to have a row for each of the batch', () => {
    const decoder: Decoder = { initialState: () => ({ h: zeros([2, 3]) }), step: (_, __, state) => ({ logits: zeros([2, 4]), state }) };
    for (const [name, search] of Object.entries({ greedySearch, beamSearch })) {
      expect(() => search(decoder, { x: zeros([3, 1]) }, { ...base, batch: 2 })).toThrow(
        `${name}: source.x must have a row for each of 2 in the batch, got [3, 1]`,
      );
      expect(() => search(decoder, {}, { ...base, batch: 3 })).toThrow(
        `${name}: state.h must have a row for each of 3 in the batch, got [2, 3]`,
      );
      expect(() => search(decoder, { x: 3 } as never, base)).toThrow(
        `${name}: source must be tensors in named groups or lists, got 3 at source.x`,
      );
      expect(() => search(undefined as never, {}, base)).toThrow(`${name}: decoder must have initialState() and step(), got undefined`);
      expect(() => search(((x: unknown) => x) as never, {}, base)).toThrow(`${name}: decoder must have initialState() and step(), got`);
    }
  });

  it('stays where a state held it for a while', () => {
    const decoder: Decoder<{ x: Tensor }, { of: Tensor }> = {
      initialState: ({ x }) => ({ of: x }),
      step: (tokens, { x }, { of }) => ({
        logits: tensor(Array.from(x.toArray(), (n) => [n, 0, shut, 1])),
        state: { of: tokens.size % 2 === 0 && of === x ? zeros([tokens.size]) : x }, // every other step
      }),
    };
    const found = beamSearch(decoder, { x: persist(tensor([3, -3])) }, { ...base, batch: 2, beam: 2, maxLength: 8 });
    expect(found.map(([best]) => best?.tokens)).toEqual([new Array(8).fill(0), new Array(8).fill(3)]);
  });

  it('and what was made of it are freed', () => {
    const before = memoryReport().blocks;
    const { decoder, source } = watched(lasting, 8);
    beamSearch(decoder, source, { ...base, batch: 8, beam: 3, maxLength: 10 });
    sample(decoder, source, { ...base, batch: 8, maxLength: 10, key: key(2), samples: 2 });
    const broken: typeof decoder = { ...decoder, step: (tokens, rows, state) => { if (tokens.size > 8) throw new Error('step: broken, got it'); return decoder.step(tokens, rows, state); } }; // biome-ignore format: one line
    expect(() => beamSearch(broken, source, { ...base, batch: 8, beam: 3 })).toThrow('step: broken, got it');
    expect(() => beamSearch({ ...decoder, initialState: () => ({ h: zeros([1]) }) } as never, source, { ...base, batch: 8 })).toThrow(
      'state.h',
    );
    expect(memoryReport().blocks).toBe(before + 1); // the source itself
    expect(source.rows.x.toNested()).toEqual(range(8));
  });
});

describe('of a step', () => {
  it('a search reads a few numbers a row', () => {
    const [batch, width] = [4, 5000];
    const logits = persist(tensor(Array.from({ length: batch }, (_, row) => Array.from({ length: width }, (__, i) => ((i * 37 + row) % 1009) / 100)))); // biome-ignore format: one line
    const decoder: Decoder = {
      initialState: () => ({}),
      step: (tokens, _, state) => ({ logits: gather(logits, tensor(Int32Array.from(tokens.toArray(), (__, i) => i % batch))), state }),
    };
    const { toArray, peek } = Tensor.prototype;
    let most = 0;
    const watch = (method: typeof toArray) =>
      function (this: Tensor) {
        most = Math.max(most, this.size);
        return method.call(this);
      };
    Object.assign(Tensor.prototype, { toArray: watch(toArray), peek: watch(peek) });
    try {
      const options = { ...base, batch, maxLength: 5, minLength: 5 };
      greedySearch(decoder, {}, { ...base, batch, maxLength: 5 });
      beamSearch(decoder, {}, { ...base, batch, maxLength: 5, beam: 4 });
      sample(decoder, {}, { ...base, batch, maxLength: 5, key: key(1), temperature: 0.5, topK: 20 });
      expect(most).toBeLessThanOrEqual(4 * batch * 4);
      greedySearch(decoder, {}, options);
      expect(most).toBe(batch * width); // rules that name tokens do
    } finally {
      Object.assign(Tensor.prototype, { toArray, peek });
    }
  });
});
