import { describe, expect, it } from 'vitest';
import { beamSearch, type DecodeStep, greedySearch } from '../../src/models/decode.ts';
import { gather, logSoftmax, reshape } from '../../src/ops/index.ts';
import { memory } from '../../src/runtime/storage.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, key, randomInt } from '../../src/tensor/random.ts';
import { persist } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const SYMBOLS = 4; // 0 and 3 are ordinary, 1 starts, 2 ends
const END = 2;

/** A language in which the next token depends on the last one and on how many there were: the logits are a table drawn from a key. */
function language(seed: number, batch: number, maxLength: number) {
  const from = key(seed);
  const logits = (row: number, t: number, last: number) =>
    Array.from({ length: SYMBOLS }, (_, next) => (5 * randomInt(foldIn(from, row * 1000 + t * 10 + last), next, 2 ** 30)) / 2 ** 30);
  // state: [row of the table, steps so far] for each row
  const step: DecodeStep<{ at: Tensor; memory: { row: Tensor } }> = (tokens, state) => {
    const at = state.at.toArray();
    const row = state.memory.row.toArray();
    const last = tokens.toArray();
    const values = Array.from(at, (t, i) => logits(row[i] as number, t, last[i] as number));
    return {
      logits: tensor(values),
      state: { at: tensor(Int32Array.from(at, (t) => t + 1)), memory: state.memory },
      trace: tensor(Array.from(at, (t, i) => [row[i] as number, t])),
    };
  };
  const initial = () => ({
    at: persist(tensor(new Int32Array(batch))),
    memory: { row: persist(tensor(Int32Array.from({ length: batch }, (_, i) => i))) },
  });
  /** Every sequence of row `row` with its log-probability, best first. */
  const all = (row: number, alpha: number) => {
    const found: { tokens: number[]; score: number; ended: boolean }[] = [];
    const visit = (tokens: number[], total: number) => {
      const table = logSoftmax(tensor([logits(row, tokens.length, tokens.at(-1) ?? 1)])).toArray();
      for (let next = 0; next < SYMBOLS; next++) {
        const sum = total + (table[next] as number);
        const score = sum / ((5 + tokens.length + 1) / 6) ** alpha;
        if (next === END) found.push({ tokens, score, ended: true });
        else if (tokens.length + 1 === maxLength) found.push({ tokens: [...tokens, next], score, ended: false });
        else visit([...tokens, next], sum);
      }
    };
    visit([], 0);
    return found.sort((a, b) => b.score - a.score);
  };
  return { step, initial, all };
}

const options = { batch: 3, start: 1, end: END, maxLength: 4 };

describe('beam search', () => {
  it('of width 1 is greedy search', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { step, initial } = language(seed, 3, 4);
      const beams = beamSearch(step, initial(), options);
      const greedy = greedySearch(step, initial(), options);
      expect(beams.map(([first]) => first)).toEqual(
        greedy.map((result) => ({
          ...result,
          score: expect.closeTo(result.score, 5),
          logProbability: expect.closeTo(result.logProbability, 5),
        })),
      );
    }
  });

  it.each([0, 0.6, 1.5])('is exhaustive search where the beam is as wide as the language (length penalty %f)', (alpha) => {
    for (let seed = 0; seed < 8; seed++) {
      const { step, initial, all } = language(seed, 2, 4);
      const found = beamSearch(step, initial(), { ...options, batch: 2, beam: 300, nBest: 10, lengthPenalty: alpha });
      found.forEach((list, row) => {
        const wanted = all(row, alpha).slice(0, 10);
        expect(list.map(({ tokens, ended }) => ({ tokens, ended }))).toEqual(wanted.map(({ tokens, ended }) => ({ tokens, ended })));
        list.forEach(({ score }, i) => expect(score).toBeCloseTo(wanted[i]?.score as number, 4));
      });
    }
  });

  it('finds more with a wider beam, and never less', () => {
    let better = 0;
    for (let seed = 0; seed < 30; seed++) {
      const { step, initial } = language(seed, 3, 6);
      const narrow = beamSearch(step, initial(), { ...options, maxLength: 6 });
      const wide = beamSearch(step, initial(), { ...options, maxLength: 6, beam: 64 });
      wide.forEach(([first], row) => {
        const gain = (first?.score ?? 0) - (narrow[row]?.[0]?.score ?? 0);
        expect(gain).toBeGreaterThanOrEqual(0);
        if (gain > 0) better++;
      });
    }
    expect(better).toBeGreaterThan(10);
  });

  it('keeps the trace of each token and reorders the state with the hypotheses', () => {
    const { step, initial } = language(5, 3, 4);
    for (const list of beamSearch(step, initial(), { ...options, beam: 5, nBest: 3 }).entries()) {
      for (const { tokens, trace } of list[1]) {
        expect(trace.map((row) => Array.from(row))).toEqual(tokens.map((_, t) => [list[0], t]));
      }
    }
  });

  it('leaves nothing behind', () => {
    const { step, initial } = language(1, 3, 4);
    const state = initial();
    const before = memory().blocks;
    beamSearch(step, state, { ...options, beam: 3 });
    greedySearch(step, state, options);
    expect(memory().blocks).toBe(before);
    expect(reshape(gather(state.memory.row, tensor(Int32Array.of(2))), []).item()).toBe(2);
  });

  it('says what is wrong', () => {
    const { step, initial } = language(1, 3, 4);
    expect(() => beamSearch(step, initial(), { ...options, beam: 0 })).toThrow('beamSearch: beam must be a whole number from 1, got 0');
    expect(() => beamSearch(step, initial(), { ...options, beam: 2, nBest: 3 })).toThrow(
      'beamSearch: nBest must be at most beam, got 3 of 2',
    );
    expect(() => beamSearch(step, initial(), { ...options, lengthPenalty: -1 })).toThrow(
      'beamSearch: lengthPenalty must be 0 or more, got -1',
    );
  });
});
