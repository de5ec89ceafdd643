// What searches refuse, word for word, and what they free on long runs.
import { describe, expect, it } from 'vitest';
import { type BeamOptions, beamSearch } from '../../src/decode/beam.ts';
import type { Decoder, Hypothesis } from '../../src/decode/decoder.ts';
import { ensemble } from '../../src/decode/ensemble.ts';
import { generate } from '../../src/decode/generate.ts';
import { greedySearch } from '../../src/decode/lines.ts';
import { type SampleOptions, sample } from '../../src/decode/sample.ts';
import { Stepper } from '../../src/decode/stepper.ts';
import { add } from '../../src/ops/index.ts';
import type { Storage } from '../../src/runtime/storage.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { base, drawn, speaker } from '../models/language.ts';

const BATCH = 2;
const { decoder, source } = speaker(drawn(1), BATCH);
const options = { ...base, batch: BATCH, maxLength: 3 };
const beam = (more: Partial<BeamOptions>) => () => beamSearch(decoder, source(), { ...options, beam: 2, ...more });
const drawing = (more: Partial<SampleOptions>) => () => sample(decoder, source(), { ...options, key: key(1), ...more });
const wrong = <T>(value: unknown) => value as T;

/** A decoder of one row that never ends, and what it attends to. */
const endless = (look?: () => Tensor): Decoder<{ row: Tensor }, { at: Tensor }> => ({
  initialState: ({ row }) => ({ at: zeros([row.shape[0] as number]) }),
  step: (_tokens, { row }, { at }) => ({
    logits: tensor(Array.from(row.toArray(), () => [1, 0, -9, 0])),
    state: { at: add(at, 1) },
    ...(look && { trace: look() }),
  }),
});
const first = (found: readonly (readonly Hypothesis[])[]) => found[0]?.[0] as Hypothesis;
const rowsOf = (count: number) => ({ row: zeros([count]) });

describe('a processor', () => {
  const given = (y: unknown) => () => greedySearch(decoder, source(), { ...options, adjust: [() => wrong<Tensor>(y)] });

  it('gives float32 logits of the same shape', () => {
    const says = 'greedySearch: a processor must give float32 [2, 4], got';
    expect(given(undefined)).toThrow(`${says} undefined at step 0`);
    expect(given([[1, 2, 3, 4]])).toThrow(`${says} `);
    expect(given(zeros([2, 4], 'int32'))).toThrow(`${says} int32 [2, 4] at step 0`);
    expect(given(zeros([2, 3]))).toThrow(`${says} float32 [2, 3] at step 0`);
    expect(given(zeros([3, 4]))).toThrow(`${says} float32 [3, 4] at step 0`);
    expect(given(zeros([2]))).toThrow(`${says} float32 [2] at step 0`);
    expect(given(zeros([2, 4, 1]))).toThrow(`${says} float32 [2, 4, 1] at step 0`);
  });

  it('leaves numbers below Infinity', () => {
    const nan = (row: number) => () => {
      const values = [[1, 2, 3, 4], [1, 2, 3, 4]]; // biome-ignore format: rows
      (values[row] as number[]).fill(Number.NaN);
      return tensor(values);
    };
    for (const row of [0, 1]) {
      expect(() => greedySearch(decoder, source(), { ...options, constrain: [nan(row)] })).toThrow(
        `greedySearch: logits must be numbers below Infinity, got NaN in row ${row} at step 0`,
      );
    }
  });
});

describe('options of searches', () => {
  it('are of their kinds', () => {
    for (const penalty of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(beam({ repetitionPenalty: penalty })).toThrow(`beamSearch: repetitionPenalty must be a number above 0, got ${penalty}`);
    }
    expect(beam({ adjust: wrong([(x: Tensor) => x, 'sharper']) })).toThrow('beamSearch: adjust must be a list of functions, got');
    expect(beam({ prefix: [[0], [0, base.end]] })).toThrow('beamSearch: prefix must be without the end, got one with 2');
    for (const prefix of [[-1], [1.5], [[0], ['0']], 'ab']) {
      expect(beam({ prefix: wrong(prefix) })).toThrow('beamSearch: prefix must be whole numbers from 0, got');
    }
    expect(beam({ prefix: [base.end, 0] })).toThrow('beamSearch: prefix must be without the end, got one with 2');
    for (const heat of [-1, 1e-31, 2e30, '1']) {
      expect(drawing({ temperature: wrong(heat) })).toThrow('sample: temperature must be 0, or a number from 1e-30 to 1e30, got');
    }
    for (const mass of [0, 1.1, '0.5']) {
      expect(drawing({ topP: wrong(mass) })).toThrow('sample: topP must be above 0 and at most 1, got');
    }
    for (const yieldEvery of [-1, '9', Number.NaN]) {
      expect(() => generate(decoder, source(), { ...options, yieldEvery: wrong(yieldEvery) })).toThrow(
        'generate: yieldEvery must be a number from 0, got',
      );
    }
    for (const signal of [null, {}]) {
      expect(() => generate(decoder, source(), { ...options, signal: wrong(signal) })).toThrow(
        'generate: signal must be an AbortSignal, got',
      );
    }
  });

  it('name the search that was called', async () => {
    const late = { ...options, end: 9 };
    expect(() => greedySearch(decoder, source(), late)).toThrow('greedySearch: end must be one of the 4 tokens');
    expect(() => sample(decoder, source(), { ...late, key: key(1) })).toThrow('sample: end must be one of the 4 tokens');
    await expect(generate(decoder, source(), late).next()).rejects.toThrow('generate: end must be one of the 4 tokens');
    expect(() => sample(decoder, source(), { ...options, key: [key(1)] })).toThrow(
      'sample: key must be one, or one for each of 2 rows, got 1',
    );
    await expect(generate(decoder, source(), { ...options, key: [key(1)] }).next()).rejects.toThrow(
      'generate: key must be one, or one for each of 2 rows, got 1',
    );
  });
});

describe('coverage', () => {
  const scored = (look: (() => Tensor) | undefined, more: Partial<BeamOptions> = {}) =>
    beamSearch(endless(look), rowsOf(1), { ...options, batch: 1, coveragePenalty: 1, ...more });

  it('refuses masks of another kind', () => {
    const says = 'coverageMask must be bool [B, S], got';
    for (const mask of [zeros([2, 3]), zeros([2], 'bool'), zeros([2, 3, 1], 'bool'), [[true]]]) {
      expect(beam({ coveragePenalty: 1, coverageMask: wrong(mask) })).toThrow(`beamSearch: ${says}`);
    }
    expect(beam({ coveragePenalty: 1, coverageMask: zeros([3, 2], 'bool') })).toThrow(
      'beamSearch: coverageMask must have a row for each of 2 in the batch, got [3, 2]',
    );
  });

  it('needs traces of places, or of heads and places', () => {
    const says = 'beamSearch: coveragePenalty needs traces';
    expect(() => scored(undefined)).toThrow(`${says} [N, S], or of heads, got none`);
    expect(() => scored(() => zeros([1]))).toThrow(`${says} [N, S], or of heads, got none`);
    expect(() => scored(() => zeros([1, 2, 2, 3]))).toThrow(`${says} [N, S], or of heads, got rows of [2, 2, 3]`);
    expect(() => scored(() => zeros([1, 3]), { coverageMask: zeros([1, 2], 'bool') })).toThrow(
      `${says} [N, 2], or of heads, got rows of [3]`,
    );
  });

  it('is of the mean over heads', () => {
    const heads = () => tensor([[[0.25, 0.5, 0.25], [0.75, 0, 0.25]]]); // biome-ignore format: heads
    const found = first(scored(heads, { maxLength: 1 }));
    expect(found.score - found.logProbability).toBeCloseTo(Math.log(0.5) + 2 * Math.log(0.25), 5);
    const mask = tensor([[true, false, true]]);
    const some = first(scored(heads, { maxLength: 1, coverageMask: mask }));
    expect(some.score - some.logProbability).toBeCloseTo(Math.log(0.5) + Math.log(0.25), 5);
  });
});

describe('an ensemble', () => {
  it('of decoders that show nothing shows nothing', () => {
    const found = first(beamSearch(ensemble([endless(), endless()]), { each: [rowsOf(1), rowsOf(1)] }, { ...options, batch: 1 }));
    expect(found.tokens).toEqual([0, 0, 0]);
    expect(found.trace).toEqual([]);
  });

  it('says what is missing', () => {
    const two = ensemble([decoder, decoder]);
    expect(() => two.initialState(wrong({}))).toThrow("ensemble: source must have each of 2 members', got undefined");
    const sources = { each: [source(), source()] };
    const { each } = two.initialState(sources);
    expect(() => two.step(zeros([BATCH], 'int32'), sources, { each: each.slice(1) })).toThrow(
      "ensemble: state must have each of 2 members', got 1",
    );
  });
});

describe('a decoder', () => {
  it('has both of its functions', () => {
    for (const half of [undefined, null, {}, { step: decoder.step }, { initialState: decoder.initialState }]) {
      expect(() => greedySearch(wrong<typeof decoder>(half), source(), options)).toThrow(
        'greedySearch: decoder must have initialState() and step(), got',
      );
    }
  });

  it('says what it shows in tensors', () => {
    const odd = { ...endless(() => wrong<Tensor>(null)) };
    expect(() => greedySearch(odd, rowsOf(1), { ...options, batch: 1 })).toThrow(
      'greedySearch: trace must be float32 [1], got null at step 0',
    );
  });
});

describe('rows that are done', () => {
  const rows = 6; // one of six is too few to be left out
  const early: Decoder<{ row: Tensor }, { at: Tensor }> = {
    initialState: ({ row }) => ({ at: zeros([row.shape[0] as number]) }),
    step: (tokens, { row }, { at }) => {
      const last = tokens.toArray();
      const first = Array.from(row.toArray(), (_, i) => i % rows === 0);
      const said = first.map((is, i) => (last[i] === base.end ? new Array<number>(4).fill(Number.NaN) : is ? [0, 0, 9, 0] : [3, 0, 0, 2]));
      return { logits: tensor(said), state: { at } };
    },
  };

  it('are fed the end, and nothing that they give matters', () => {
    const seen: (readonly number[])[][] = [];
    const watch = (logits: Tensor, { tokens }: { tokens(row: number): readonly number[] }) => {
      seen.push(Array.from({ length: logits.shape[0] as number }, (_, row) => tokens(row)));
      return logits;
    };
    const given = { ...options, batch: rows, constrain: [watch] };
    for (const found of [beamSearch(early, rowsOf(rows), given).map(([best]) => best), greedySearch(early, rowsOf(rows), given)]) {
      expect(found.map((best) => best?.tokens)).toEqual([[], ...new Array<number[]>(5).fill([0, 0, 0])]);
    }
    expect(seen).toHaveLength(6);
    expect(seen[2]?.map((tokens) => tokens.length)).toEqual([0, 2, 2, 2, 2, 2]);
  });

  it('may be stuck where another hypothesis goes on', () => {
    const onlyAfterThree = (logits: Tensor, { tokens }: { tokens(row: number): readonly number[] }) => {
      const values = logits.toArray();
      for (let row = 0; row < values.length / 4; row++)
        if (tokens(row).at(-1) === 0) values.fill(Number.NEGATIVE_INFINITY, row * 4, row * 4 + 4);
      return tensor(values, { shape: logits.shape });
    };
    const given = { ...options, batch: 1, never: [1, 2], beam: 2, constrain: [onlyAfterThree] };
    const best = first(beamSearch(endless(), rowsOf(1), given));
    expect(best.tokens).toEqual([3, 3, 0]);
  });
});

describe('generate', () => {
  const counted = async (yieldEvery: number) => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const steps = generate(endless(), rowsOf(1), { ...options, batch: 1, maxLength: 200, yieldEvery });
    for await (const _ of steps);
    clearInterval(timer);
    return turns;
  };

  it('lets others work as often as asked', async () => {
    expect(await counted(Number.POSITIVE_INFINITY)).toBe(0);
    expect(await counted(0)).toBeGreaterThan(1);
  });
});

describe('a long search', () => {
  it('keeps a list of what it still owns, and none of what it freed', () => {
    const stepper = new Stepper('greedySearch', endless(), rowsOf(1), { batch: 1, end: 2 });
    const made: readonly Storage[] = Reflect.get(stepper, 'made');
    const lengths = Array.from({ length: 400 }, () => {
      stepper.take([0], () => null);
      return made.length;
    });
    expect(Math.max(...lengths)).toBe(63);
    const live = made.filter((storage) => storage.live);
    expect(live).toHaveLength(1); // the state
    stepper.close();
    expect(live.map((storage) => storage.live)).toEqual([false]);
  });
});
