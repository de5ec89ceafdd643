// Each processor by itself: which logits it leaves, and what becomes of the others.
import { describe, expect, it } from 'vitest';
import {
  type DecodingContext,
  forced,
  type LogitsProcessor,
  minLength,
  never,
  noRepeatNgram,
  repetitionPenalty,
  temperature,
  topK,
  topP,
} from '../../src/decode/processors.ts';
import { tensor } from '../../src/tensor/create.ts';
import { at, dice, range, softmax, total } from '../equations/plain.ts';

const { NEGATIVE_INFINITY: SHUT } = Number;

/** After these texts, of these rows of the batch. */
const written = (texts: readonly (readonly number[])[], items = range(texts.length)): DecodingContext => ({
  step: texts[0]?.length ?? 0,
  items,
  tokens: (row) => at(texts, row),
});

const run = (process: LogitsProcessor, logits: readonly (readonly number[])[], context = written(logits.map(() => []))) => {
  const given = tensor(logits);
  const result = process(given, context).toNested() as number[][];
  expect(given.toNested()).toEqual(tensor(logits).toNested()); // what it was given stays
  return result;
};

/** The tokens that may be written. */
const open = (rows: readonly (readonly number[])[]) => rows.map((row) => [...row.keys()].filter((i) => at(row, i) > SHUT));

describe('rules of tokens', () => {
  const flat = [[1, 2, 3, 4], [5, 6, 7, 8]]; // biome-ignore format: rows

  it('never: shuts tokens, in every row', () => {
    expect(run(never([0, 3, 17]), flat)).toEqual([[SHUT, 2, 3, SHUT], [SHUT, 6, 7, SHUT]]); // biome-ignore format: rows
  });

  it('minLength: shuts the end until there are enough tokens', () => {
    const text = (length: number) => written([new Array<number>(length).fill(1), new Array<number>(length).fill(0)]);
    for (const length of [0, 1, 2]) expect(open(run(minLength(3, 2), flat, text(length)))).toEqual([[0, 1, 3], [0, 1, 3]]); // biome-ignore format: rows
    for (const length of [3, 4]) expect(run(minLength(3, 2), flat, text(length))).toEqual(flat);
  });

  it('noRepeatNgram: shuts what would make n tokens come again', () => {
    const texts = written([[0, 1, 0, 1, 3], [3, 1, 2, 3, 1]]); // biome-ignore format: rows
    const left = (n: number) => open(run(noRepeatNgram(n), flat, texts));
    expect(left(1)).toEqual([[2], [0]]); // each once
    expect(left(2)).toEqual([[0, 1, 2, 3], [0, 1, 3]]); // biome-ignore format: rows
    expect(left(3)).toEqual([[0, 1, 2, 3], [0, 1, 3]]); // biome-ignore format: rows
    expect(left(4)).toEqual([[0, 1, 2, 3], [0, 1, 2, 3]]); // biome-ignore format: rows
    expect(open(run(noRepeatNgram(2), flat, written([[0, 0], [0, 1]])))).toEqual([[1, 2, 3], [0, 1, 2, 3]]); // biome-ignore format: rows
    expect(open(run(noRepeatNgram(3), flat, written([[0, 0], [1, 1]])))).toEqual([[0, 1, 2, 3], [0, 1, 2, 3]]); // biome-ignore format: rows
    expect(open(run(noRepeatNgram(1), flat, written([[0], [1]])))).toEqual([[1, 2, 3], [0, 2, 3]]); // biome-ignore format: rows
  });

  it('forced: leaves the token whose time it is, of each row of the batch', () => {
    const three = [...flat, [0, 0, SHUT, 1]];
    const process = forced([[3, 0], [], [2]]);
    expect(open(run(process, three, written([[], [], []])))).toEqual([[3], [0, 1, 2, 3], []]);
    expect(open(run(process, three, written([[3], [1], [2]])))).toEqual([[0], [0, 1, 2, 3], [0, 1, 3]]);
    expect(open(run(process, three, written([[3], [3], [3]], [0, 0, 1])))).toEqual([[0], [0], [0, 1, 3]]);
    expect(run(process, flat, written([[], []]))).toEqual([[SHUT, SHUT, SHUT, 4], [5, 6, 7, 8]]); // biome-ignore format: rows
    expect(run(forced([[3]]), flat, written([[], []]))).toEqual([[SHUT, SHUT, SHUT, 4], [5, 6, 7, 8]]); // biome-ignore format: rows
    expect(() => run(forced([[2]]), [[1, 2]])).toThrow('forced: tokens must be below 2, got 2 at 0');
    expect(() => run(forced([[9]]), [[1, 2]])).toThrow('forced: tokens must be below 2, got 9 at 0');
    expect(() => forced([[0], [-1]])).toThrow('forced: prefix 1 must be whole numbers from 0, got [-1]');
  });

  it('repetitionPenalty: makes what was written less likely, each token once', () => {
    const logits = [[2, -2, 0, SHUT], [3, 3, -3, 1]]; // biome-ignore format: rows
    const texts = written([[0, 1, 0, 3], [2, 2, 2, 2]]); // biome-ignore format: rows
    expect(run(repetitionPenalty(4), logits, texts)).toEqual([[0.5, -8, 0, SHUT], [3, 3, -12, 1]]); // biome-ignore format: rows
    expect(run(repetitionPenalty(1), logits, texts)).toEqual(logits);
  });
});

describe('temperature', () => {
  it('is softmax of logits divided by it', () => {
    const logits = [[1, 2, 4, SHUT], [0, -50, 7, 7]]; // biome-ignore format: rows
    for (const value of [0.1, 0.7, 1, 3]) {
      run(temperature(value), logits).forEach((row, i) => {
        const wanted = softmax(at(logits, i).map((x) => x / value));
        softmax(row).forEach((p, token) => expect(p).toBeCloseTo(at(wanted, token), 6));
      });
    }
  });

  it('keeps finite what is large, and 0 leaves the likeliest, the smaller of two', () => {
    for (const value of [1e-30, 1e-10, 1e30]) {
      const [row] = run(temperature(value), [[3e38, -3e38, 0, 3e38]]) as [number[]];
      expect([row[0], row[3]]).toEqual([0, 0]);
      expect(row.some(Number.isNaN)).toBe(false);
    }
    const [low] = run(temperature(1e-10), [[0, 1, 1], [9e9, 0, 0]]) as [number[]]; // biome-ignore format: rows
    expect(low).toEqual([Math.fround(-1e10), 0, 0]); // each row by its own largest
    expect(run(temperature(1), [[1, 2, 4]])).toEqual([[1, 2, 4]]);
    expect(open(run(temperature(0), [[1, 3, 3, 0], [SHUT, SHUT, -9, SHUT]]))).toEqual([[1], [2]]); // biome-ignore format: rows
  });
});

describe('topK and topP', () => {
  /** Softmax in linear time. */
  const shares = (row: readonly number[]) => {
    const sum = total(row.map(Math.exp));
    return row.map((x) => Math.exp(x) / sum);
  };
  const uneven = (rows: number, width: number) => {
    const next = dice(rows * width);
    return range(rows).map(() => range(width).map(() => Math.fround(6 * next())));
  };

  it('keep the likeliest k, of equals the smaller token', () => {
    expect(
      open(
        run(topK(2), [
          [1, 3, 2, 3],
          [0, 0, 0, 0],
          [SHUT, 5, SHUT, SHUT],
        ]),
      ),
    ).toEqual([[1, 3], [0, 1], [1]]);
    for (const k of [1, 7, 40]) {
      const logits = uneven(3, 50);
      const order = logits.map((row) => range(50).sort((a, b) => at(row, b) - at(row, a)).slice(0, k).sort((a, b) => a - b)); // biome-ignore format: one line
      expect(open(run(topK(k), logits))).toEqual(order);
    }
    expect(run(topK(9), [[1, 2]])).toEqual([[1, 2]]);
  });

  it('keep as few as have the mass, of equals the smaller tokens', () => {
    expect(open(run(topP(0.5), [[0, 0, 0, 0]]))).toEqual([[0, 1]]);
    expect(open(run(topP(0.51), [[0, 0, 0, 0]]))).toEqual([[0, 1, 2]]);
    expect(open(run(topP(1e-9), [[0, 1, 1, 0]]))).toEqual([[1]]);
    expect(open(run(topP(0.9), [[SHUT, 5, SHUT, 5], [SHUT, SHUT, SHUT, SHUT]]))).toEqual([[1, 3], []]); // biome-ignore format: rows
    expect(run(topP(1), [[0, -80, 3]])).toEqual([[0, -80, 3]]);
  });

  it.each([10, 64, 65, 400, 3000])('keep it among %i tokens, in few of them or in most', (width) => {
    for (const [mass, sharp] of [
      [0.3, 1],
      [0.9, 1],
      [0.95, 0.01],
      [0.5, 4],
    ] as const) {
      // biome-ignore format: one line
      const logits = uneven(3, width).map((row, i) => row.map((x) => (i === 1 ? Math.fround(Math.round(sharp * x)) : Math.fround(sharp * x))));
      const wanted = logits.map((row) => {
        const p = shares(row);
        const order = range(width).sort((a, b) => at(p, b) - at(p, a) || a - b);
        let [kept, sum] = [0, 0];
        while (sum < mass) sum += at(p, order[kept++] as number);
        return order.slice(0, kept).sort((a, b) => a - b);
      });
      const got = open(run(topP(mass), logits));
      got.forEach((tokens, row) => {
        // The sums are of float32 probabilities: one token more or less at the very edge.
        expect(Math.abs(tokens.length - at(wanted, row).length)).toBeLessThanOrEqual(1);
        const p = shares(at(logits, row));
        const set = new Set(at(wanted, row));
        const both = tokens.filter((token) => set.has(token)).length;
        expect(both).toBe(Math.min(tokens.length, at(wanted, row).length));
        expect(total(tokens.map((token) => at(p, token)))).toBeGreaterThanOrEqual(mass - 1e-5);
      });
    }
  });
});

describe('processors', () => {
  it('say what they cannot be made of', () => {
    const wrong: [() => unknown, string][] = [
      [() => never([0.5]), 'never: tokens must be whole numbers from 0, got [0.5]'],
      [() => minLength(-1, 2), 'minLength: length must be a whole number from 0, got -1'],
      [() => minLength(1, Number.NaN), 'minLength: end must be a whole number from 0, got NaN'],
      [() => noRepeatNgram(0), 'noRepeatNgram: n must be a whole number from 1, got 0'],
      [() => repetitionPenalty(0), 'repetitionPenalty: penalty must be a number above 0, got 0'],
      [() => temperature(-1), 'temperature: value must be 0, or a number from 1e-30 to 1e30, got -1'],
      [() => topK(0), 'topK: k must be a whole number from 1, got 0'],
      [() => topP(0), 'topP: mass must be above 0 and at most 1, got 0'],
    ];
    for (const [make, text] of wrong) expect(make).toThrow(text);
  });
});
