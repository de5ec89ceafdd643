// What holds for every encoder-decoder model; `test/nn/modules.test.ts` has what holds for every module.
import { describe, expect, it } from 'vitest';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { AttentionSeq2Seq } from '../../src/models/seq2seq/attention-seq2seq.ts';
import { Seq2Seq } from '../../src/models/seq2seq/seq2seq.ts';
import { Seq2SeqTransformer } from '../../src/models/transformer/seq2seq-transformer.ts';
import { T5 } from '../../src/models/transformer/t5.ts';
import { Linear } from '../../src/nn/linear.ts';
import { argmax, logSoftmax, mul, pick, slice, sum } from '../../src/ops/index.ts';
import { backend } from '../../src/runtime/backend.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { type Key, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, lengthOf, list, sentences } from '../nn/row.ts';
import { SYMBOLS, translators } from './table.ts';

const [B, S, T] = [5, 5, 4];
const BATCH = [0, 1, 2, 3, 4];
const [START, END] = [1, 2];

const source = (examples: readonly number[] = BATCH) => sentences(examples, S, SYMBOLS, 1);
const target = (examples: readonly number[] = BATCH) => sentences(examples, T, SYMBOLS, 2);

/** More pads at the end of each row. */
function wider(tokens: Tensor, by: number): Tensor {
  const [rows = 0, width = 0] = tokens.shape;
  const old = list(tokens);
  const values = Array.from({ length: rows }, (_, b) => [...old.slice(b * width, (b + 1) * width), ...new Array<number>(by).fill(0)]);
  return tensor(Int32Array.from(values.flat()), { shape: [rows, width + by] });
}

const int = (rows: number[][]) => tensor(Int32Array.from(rows.flat()), { shape: [rows.length, rows[0]?.length ?? 0] });

/** The bias of a model's last map, to say what it writes; a map without one is replaced by one that gives the same. */
function biasOf(model: ReturnType<(typeof translators)[number]['build']>) {
  const { weight, bias } = model.output;
  if (!bias) {
    const [output, input] = weight.shape as [number, number];
    const factor = model.output instanceof Linear ? 1 : 1 / Math.sqrt(input); // T5's tied map
    const map = new Linear({ input, output }, key(1));
    map.loadStateDict(new Map([['weight', mul(weight, factor)], ['bias', zeros([output])]])); // biome-ignore format: one line
    Object.assign(model, { output: map });
  }
  return (model.output.bias as Tensor).view();
}

describe.each(translators.map((row) => [row.name, row.build] as const))('%s', (_, build) => {
  it('gives logits for each token of the target', () => {
    const model = build(key(1));
    expect(model.forward(source(), target()).shape).toEqual([B, T, SYMBOLS]);
    expect(() => model.forward(source(), zeros([B, T]))).toThrow('forward: target must be int32 [B, T], got float32 [5, 4]');
    expect(() => model.forward(zeros([B, S]), target())).toThrow('read: source must be int32 [B, T], got float32 [5, 5]');
    expect(() => model.translate(zeros([S], 'int32'))).toThrow('translate: source must be int32 [B, T], got int32 [5]');
  });

  it('sees no later token of the target', () => {
    const model = build(key(1));
    const all = model.forward(source(), target());
    const other = list(target());
    for (let b = 0; b < B; b++) other[b * T + 2] = ((other[b * T + 2] as number) + 1) % SYMBOLS;
    const changed = model.forward(source(), tensor(Int32Array.from(other), { shape: [B, T] }));
    expect(bits(slice(changed, 1, 0, 3))).toEqual(bits(slice(all, 1, 0, 3)));
    expect(bits(slice(changed, 1, 3, 4))).not.toEqual(bits(slice(all, 1, 3, 4)));
  });

  it('has the same bits however much the source and the target are padded', () => {
    const model = build(key(1));
    const all = bits(model.forward(source(), target()));
    for (const by of [1, 2, 3, 4, 7, 12, 59, 300]) {
      expect(bits(model.forward(wider(source(), by), target()))).toEqual(all);
      expect(bits(slice(model.forward(source(), wider(target(), by)), 1, 0, T))).toEqual(all);
    }
  });

  it('has the same bits however much longer sentences are padded', () => {
    const model = build(key(1), { hidden: 20, layers: 2 });
    const examples = Array.from({ length: 29 }, (_, i) => i);
    const [read, written] = [sentences(examples, 29, SYMBOLS, 1), sentences(examples, T, SYMBOLS, 2)];
    const all = bits(model.forward(read, written));
    for (const by of [1, 3, 4, 35, 240]) expect(bits(model.forward(wider(read, by), written)), `${by} pads`).toEqual(all);
  });

  it.each([
    ['ended', 2, 4],
    ['cut off', -10, 3],
  ] as const)('finds hypotheses (%s) as likely as teacher forcing says', (kind, endBias, maxLength) => {
    const model = build(key(4));
    biasOf(model).fill(endBias, END, END + 1);
    const { hypotheses } = model.translate(source(), { beam: 4, nBest: 4, maxLength });
    hypotheses.forEach((found, b) => {
      expect(found.some(({ ended }) => ended === (kind === 'ended'))).toBe(true);
      for (const { tokens, logProbability, ended, score } of found) {
        const written = int([ended ? [...tokens, END] : tokens]);
        const wanted = sum(pick(logSoftmax(model.forward(source([b]), written)), written)).item();
        expect(Math.abs(logProbability - wanted)).toBeLessThanOrEqual(1e-6 * (tokens.length + 1));
        expect(score).toBe(logProbability);
      }
    });
  });

  it('translates greedily as teacher forcing says, token by token', () => {
    const model = build(key(1));
    const maxLength = 6;
    const { tokens, scores } = model.translate(source(), { maxLength });
    BATCH.forEach((b) => {
      const written: number[] = [];
      while (written.length < maxLength && written.at(-1) !== END) {
        const logits = list(model.forward(source([b]), int([[...written, 0]]))).slice(-SYMBOLS);
        written.push(END + logits.slice(END).reduce((most, x, i, all) => (x > (all[most] as number) ? i : most), 0)); // not 0, not 1
      }
      expect(tokens[b]).toEqual(written.filter((token) => token !== END));
    });
    const one = model.translate(source(), { maxLength, beam: 1 });
    expect([one.tokens, one.scores]).toEqual([tokens, scores]);
  });

  it('translates a sentence alike alone, in a batch, and padded', () => {
    const model = build(key(1));
    const options = { beam: 3, nBest: 2, maxLength: 6, lengthPenalty: 0.6 };
    const all = model.translate(source(), options).hypotheses;
    const plain = (found: typeof all) => found.map((list) => list.map(({ tokens, score }) => ({ tokens, score })));
    BATCH.forEach((b) => {
      expect(model.translate(source([b]), options).hypotheses).toEqual([all[b]]);
    });
    expect(plain(model.translate(wider(source(), 3), options).hypotheses)).toEqual(plain(all));
  });

  it('samples its own tokens only with a key', () => {
    const model = build(key(1));
    expect(() => model.forward(source(), target(), { sampling: 0.5 })).toThrow(
      'forward: sampling needs a key, got sampling 0.5 without one',
    );
    const taught = bits(model.forward(source(), target()));
    expect(bits(model.forward(source(), target(), { sampling: 0, key: key(3) }))).toEqual(taught);
    const half = (seed: number) => bits(model.forward(source(), target(), { sampling: 0.5, key: key(seed) }));
    expect(half(3)).toEqual(half(3));
    expect(half(3)).not.toEqual(taught);
    expect(half(4)).not.toEqual(half(3));
  });

  it('samples its best guesses: always sampling is teacher forcing on them', () => {
    const model = build(key(1));
    const sampled = model.forward(source(), target(), { sampling: 1, key: key(3) });
    const guesses = argmax(sampled, { axis: -1 });
    expect(bits(model.forward(source(), guesses))).toEqual(bits(sampled));
  });

  it('comes back from a file with the same bits', () => {
    const model = build(key(1));
    const copy = build(key(2));
    copy.loadStateDict(loadTensors(saveTensors(model.stateDict())));
    expect(bits(copy.forward(source(), target()))).toEqual(bits(model.forward(source(), target())));
    expect(copy.translate(source(), { beam: 2 }).hypotheses).toEqual(model.translate(source(), { beam: 2 }).hypotheses);
  });

  it('frees what translation makes', () => {
    const model = build(key(1));
    const run = () => scope(() => model.translate(source(), { beam: 3, nBest: 2, maxLength: 8 }).tokens);
    run();
    const before = backend().heap.report();
    for (let i = 0; i < 5; i++) run();
    expect(backend().heap.report()).toEqual(before);
  });

  it('does not drop when it translates', () => {
    const run = (dropout: number) => build(key(1), { dropout }).translate(source()).hypotheses;
    expect(run(0.5)).toEqual(run(0));
  });

  it('never writes padding or the start', () => {
    const model = build(key(1));
    const bias = biasOf(model) as Float32Array;
    bias.set([50, 40], 0);
    for (const beam of [1, 3]) {
      const { hypotheses } = model.translate(source(), { beam, nBest: beam, maxLength: 5 });
      for (const { tokens } of hypotheses.flat()) expect(tokens.filter((token) => token < END)).toEqual([]);
    }
    const open = build(key(1), { pad: -1 }); // nothing pads
    expect(open.never).toEqual([1]);
    const shared = build(key(1), { pad: 0, start: 0, end: 0 }); // one token for all three: it ends
    biasOf(shared).fill(50, 0, 1);
    expect(shared.translate(source()).tokens).toEqual(BATCH.map(() => []));
  });

  it('writes at most twice the source and ten tokens more, where nothing else is said', () => {
    const model = build(key(1));
    biasOf(model).fill(-99, END, END + 1);
    for (const by of [0, 3]) {
      const { hypotheses } = model.translate(wider(source(), by));
      for (const { tokens, ended } of hypotheses.flat()) expect([tokens.length, ended]).toEqual([2 * (S + by) + 10, false]);
    }
  });

  it('says what it cannot translate or be taught with', () => {
    const model = build(key(1));
    const translate = (options: object) => () => model.translate(source(), options);
    expect(translate({ maxLength: undefined })().tokens).toEqual(model.translate(source()).tokens);
    expect(translate({ beams: 3 })).toThrow(
      'translate: options must be among beam, nBest, lengthPenalty, coveragePenalty, maxLength, minLength, noRepeatNgram, ',
    );
    expect(translate({ maxLength: Number.NaN })).toThrow('translate: maxLength must be a whole number from 1, got NaN');
    expect(() => model.forward(source(), [1, 0] as unknown as Tensor)).toThrow('forward: target must be int32 [B, T], got [1, 0]');
    expect(() => model.forward([[1, 0]] as unknown as Tensor, target())).toThrow('read: source must be int32 [B, T], got [an object]');
    expect(() => model.translate(undefined as unknown as Tensor)).toThrow('translate: source must be int32 [B, T], got undefined');
    expect(() => model.forward(source(), target([0, 1]))).toThrow('forward: target must be [5, T] with T from 1, got [2, 4]');
    expect(() => model.teach(source(), zeros([B, 0], 'int32'))).toThrow('teach: target must be [5, T] with T from 1, got [5, 0]');
    expect(() => model.forward(source(), target(), { keys: key(1) } as object)).toThrow(
      'forward: options must be among key, sampling, got keys',
    );
    for (const sampling of [Number.NaN, -0.1, 1.5])
      expect(() => model.forward(source(), target(), { sampling, key: key(1) })).toThrow(
        `forward: sampling must be in [0, 1], got ${sampling}`,
      );
    expect(() => model.forward(source(), target(), { key: 3 as unknown as Key })).toThrow('forward: key must be made by key(seed)');
    expect(() => model.read(source(), { key: 3 as unknown as Key })).toThrow('read: key must be made by key(seed)');
    expect(() => model.read(source(), { keys: key(1) } as object)).toThrow('read: options must be among key, got keys');
    const { encoder } =
      model instanceof Seq2SeqTransformer || model instanceof T5 ? new Seq2Seq({ source: 7, target: 7, hidden: 4 }, key(1)) : model;
    expect(() => (encoder.forward as (x: Tensor) => unknown).call(encoder, source())).toThrow(
      'forward: pad must be a whole number, got undefined',
    );
    biasOf(model).fill(Number.NaN);
    expect(translate({})).toThrow('translate: logits must be numbers below Infinity, got NaN in row 0 at step 0');
  });

  it('keeps to other special tokens', () => {
    const usual = build(key(1));
    const other = build(key(1), { pad: 6, start: START, end: 5 });
    const swapped = (tokens: Tensor) =>
      tensor(
        Int32Array.from(list(tokens), (token) => (token === 0 ? 6 : token)),
        { shape: tokens.shape },
      );
    const few = sentences(BATCH, S, 6, 1); // without 6
    expect(bits(other.forward(swapped(wider(few, 2)), target()))).toEqual(bits(usual.forward(few, target())));
    for (const { tokens } of other.translate(swapped(few), { beam: 3, nBest: 3, maxLength: 6 }).hypotheses.flat())
      expect(tokens).not.toContain(5);
  });
});

describe('alignment', () => {
  const attentive = translators.filter(({ name }) => /^AttentionSeq2Seq, (additive|general|bahdanau decoder)$/.test(name));

  it.each(attentive.map((row) => [row.name, row.build] as const))('of %s sums to 1 over the real source', (_, build) => {
    const { weights, tokens } = build(key(1)).translate(wider(source(), 2), { maxLength: 6 });
    const longest = Math.max(...tokens.map(({ length }) => length));
    expect(weights?.shape).toEqual([B, longest, S + 2]);
    const w = list(weights as Tensor);
    tokens.forEach((written, b) => {
      for (let t = 0; t < longest; t++) {
        const row = w.slice((b * longest + t) * (S + 2), (b * longest + t + 1) * (S + 2));
        const total = row.reduce((all, x) => all + x, 0);
        if (t < written.length) expect(Math.abs(total - 1)).toBeLessThanOrEqual(S * 2 ** -24);
        else expect(total).toBe(0);
        expect(row.map((x) => x > 0)).toEqual(row.map((_, s) => t < written.length && s < lengthOf(b, S)));
      }
    });
  });

  it('of empty translations has no step', () => {
    for (const { name, build } of translators.filter(({ name }) => name.startsWith('Attention'))) {
      const model = build(key(1));
      biasOf(model).fill(99, END, END + 1);
      const { weights, tokens } = model.translate(source());
      expect(tokens).toEqual(BATCH.map(() => []));
      expect(weights?.shape, name).toEqual(name.endsWith('multiHead') ? [B, 2, 0, S] : [B, 0, S]);
    }
  });

  it('of a model without attention is null', () => {
    expect(new Seq2Seq({ source: SYMBOLS, target: SYMBOLS, hidden: 4 }, key(1)).translate(source()).weights).toBeNull();
  });
});

describe('what a model cannot be made of', () => {
  const base = { source: SYMBOLS, target: SYMBOLS, hidden: 4 };

  it('is refused', () => {
    for (const score of ['dot', 'scaledDot'] as const)
      expect(() => new AttentionSeq2Seq({ ...base, score }, key(1))).toThrow(`${score}: query and key must be of one width, got 4 and 8`);
    expect(() => new Seq2Seq({ ...base, feed: 'last' as 'each' }, key(1))).toThrow(
      "Seq2Seq: feed must be one of each, first, state, got 'last'",
    );
    expect(() => new Seq2Seq({ ...base, dropout: 1 }, key(1))).toThrow(/dropout must be in \[0, 1\), got 1|p must be in \[0, 1\), got 1/);
  });
});
