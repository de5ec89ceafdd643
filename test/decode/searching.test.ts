// What both searches keep to: whose memory they free, what they refuse, how their time grows.
import { describe, expect, it } from 'vitest';
import { beamSearch } from '../../src/decode/beam.ts';
import type { Decoded, Decoder } from '../../src/decode/decoder.ts';
import { greedySearch } from '../../src/decode/lines.ts';
import type { SearchOptions } from '../../src/decode/options.ts';
import { Linear } from '../../src/nn/linear.ts';
import type { State } from '../../src/nn/state.ts';
import { gather, mul, reshape } from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { persist, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { at, logSoftmax } from '../equations/plain.ts';
import { base, SYMBOLS, speaker } from '../models/language.ts';

const never = [1];

/** How many elements methods of arrays were called on, in all. */
function visited(fn: () => void): number {
  const { prototype } = Array as unknown as { prototype: Record<string, (...args: unknown[]) => unknown> };
  const names = 'every,filter,find,findIndex,flatMap,forEach,includes,indexOf,map,reduce,some,sort,toSorted,with'.split(',');
  const before = names.map((name) => prototype[name] as (...args: unknown[]) => unknown);
  let count = 0;
  for (const [i, name] of names.entries()) {
    prototype[name] = function (this: unknown[], ...args) {
      count += this.length;
      return before[i]?.apply(this, args);
    };
  }
  try {
    fn();
  } finally {
    for (const [i, name] of names.entries()) prototype[name] = before[i] as (...args: unknown[]) => unknown;
  }
  return count;
}

type Step = (tokens: Tensor, state: State) => Decoded;
type Search = (decoder: Decoder, source: State, options: SearchOptions) => unknown;
/** A decoder that has all in its state. */
const from = (step: Step, initial: State): Decoder => ({ initialState: () => initial, step: (tokens, _, state) => step(tokens, state) });
const searches: Record<string, Search> = { greedySearch, beamSearch };

describe.each(Object.entries(searches))('%s', (name, search) => {
  const run = (step: Step, initial: State, options: Partial<SearchOptions> = {}) =>
    search(from(step, initial), {}, { ...base, batch: 1, ...options });
  const same = (rows: number, logits: readonly number[]) => tensor(Array.from({ length: rows }, () => [...logits]));

  it('never writes what it is told not to, and leaves the other probabilities as they are', () => {
    const options = { ...base, never: [0, 1] };
    const { decoder, source } = speaker(() => [9, 8, 0, 1], 3);
    for (const found of [search(decoder as unknown as Decoder, source(), options)].flat(2) as {
      tokens: number[];
      logProbability: number;
    }[]) {
      expect(found.tokens).toEqual([3, 3, 3, 3]);
      expect(found.logProbability).toBeCloseTo(4 * at(logSoftmax([9, 8, 0, 1]), 3), 4);
    }
  });

  it('gives the step the state it returned, and a hypothesis no trace where there was none', () => {
    const returned: Tensor[] = [];
    const step: Step = (tokens, state) => {
      if (returned.length > 0) expect(state.h).toBe(returned.at(-1)); // nothing is copied where every row goes on
      returned.push(mul(state.h as Tensor, 2));
      return { logits: same(tokens.size, [0, 1, 0.5, 3]), state: { h: returned.at(-1) as Tensor } };
    };
    const found = [run(step, { h: tensor([[1], [2]]) }, { batch: 2 })].flat(2) as { trace: unknown[] }[];
    expect([returned.length, found.map(({ trace }) => trace)]).toEqual([4, [[], []]]);
  });

  it('leaves alive what the step function took from outside', () => {
    const learned = new Linear({ input: 2, output: 1 }, key(1)).weight;
    const [table, cached] = [tensor([[1, 2, 3]]), persist(tensor([[4, 5]]))];
    const given = tensor([[6, 7]]);
    const step: Step = (tokens) => ({
      logits: same(tokens.size, [0, 1, 0.5, 3]),
      state: { learned, group: { table, cached, view: reshape(learned, [1, 2, 1]) } },
    });
    run(step, { given });
    scope(() => run(step, { given }));
    expect([learned, table, cached, given].map(({ storage }) => storage.live)).toEqual([true, true, true, true]);
    expect(Array.from(table.toArray())).toEqual([1, 2, 3]);
  });

  it('leaves alive what the step function made and kept', () => {
    const kept: Tensor[] = [];
    const step: Step = (tokens, state) => {
      if (kept.length > 0) persist(state.h as Tensor);
      kept.push(persist(tensor([[kept.length]])));
      return { logits: same(tokens.size, [0, 1, 0.5, 3]), state: { h: mul(state.h as Tensor, 2), own: kept.at(-1) as Tensor } };
    };
    run(step, { h: persist(tensor([[1]])) });
    expect(kept.map((x) => x.item())).toEqual([0, 1, 2, 3]);
  });

  it('frees what it made, step by step and where the step function throws', () => {
    const initial = { h: persist(tensor([[1, 1]])) };
    const before = memoryReport().blocks;
    let most = 0;
    const step: Step = (tokens, state) => {
      most = Math.max(most, memoryReport().blocks - before);
      return { logits: same(tokens.size, [0, 1, 0.5, 3]), state: { h: mul(state.h as Tensor, 2) } };
    };
    run(step, initial, { maxLength: 50 });
    expect(memoryReport().blocks).toBe(before);
    expect(most).toBeLessThan(6);
    let steps = 0;
    const broken: Step = (tokens, state) => {
      if (++steps === 3) throw new Error('step: broken, got 3');
      return step(tokens, state);
    };
    expect(() => run(broken, initial)).toThrow('step: broken, got 3');
    expect(memoryReport().blocks).toBe(before);
    expect(Array.from(initial.h.toArray())).toEqual([1, 1]);
  });

  it('refuses logits that are no numbers, or leave nothing to write', () => {
    const at = (t: number, wrong: readonly number[], options: Partial<SearchOptions> = {}) => {
      let step = 0;
      return () =>
        run(
          (tokens, state) => ({
            logits: tensor(Array.from({ length: tokens.size }, (_, row) => [...(step === t && row === 1 ? wrong : [0, 1, 0.5, 3])])),
            state: step++ < 0 ? {} : state,
          }),
          {},
          { batch: 2, ...options },
        );
    };
    const { NaN: nan, POSITIVE_INFINITY: up, NEGATIVE_INFINITY: down } = Number;
    for (const wrong of [
      [nan, 0, 0, 0],
      [0, 0, 0, nan],
      [down, nan, down, down],
    ])
      expect(at(0, wrong)).toThrow(`${name}: logits must be numbers below Infinity, got NaN in row 1 at step 0`);
    expect(at(2, [0, up, 0, 0])).toThrow(new RegExp(`^${name}: logits must be numbers below Infinity, got Infinity in row 1 at step 2$`));
    const nothing = `${name}: logits must leave a token that may be written, got -Infinity for all`;
    expect(at(1, [down, down, down, down])).toThrow(`${nothing} in row 1 at step 1`);
    expect(at(1, [down, 5, down, down], { never })).toThrow(`${nothing} in row 1 at step 1`);
    expect(at(1, [down, 5, down, down])).not.toThrow();
  });

  it('refuses logits and traces of another shape', () => {
    const giving = (logits: unknown, trace?: unknown) => () =>
      run((_, state) => ({ logits: logits as Tensor, state, ...(trace ? { trace: trace as Tensor } : {}) }), {}, { batch: 2 });
    const wants = (shape: string, got: string) => `${name}: logits must be float32 ${shape}, got ${got} at step 0`;
    expect(giving(zeros([2, 1, 4]))).toThrow(wants('[2, V]', 'float32 [2, 1, 4]'));
    expect(giving(zeros([1, 4]))).toThrow(wants('[2, V]', 'float32 [1, 4]'));
    expect(giving(zeros([3, 4]))).toThrow(wants('[2, V]', 'float32 [3, 4]'));
    expect(giving(zeros([8]))).toThrow(wants('[2, V]', 'float32 [8]'));
    expect(giving(zeros([2, 4], 'int32'))).toThrow(wants('[2, V]', 'int32 [2, 4]'));
    expect(giving([0, 0])).toThrow(wants('[2, V]', '[0, 0]'));
    expect(giving(undefined)).toThrow(wants('[2, V]', 'undefined'));
    expect(giving(zeros([2, 2]))).toThrow(`${name}: end must be one of the 2 tokens that logits are for, got 2`);
    expect(giving(zeros([2, 4]), zeros([1, 3]))).toThrow(`${name}: trace must be float32 [2, 3], got float32 [1, 3] at step 0`);
    expect(giving(zeros([2, 4]), 'text')).toThrow(`${name}: trace must be float32 [2], got 'text' at step 0`);
    let width = 4;
    expect(() => run((tokens, state) => ({ logits: zeros([tokens.size, width++]), state }), {})).toThrow(
      `${name}: logits must be float32 [1, 4], got float32 [1, 5] at step 1`,
    );
  });

  it('refuses a state that is none, before the first step and after', () => {
    const x = zeros([1, 2]);
    const around: Record<string, unknown> = { x };
    around.self = around;
    const wrong: [unknown, string][] = [
      [{ h: x, t: 3 }, '3 at state.t'],
      [{ deep: { down: null } }, 'null at state.deep.down'],
      [null, 'null at state'],
      [undefined, 'undefined at state'],
      [{ h: undefined }, 'undefined at state.h'],
      [{ h: new Map() }, 'an object at state.h'],
      [around, 'the group itself at state.self'],
    ];
    for (const [state, got] of wrong) {
      const logits = () => tensor([[0, 0, 1, 0]]);
      const text = `${name}: state must be tensors in named groups or lists, got `;
      expect(() => run((_, s) => ({ logits: logits(), state: s }), state as State)).toThrow(text);
      expect(() => run((_, s) => ({ logits: logits(), state: s }), state as State)).toThrow(got);
      expect(() => run(() => ({ logits: logits(), state: state as State }), {})).toThrow(got);
    }
  });

  it('makes nothing of the greatest length up front', () => {
    const before = memoryReport();
    const step: Step = (tokens, state) => ({ logits: same(tokens.size, [0, 0, 1, 0]), state });
    const options = { maxLength: 2 ** 40, ...(name === 'beamSearch' ? { lengthPenalty: 0.6 } : {}) };
    run(step, {}, options);
    expect(memoryReport().blocks).toBe(before.blocks);
    expect(memoryReport().peak - before.bytes).toBeLessThan(before.peak - before.bytes + 4096);
  });

  it('looks at as many elements as the batch has, and not at all others for each', () => {
    const step: Step = (tokens, state) => ({ logits: zeros([tokens.size, SYMBOLS]), state });
    const work = (batch: number) => visited(() => run(step, {}, { batch, maxLength: 2 }));
    // Eight times the rows: eight times the elements, or 64 times where each row looks at all others.
    expect(work(800) / work(100)).toBeLessThan(9);
    run(step, {}, { batch: 100_000, maxLength: 1 });
  });

  it('says which option is wrong', () => {
    const step: Step = (tokens, state) => ({ logits: zeros([tokens.size, SYMBOLS]), state });
    const wrong: [Record<string, unknown>, string][] = [
      [{ batch: 1.5 }, 'batch must be a whole number from 0, got 1.5'],
      [{ start: undefined }, 'start must be a whole number from 0, got undefined'],
      [{ end: Number.NaN }, 'end must be a whole number from 0, got NaN'],
      [{ maxLength: 0 }, 'maxLength must be a whole number from 1, got 0'],
      [{ maxLength: null }, 'maxLength must be a whole number from 1, got null'],
      [{ never: 0 }, 'never must be whole numbers from 0, got 0'],
      [{ never: [-1] }, 'never must be whole numbers from 0, got [-1]'],
      [{ never: [0.5] }, 'never must be whole numbers from 0, got [0.5]'],
      [{ beams: 4 }, 'options must be among batch, start, end, maxLength, never'],
      ...(name === 'beamSearch'
        ? ([
            [{ beam: 0 }, 'beam must be a whole number from 1, got 0'],
            [{ beam: null }, 'beam must be a whole number from 1, got null'],
            [{ beam: 2, nBest: 3 }, 'nBest must be at most beam, got 3 of 2'],
            [{ lengthPenalty: -1 }, 'lengthPenalty must be 0 or more, got -1'],
            [{ lengthPenalty: Number.POSITIVE_INFINITY }, 'lengthPenalty must be 0 or more, got Infinity'],
          ] as [Record<string, unknown>, string][])
        : []),
    ];
    for (const [options, text] of wrong) expect(() => run(step, {}, options as Partial<SearchOptions>)).toThrow(`${name}: ${text}`);
  });
});

describe('a state of another number of rows', () => {
  it('is refused where its rows have to follow the hypotheses', () => {
    const table = zeros([5, 2]);
    const step: Step = (tokens) => ({ logits: zeros([tokens.size, SYMBOLS]), state: { memory: { table } } });
    expect(() => beamSearch(from(step, {}), {}, { ...base, batch: 1, beam: 2 })).toThrow(
      'beamSearch: state.memory.table must have a row for each of 1 hypotheses, got [5, 2]',
    );
    expect(Array.from(gather(table, tensor(Int32Array.of(4))).toArray())).toEqual([0, 0]);
  });
});

describe('greedySearch', () => {
  it('feeds the end to rows that ended, and looks at nothing that comes of it', () => {
    const fed: number[][] = [];
    const step: Step = (tokens, state) => {
      fed.push(Array.from(tokens.toArray()));
      const first = fed.length === 1 ? [0, 0, 9, 0] : new Array<number>(4).fill(Number.NaN);
      return { logits: tensor([first, [0, 0, 0, 9]]), state };
    };
    const found = greedySearch(from(step, {}), {}, { ...base, batch: 2 });
    expect(found.map(({ tokens, ended }) => ({ tokens, ended }))).toEqual([
      { tokens: [], ended: true },
      { tokens: [3, 3, 3, 3], ended: false },
    ]);
    expect(fed).toEqual([
      [1, 1],
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
  });
});

describe('beamSearch', () => {
  it('says which row of the batch has logits that are no numbers, where others have ended', () => {
    let t = 0;
    const step: Step = (tokens, state) => ({
      logits: tensor(t++ === 0 ? [[0, 0, 9, 0], [0, 0, 0, 9]] : Array.from({ length: tokens.size }, () => [0, 0, 0, Number.NaN])), // biome-ignore format: rows
      state,
    });
    expect(() => beamSearch(from(step, {}), {}, { ...base, batch: 2 })).toThrow('got NaN in row 0 at step 1 (row 1 of the batch)');
  });

  it('refuses a length penalty under which all scores would be 0', () => {
    const step: Step = (tokens, state) => ({ logits: zeros([tokens.size, SYMBOLS]), state });
    const options = { ...base, batch: 1, maxLength: 2 ** 40 };
    expect(() => beamSearch(from(step, {}), {}, { ...options, maxLength: 40, lengthPenalty: 600 })).toThrow(
      'beamSearch: lengthPenalty must keep ((5 + length) / 6)^α in float32, got 600 at step 1',
    );
    expect(beamSearch(from(step, {}), {}, { ...options, lengthPenalty: 4, never: [0, 1, 3] })[0]?.length).toBe(1); // no sentence is so long
  });
});
