// What AttentionSeq2Seq does with mechanisms of any kind; what holds for all translators is in translators.test.ts.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { hard, highest } from '../../src/attention/hard.ts';
import { monotonic, multiHead } from '../../src/attention/named.ts';
import { chosenItem } from '../../src/attention/read.ts';
import { AdditiveScore } from '../../src/attention/score.ts';
import { grad } from '../../src/autograd/backward.ts';
import { AttentionSeq2Seq, type AttentionSeq2SeqOptions } from '../../src/models/seq2seq/attention-seq2seq.ts';
import { Seq2Seq } from '../../src/models/seq2seq/seq2seq.ts';
import { add, mul, sum } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, lengthOf, list, sentences } from '../nn/row.ts';
import { SYMBOLS } from './table.ts';

const [B, S, T] = [5, 5, 4];
const BATCH = [0, 1, 2, 3, 4];
const source = sentences(BATCH, S, SYMBOLS, 1);
const target = sentences(BATCH, T, SYMBOLS, 2);

const int = (rows: number[][]) => tensor(Int32Array.from(rows.flat()), { shape: [rows.length, rows[0]?.length ?? 0] });

const build = (options: Partial<AttentionSeq2SeqOptions>, seed = 1) =>
  new AttentionSeq2Seq({ source: SYMBOLS, target: SYMBOLS, hidden: 4, embedding: 3, ...options }, key(seed));

const reinforced: Partial<AttentionSeq2SeqOptions> = {
  attention: (sizes, from) => new Attention({ score: new AdditiveScore(sizes, from), selection: hard, read: chosenItem }),
};

describe('teach', () => {
  it.each([
    ['luong', {}],
    ['bahdanau', { decoder: 'bahdanau' }],
    ['hard', reinforced],
    ['heads', { attention: (sizes, from) => multiHead(sizes, from, { heads: 2 }) }],
  ] as [string, Partial<AttentionSeq2SeqOptions>][])('gives the logits of forward and what attention saw: %s', (name, options) => {
    const model = build({ ...options, dropout: 0.2 });
    for (const draw of [{}, { key: key(3) }, { key: key(3), sampling: 0.5 }]) {
      const taught = model.teach(source, target, draw);
      expect(bits(taught.logits)).toEqual(bits(model.forward(source, target, draw)));
      expect(taught.weights?.shape).toEqual(name === 'heads' ? [B, 2, T, S] : [B, T, S]);
      const rows = list(taught.weights as Tensor);
      for (let i = 0; i < rows.length / S; i++) {
        const line = rows.slice(i * S, (i + 1) * S);
        const b = Math.floor(i / T / (name === 'heads' ? 2 : 1));
        expect(Math.abs(line.reduce((x, y) => x + y) - 1)).toBeLessThanOrEqual(S * 2 ** -24);
        expect(line.slice(lengthOf(b, S)).every((w) => w === 0)).toBe(true);
      }
    }
  });

  it('of hard attention gives choices, log-probabilities and entropies, by which the scores learn', () => {
    const model = build(reinforced);
    const { weights, choice, logProbability, entropy } = model.teach(source, target, { key: key(3) });
    expect([choice?.shape, choice?.dtype, logProbability?.shape, entropy?.shape]).toEqual([[B, T], 'int32', [B, T], [B, T]]);
    list(choice as Tensor).forEach((s, i) => expect(list(weights as Tensor)[i * S + s]).toBe(1));
    const scores = [...model.attention.stateDict()].map(([, x]) => x);
    const loss = sum(add(mul(logProbability as Tensor, 0.7), entropy as Tensor));
    for (const g of grad(loss, scores)) expect(list(g).some((x) => x !== 0)).toBe(true);
    const other = model.teach(source, target, { key: key(4) });
    expect(list(other.choice as Tensor)).not.toEqual(list(choice as Tensor));
  });

  it('of a model without attention gives logits alone', () => {
    const model = new Seq2Seq({ source: SYMBOLS, target: SYMBOLS, hidden: 4 }, key(1));
    expect(Object.keys(model.teach(source, target))).toEqual(['logits']);
  });
});

describe('translate', () => {
  it('does not draw: the most probable key is read', () => {
    const model = build(reinforced);
    const certain = build({
      attention: (sizes, from) => new Attention({ score: new AdditiveScore(sizes, from), selection: highest, read: chosenItem }),
    });
    for (const beam of [1, 3]) expect(model.translate(source, { beam }).hypotheses).toEqual(certain.translate(source, { beam }).hypotheses);
  });

  it('gives the weights of each head', () => {
    const model = build({ attention: (sizes, from) => multiHead(sizes, from, { heads: 2 }) });
    const { weights, tokens } = model.translate(source, { maxLength: 6 });
    const longest = Math.max(...tokens.map(({ length }) => length));
    expect(weights?.shape).toEqual([B, 2, longest, S]);
    const written = tokens.map((line) => Array.from({ length: longest }, (_, t) => (t < line.length ? [...line, 2][t] : 0) as number));
    const again = model.teach(source, int(written), {}).weights as Tensor;
    list(weights as Tensor).forEach((w, i) => {
      const [t, b] = [Math.floor(i / S) % longest, Math.floor(i / S / longest / 2)];
      expect(w).toBe(t < (tokens[b]?.length ?? 0) ? list(again)[i] : 0);
    });
  });

  it('decodes monotonic attention hard with what it learned softly', () => {
    const soft = build({ attention: (sizes, from) => monotonic(sizes, from) });
    const decoder = build({ attention: (sizes, from) => monotonic(sizes, from, { hard: true }) }, 2);
    decoder.loadStateDict(soft.stateDict());
    const { weights } = decoder.translate(source, { beam: 2, maxLength: 6 });
    for (const w of list(weights as Tensor)) expect(w === 0 || w === 1).toBe(true);
  });
});

describe('the options', () => {
  it('are of the widths they say', () => {
    expect([...build({ project: 6 }).stateDict()].find(([path]) => path === 'project.weight')?.[1].shape).toEqual([6, 8]);
    expect(build({ project: 6 }).combine.weight.shape).toEqual([4, 10]);
    const bahdanau = build({ decoder: 'bahdanau' });
    expect([bahdanau.combine.weight.shape, bahdanau.cell.weight_ih.shape]).toEqual([
      [4, 15],
      [16, 11],
    ]);
    expect(build({}).stateDict().has('project.weight')).toBe(false);
    expect(() => build({ decoder: 'chorowski' as 'luong' })).toThrow(
      "AttentionSeq2Seq: decoder must be one of luong, bahdanau, got 'chorowski'",
    );
  });
});
