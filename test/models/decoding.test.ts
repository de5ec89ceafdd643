// How encoder-decoder models decode under rules, by drawing, and step by step.
import { describe, expect, it } from 'vitest';
import { beamSearch } from '../../src/decode/beam.ts';
import { greedySearch } from '../../src/decode/lines.ts';
import type { LogitsProcessor } from '../../src/decode/processors.ts';
import { type Drawing, sample } from '../../src/decode/sample.ts';
import type { EncoderDecoder } from '../../src/models/seq2seq/encoder-decoder.ts';
import { tokenMask } from '../../src/models/tokens.ts';
import { logSoftmax, pick, sum } from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list, sentences } from '../nn/row.ts';
import { SYMBOLS, translators } from './table.ts';

const [S, T] = [5, 6];
const BATCH = [0, 1, 2, 3, 4];
const [START, END] = [1, 2];
const source = (examples: readonly number[] = BATCH) => sentences(examples, S, SYMBOLS, 1);
const int = (row: number[]) => tensor(Int32Array.from(row), { shape: [1, row.length] });
const search = { batch: BATCH.length, start: START, end: END, never: [0, 1], maxLength: T };

/** Leaves nothing for the collector, so that blocks can be counted. */
const scoped = (fn: () => void) => () => scope(fn);

describe.each(translators.map((row) => [row.name, row.build] as const))('%s', (_, build) => {
  const model = build(key(1)) as EncoderDecoder;

  it(
    'decodes as searches over its steps do',
    scoped(() => {
      const read = model.read(source());
      const writes = { maxLength: T, minLength: 2, noRepeatNgram: 2, repetitionPenalty: 1.3, prefix: [4] };
      const ranks = { beam: 3, nBest: 2, lengthPenalty: 0.6 };
      expect(model.translate(source(), { ...writes, ...ranks }).hypotheses).toEqual(
        beamSearch(model, read, { ...search, ...writes, ...ranks }),
      );
      expect(model.translate(source(), writes).hypotheses).toEqual(greedySearch(model, read, { ...search, ...writes }).map((one) => [one]));
      const how = { key: key(7), temperature: 1.5, topK: 4, topP: 0.95, samples: 2 };
      const drawn = model.translate(source(), { ...writes, sample: how });
      expect(drawn.hypotheses).toEqual(sample(model, read, { ...search, ...writes, ...how }));
      expect(drawn.tokens).toEqual(drawn.hypotheses.map(([first]) => first?.tokens));
      for (const { tokens } of drawn.hypotheses.flat()) expect([tokens[0], tokens.length >= 2]).toEqual([4, true]);
    }),
  );

  it(
    'draws a sentence alone as in a batch, as likely as teacher forcing says, and never padding',
    scoped(() => {
      const how = { key: key(3), temperature: 2, topP: 0.9 };
      const all = model.translate(source(), { maxLength: T, sample: how }).hypotheses;
      BATCH.forEach((b) => {
        const alone = model.translate(source([b]), { maxLength: T, sample: { ...how, key: [foldIn(key(3), b)] } }).hypotheses;
        expect(alone).toEqual([all[b]]);
        for (const { tokens, ended, logProbability } of all[b] ?? []) {
          expect(tokens.filter((token) => token <= END)).toEqual([]);
          const written = int(ended ? [...tokens, END] : tokens);
          const wanted = sum(pick(logSoftmax(model.forward(source([b]), written)), written)).item();
          expect(Math.abs(logProbability - wanted)).toBeLessThanOrEqual(1e-6 * (tokens.length + 1));
        }
      });
    }),
  );

  it('writes step by step what it translates to, and leaves nothing behind', async () => {
    const tokens = source();
    const before = memoryReport().blocks;
    for (const how of [{}, { key: key(5), topK: 5 }] as Partial<Drawing>[]) {
      const wanted = scope(() => {
        const { hypotheses } = model.translate(tokens, { maxLength: T, ...(how.key ? { sample: { ...how, key: how.key } } : {}) });
        return hypotheses.map(([one]) => one?.tokens);
      });
      const written: number[][] = BATCH.map(() => []);
      for await (const step of model.generate(tokens, { maxLength: T, ...how })) {
        for (const [row, token] of step.tokens.entries()) if (token !== null) written[row]?.push(token);
      }
      expect(written).toEqual(wanted);
    }
    for await (const { step } of model.generate(tokens)) if (step === 1) break;
    expect(memoryReport().blocks).toBeLessThanOrEqual(before); // what other tests left outside scopes may be collected meanwhile
  });

  it(
    'takes processors of one’s own',
    scoped(() => {
      const three: LogitsProcessor = (logits) =>
      tensor(list(logits).map((x, i) => (i % SYMBOLS === 3 ? x : Number.NEGATIVE_INFINITY)), { shape: logits.shape }); // biome-ignore format: one line
      const adjusted = model.translate(source(), { maxLength: 3, adjust: [three] });
      expect(adjusted.tokens).toEqual(BATCH.map(() => [3, 3, 3]));
      for (const score of adjusted.scores) expect(score).toBeCloseTo(0, 6); // nothing else is likely
      const constrained = model.translate(source(), { maxLength: 3, constrain: [three] });
      expect(constrained.tokens).toEqual(adjusted.tokens);
      const written = tensor(Int32Array.of(3, 3, 3), { shape: [1, 3] });
      constrained.scores.forEach((score, b) => {
        expect(score).toBeCloseTo(sum(pick(logSoftmax(model.forward(source([b]), written)), written)).item(), 4);
      });
    }),
  );
});

describe('translate', () => {
  const model = translators[0]?.build(key(1)) as EncoderDecoder;

  it('counts the places of the source that are no padding, where coverage is asked for', () => {
    const options = { maxLength: T, beam: 4, nBest: 4, coveragePenalty: 0.7 };
    const found = model.translate(source(), options).hypotheses;
    const mask = tokenMask(source(), 0);
    expect(found).toEqual(beamSearch(model, model.read(source()), { ...search, ...options, coverageMask: mask }));
    found.forEach((each, b) => {
      for (const { tokens, ended, score, logProbability } of each) {
        const { weights } = model.teach(source([b]), int(ended ? [...tokens, END] : tokens));
        const shares = list(weights as Tensor);
        const real = list(mask).slice(b * S, (b + 1) * S);
        const covered = real.map((is, s) =>
          is
            ? Math.log(
                Math.min(
                  1,
                  shares.filter((__, i) => i % S === s).reduce((x, y) => x + y, 0),
                ),
              )
            : 0,
        );
        expect(score).toBeCloseTo(logProbability + 0.7 * covered.reduce((x, y) => x + y, 0), 4);
      }
    });
    const plain = translators.find(({ name }) => name.startsWith('Seq2Seq'))?.build(key(1)) as EncoderDecoder;
    expect(() => plain.translate(source(), options)).toThrow('translate: coveragePenalty needs traces [N, 5], or of heads, got none');
  });

  it('and generate say by their own names what they were told wrongly', () => {
    const wrong = (options: object) => () => model.translate(source(), options);
    expect(wrong({ maxLength: 0 })).toThrow('translate: maxLength must be a whole number from 1, got 0');
    expect(wrong({ beam: 0 })).toThrow('translate: beam must be a whole number from 1, got 0');
    expect(wrong({ coveragePenalty: -1 })).toThrow('translate: coveragePenalty must be 0 or more, got -1');
    expect(wrong({ adjust: [3] })).toThrow('translate: adjust must be a list of functions, got [3]');
    expect(wrong({ prefix: [[3], 'a'] })).toThrow("translate: prefix must be whole numbers from 0, got 'a'");
    expect(wrong({ sample: {} })).toThrow('translate sample: key must be made by key(seed), split or foldIn, got undefined');
    expect(wrong({ sample: { key: key(1), heat: 2 } })).toThrow(
      'translate sample: options must be among key, temperature, topK, topP, samples',
    );
    expect(wrong({ sample: { key: key(1) }, beam: 2 })).toThrow('translate: beam must not be given with sample, got both');
    expect(wrong({ minLength: 4, maxLength: 3 })).toThrow('translate: minLength must be at most maxLength, got 4 of 3');
    expect(wrong({ nBest: 3, beam: 2 })).toThrow('translate: nBest must be at most beam, got 3 of 2');
    expect(wrong({ minLength: 4, maxLength: 3, sample: { key: key(1) } })).toThrow(
      'translate: minLength must be at most maxLength, got 4 of 3',
    );
    expect(wrong({ prefix: [3, END] })).toThrow('translate: prefix must be without the end, got one with 2');
    expect(wrong({ prefix: [[3], [4]] })).toThrow('translate: prefix must have one for each of 5 rows, got 2');
    expect(wrong({ prefix: [3, 3, 3], maxLength: 2 })).toThrow('translate: prefix must be at most maxLength long, got 3 of 2');
    expect(() => model.generate(source(), { maxLength: 0 })).toThrow('generate: maxLength must be a whole number from 1, got 0');
    expect(() => model.generate(source(), { topK: 3 })).toThrow('generate: topK needs a key to draw from, got none');
    expect(() => model.generate(undefined as never)).toThrow('generate: source must be int32 [B, T], got undefined');
  });
});
