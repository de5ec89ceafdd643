// A model that copies: what it writes that its vocabulary lacks, and that searches find what teaching says.
import { describe, expect, it } from 'vitest';
import { AttentionSeq2Seq } from '../../src/models/seq2seq/attention-seq2seq.ts';
import { logSoftmax, pick, sum } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { bits, list, sentences } from '../nn/row.ts';
import { copying } from './fronts.ts';

const [S, END, SYMBOLS] = [5, 2, 7];
const int = (rows: number[][]) => tensor(rows, { dtype: 'int32' });
const build = (gate: number) => {
  const model = copying(key(1));
  model.copy?.gate.bias?.view().fill(gate);
  return model;
};

describe('a model that copies', () => {
  const strange = int([[8, 5, 7, 8, 0], [4, 7, 0, 0, 0]]); // biome-ignore format: 7 and 8 are beyond the vocabulary

  it('writes nothing that the source lacks where it never generates', () => {
    const { tokens } = build(-60).translate(strange, { maxLength: 6 });
    expect(tokens.map((row, b) => row.every((token) => (b === 0 ? [8, 5, 7] : [4, 7]).includes(token)) && row.length)).toEqual([6, 6]);
    expect(tokens.flat().some((token) => token >= SYMBOLS)).toBe(true);
  });

  it('writes nothing beyond its vocabulary where it never copies, as one that cannot', () => {
    const model = build(60);
    const plain = new AttentionSeq2Seq({ source: SYMBOLS, target: SYMBOLS, hidden: 4, embedding: 3 }, key(1));
    const source = sentences([0, 1, 2], S, SYMBOLS, 1);
    const found = model.translate(source, { maxLength: 5 });
    expect(found.tokens).toEqual(plain.translate(source, { maxLength: 5 }).tokens);
  });

  it('gives probabilities: they sum to 1', () => {
    const rows = list(build(0).forward(strange, int([[8, 4], [7, 2]]))); // biome-ignore format: two targets
    for (let at = 0; at < rows.length; at += SYMBOLS + 2) {
      expect(rows.slice(at, at + SYMBOLS + 2).reduce((total, x) => total + Math.exp(x), 0)).toBeCloseTo(1, 5);
    }
  });

  it.each([-2, 0.5])('finds hypotheses as likely as teaching says, with gate %d', (gate) => {
    const model = build(gate);
    const { hypotheses } = model.translate(strange, { beam: 4, nBest: 4, maxLength: 4 });
    hypotheses.forEach((found, b) => {
      for (const { tokens, logProbability, ended } of found) {
        const written = int([ended ? [...tokens, END] : tokens]);
        const row = int([list(strange).slice(b * S, (b + 1) * S)]);
        const wanted = scope(() => sum(pick(logSoftmax(model.forward(row, written)), written)).item());
        expect(Math.abs(logProbability - wanted)).toBeLessThan(1e-5);
      }
    });
  });

  it('reads tokens beyond the vocabulary as the unknown', () => {
    const model = build(60);
    const known = (rows: number[][]) => rows.map((row) => row.map((token) => (token < SYMBOLS ? token : 3)));
    const [source, target] = [[[8, 5, 7]], [[7, 4]]]; // biome-ignore format: one of each
    expect(bits(model.forward(int(source), int(target)))).toEqual(bits(model.forward(int(known(source)), int(known(target)))));
  });

  it('refuses two vocabularies, and an unknown that there is none of', () => {
    const sizes = { source: 7, target: 8, hidden: 4, copy: 2 };
    expect(() => new AttentionSeq2Seq(sizes, key(1))).toThrow(
      'AttentionSeq2Seq: source and target must be one vocabulary to copy, got 7 and 8',
    );
    expect(() => new AttentionSeq2Seq({ ...sizes, source: 8, unknown: 8 }, key(1))).toThrow('unknown must be below the 8 symbols, got 8');
  });
});
