import { describe, expect, it } from 'vitest';
import { bleu } from '../../src/metrics/bleu.ts';

const words = (text: string) => text.split(' ');

describe('bleu', () => {
  it('is that of Papineni et al. 2002 and of NLTK’s documentation', () => {
    const the = bleu([words('the the the the the the the')], [[words('the cat is on the mat'), words('there is a cat on the mat')]], {
      order: 1,
    });
    expect(the.precisions).toEqual([2 / 7]); // example 2 of the paper
    const first = words('It is a guide to action which ensures that the military always obeys the commands of the party');
    const references = [
      words('It is a guide to action that ensures that the military will forever heed Party commands'),
      words('It is the guiding principle which guarantees the military forces always being under the command of the Party'),
      words('It is the practical guide for the army always to heed the directions of the party'),
    ];
    expect(bleu([first], [references]).bleu).toBeCloseTo(0.5045666840058485, 6);
    const second = words('he read the book because he was interested in world history');
    const turned = words('he was interested in world history because he read the book');
    expect(bleu([first, second], [references, [turned]]).bleu).toBeCloseTo(0.5920778868801042, 6);
  });

  it('penalises what is too short, by the reference closest in length', () => {
    const reference = [1, 2, 3, 4, 5, 6, 7, 8];
    const { bleu: score, brevityPenalty, precisions } = bleu([[1, 2, 3, 4]], [[reference]]);
    expect(precisions).toEqual([1, 1, 1, 1]);
    expect(brevityPenalty).toBeCloseTo(Math.exp(-1), 6);
    expect(score).toBeCloseTo(Math.exp(-1), 6);
    expect(bleu([[1, 2, 3, 4, 5]], [[[1, 2, 3, 4], [1, 2, 3, 4, 5, 6]]]).referenceTokens).toBe(4); // biome-ignore format: one case a line
    expect(bleu([reference], [[reference]]).bleu).toBe(1);
    expect(bleu([[1, 2, 3]], [[reference]]).bleu).toBe(0); // no 4-gram
    expect(bleu([[]], [[reference]])).toMatchObject({ bleu: 0, brevityPenalty: 0 });
  });

  it('tells tokens apart that would be joined alike', () => {
    expect(bleu([['a', 'b,c']], [[['a,b', 'c']]], { order: 2 }).precisions).toEqual([0, 0]);
  });

  it('is of float64', () => {
    const score = bleu(['abcdefgh'.split('')], [['abcdxfgh'.split('')]]).bleu;
    expect(score).toBeCloseTo(((7 / 8) * (5 / 7) * (3 / 6) * (1 / 5)) ** 0.25, 15);
    expect(bleu([[1, 2, 3, 4]], [[[1, 2, 3, 4, 5]]]).bleu).toBeCloseTo(Math.exp(-1 / 4), 15);
    expect(bleu([[1, 2, 3, 4]], [[Array.from({ length: 400 }, (_, i) => i + 1)]]).bleu / Math.exp(-99)).toBeCloseTo(1, 12);
  });

  it('smooths what has no match as sacreBLEU does', () => {
    // 1-grams 3 of 4, 2-grams 1 of 3, 3-grams 0 of 2, 4-grams 0 of 1
    const of = (options: object) => bleu([[1, 2, 9, 4]], [[[1, 2, 3, 4]]], options);
    expect(of({}).bleu).toBe(0);
    expect(of({ smoothing: 'floor' }).precisions).toEqual([3 / 4, 1 / 3, 0.1 / 2, 0.1]);
    expect(of({ smoothing: 'floor', smoothingValue: 0.5 }).precisions).toEqual([3 / 4, 1 / 3, 0.25, 0.5]);
    expect(of({ smoothing: 'add-k' }).precisions).toEqual([3 / 4, 2 / 4, 1 / 3, 1 / 2]);
    expect(of({ smoothing: 'exp' }).precisions).toEqual([3 / 4, 1 / 3, 1 / 4, 1 / 4]);
    expect(of({ smoothing: 'exp' }).bleu).toBeCloseTo(((3 / 4) * (1 / 3) * (1 / 4) * (1 / 4)) ** 0.25, 15);
    expect(bleu([[7, 8]], [[[1, 2]]], { smoothing: 'floor' }).bleu).toBe(0); // nothing matches at all
  });

  it('leaves out orders that a short hypothesis does not have', () => {
    expect(bleu([[1, 2]], [[[1, 2]]]).bleu).toBe(0);
    expect(bleu([[1, 2]], [[[1, 2]]], { effectiveOrder: true }).bleu).toBe(1);
    expect(bleu([[]], [[[1, 2]]], { effectiveOrder: true }).bleu).toBe(0);
  });

  it('says what it wants', () => {
    expect(() => bleu([[1]], [])).toThrow('bleu: each hypothesis must have references, got 1 and 0');
    expect(() => bleu([[1]], [[]])).toThrow('bleu: each hypothesis must have references, got none at 0');
    expect(() => bleu([['a', 'b']], [['a', 'b']] as unknown as string[][][])).toThrow(
      'bleu: references must be lists of sequences, got a list of tokens at 0',
    );
    expect(bleu(['abcd'], [['abcd']]).bleu).toBe(1); // strings are sequences of code units
    expect(() => bleu([], [], { order: 0 })).toThrow('bleu: order must be a whole number from 1, got 0');
  });
});
