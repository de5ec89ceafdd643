import { describe, expect, it } from 'vitest';
import { attachmentScores, bracketScores } from '../../src/metrics/index.ts';
import type { ParseTree } from '../../src/trees/index.ts';

const tree = (label: string, ...children: (ParseTree | number)[]): ParseTree => ({ label, children });
const right = tree('S', tree('NP', 0, 1), tree('VP', 2, tree('NP', 3)));

describe('bracketScores', () => {
  it('is 1 of the same trees', () => {
    expect(bracketScores([right, right], [right, right])).toEqual({
      precision: 1,
      recall: 1,
      f1: 1,
      exact: 1,
      matched: 8,
      found: 8,
      true: 8,
      sentences: 2,
    });
  });

  it('loses one bracket to a wrong label, and to a wrong end', () => {
    const label = tree('S', tree('NP', 0, 1), tree('VP', 2, tree('PP', 3)));
    expect(bracketScores([label, right], [right, right])).toMatchObject({ matched: 7, found: 8, f1: 7 / 8, exact: 1 / 2 });
    const end = tree('S', tree('NP', 0), 1, tree('VP', 2, tree('NP', 3)));
    expect(bracketScores([end], [right])).toMatchObject({ matched: 3, precision: 3 / 4, recall: 3 / 4 });
  });

  it('counts precision of what was found and recall of what is true', () => {
    const flat = tree('S', 0, 1, 2, 3);
    expect(bracketScores([flat], [right])).toMatchObject({ precision: 1, recall: 1 / 4, f1: 2 / 5, exact: 0 });
  });

  it('counts equal brackets as often as they occur on both sides', () => {
    const [once, twice] = [tree('S', tree('NP', 0)), tree('S', tree('NP', tree('NP', 0)))];
    expect(bracketScores([twice], [once])).toMatchObject({ matched: 2, found: 3, true: 2, exact: 0 });
    expect(bracketScores([once], [twice])).toMatchObject({ matched: 2, found: 2, true: 3, exact: 0 });
    expect(bracketScores([twice], [twice])).toMatchObject({ matched: 3, exact: 1 });
  });

  it('has no bracket of a sentence without a tree, which stays in the count', () => {
    expect(bracketScores([null, right], [right, right])).toMatchObject({ precision: 1, recall: 1 / 2, f1: 2 / 3, exact: 1 / 2 });
    expect(bracketScores([null], [right])).toMatchObject({ precision: 0, recall: 0, f1: 0 });
  });

  it('leaves out TOP, or what it is told', () => {
    const top = tree('TOP', right);
    expect(bracketScores([right], [top])).toMatchObject({ f1: 1, true: 4 });
    expect(bracketScores([right], [top], { ignore: ['S'] })).toMatchObject({ matched: 3, found: 3, true: 4 });
  });
});

describe('attachmentScores', () => {
  const reference = { heads: [1, -1, 1], relations: ['det', 'root', 'obj'] };

  it('is the share of words with the right head, and relation', () => {
    expect(attachmentScores([reference], [reference])).toEqual({ uas: 1, las: 1, words: 3 });
    const other = { heads: [1, -1, 0], relations: ['nsubj', 'root', 'obj'] };
    expect(attachmentScores([other], [reference])).toEqual({ uas: 2 / 3, las: 1 / 3, words: 3 });
    expect(attachmentScores([null, reference], [reference, reference])).toEqual({ uas: 1 / 2, las: 1 / 2, words: 6 });
  });

  it('refuses sentences of unlike lengths', () => {
    expect(() => attachmentScores([{ heads: [-1], relations: ['root'] }], [reference])).toThrow(
      'attachmentScores: words of sentence 0 must be as many, got 1 and 3',
    );
  });

  it('refuses lists of unlike lengths, and what are no dependencies, on either side', () => {
    expect(() => attachmentScores([reference], [])).toThrow('attachmentScores: each parse must have a reference, got 1 and 0');
    const odd = { heads: [1, 3, 1], relations: ['det', 'root', 'obj'] };
    expect(() => attachmentScores([odd], [reference])).toThrow(
      'attachmentScores: heads of parses[0] must be a place of the 3 words, or -1, got 3',
    );
    expect(() => attachmentScores([reference], [odd])).toThrow('attachmentScores: heads of references[0] must be');
    expect(() => attachmentScores([null], [null as never])).toThrow('references[0]');
    expect(() => attachmentScores(reference as never, [reference])).toThrow('attachmentScores: parses must be');
    expect(() => attachmentScores([reference], reference as never)).toThrow('attachmentScores: references must be');
  });

  it('is 0 of nothing', () => {
    expect(attachmentScores([], [])).toEqual({ uas: 0, las: 0, words: 0 });
  });
});
