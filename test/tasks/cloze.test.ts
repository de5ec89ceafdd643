import { describe, expect, it } from 'vitest';
import { type ClozeProblem, clozeProblems, clozeSymbols, mostFrequentActor, nearestActor } from '../../src/tasks/index.ts';
import { key } from '../../src/tensor/index.ts';

const problems = clozeProblems(key(3), { count: 400 });

/** Synonyms, once more. */
const means: Record<string, string> = {
  lauded: 'praised',
  encountered: 'met',
  phoned: 'called',
  assisted: 'helped',
  trailed: 'followed',
  employed: 'hired',
  prosecuted: 'sued',
  defeated: 'beat',
};

/** Reads every sentence with patterns and answers what was asked: all answers that the document allows. */
function answersOf({ document, question }: ClozeProblem): string[] {
  const events = document
    .join(' ')
    .split(' .')
    .flatMap((sentence) => {
      const passive = /(@\d+) was (\w+) by (@\d+)/.exec(sentence);
      if (passive) return [{ s: passive[3], v: passive[2], o: passive[1] }];
      const active = /(@\d+) (\w+) (@\d+)/.exec(sentence);
      return active ? [{ s: active[1], v: active[2], o: active[3] }] : [];
    });
  const [s, synonym = '', o] = question;
  const asked = events.filter(({ v }) => v === means[synonym]);
  if (s === '@gap') return asked.filter((event) => event.o === o).flatMap((event) => event.s ?? []);
  return asked.filter((event) => event.s === s).flatMap((event) => event.o ?? []);
}

describe('cloze problems', () => {
  it('have one answer, which the document tells', () => {
    for (const problem of problems) expect(answersOf(problem)).toEqual([problem.answer]);
  });

  it('ask in words that documents do not have, and name actors anew in each', () => {
    const said = new Set(problems.flatMap(({ document }) => document));
    for (const word of Object.keys(means)) expect(said.has(word)).toBe(false);
    const symbols = new Set(clozeSymbols());
    for (const word of [...said, ...problems.flatMap(({ question }) => question)]) expect(symbols.has(word), word).toBe(true);
    expect(clozeSymbols().slice(0, 41)).toEqual([...Array.from({ length: 40 }, (_, i) => `@${i}`), '@gap']);
    expect(clozeSymbols().length).toBe(symbols.size);
    // Which name is the answer says nothing: each is about as often.
    const counts = new Map<string, number>();
    for (const { answer } of clozeProblems(key(4), { count: 4000 })) counts.set(answer, (counts.get(answer) ?? 0) + 1);
    expect(counts.size).toBe(40);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(50); // five standard deviations
  });

  it('have as many sentences and actors as asked, and are decided by their key', () => {
    for (const { document } of problems) {
      expect(document.filter((word) => word === '.').length).toBe(8);
      const actors = new Set(document.filter((word) => /^@\d+$/.test(word))).size;
      expect(actors).toBeGreaterThan(3);
      expect(actors).toBeLessThan(9);
    }
    expect(clozeProblems(key(3), { count: 2 })).toEqual(problems.slice(0, 2));
    const few = clozeProblems(key(3), { count: 50, names: 5, actors: [3, 3], events: 2, verbs: 2 });
    for (const { document } of few) expect(document.filter((word) => word === '.').length).toBe(2);
  });

  it('refuse sizes that cannot be', () => {
    expect(() => clozeProblems(key(1), { count: 1, names: 7 })).toThrow(
      'clozeProblems: names must be at least the 8 actors of a document, got 7',
    );
    expect(() => clozeProblems(key(1), { count: 1, events: 25 })).toThrow('events must be at most half of 6 actors times 8 verbs, got 25');
    expect(() => clozeProblems(key(1), { count: 1, actors: [3, 2] })).toThrow('actors must be two whole numbers, from 2 and rising');
    expect(() => clozeProblems(key(1), { count: 1, verbs: 17 })).toThrow('verbs must be a whole number from 1 to 16, got 17');
  });
});

describe('baselines', () => {
  const document = '@1 praised @2 . @3 was met by @2 . on monday @2 called @3 .'.split(' ');
  const problem = (question: string): ClozeProblem => ({ document, question: question.split(' '), answer: '@3' });

  it('take the actor named most often, exclusively one whom the question does not name', () => {
    expect(mostFrequentActor(problem('@2 met @gap .'))).toBe('@2');
    expect(mostFrequentActor(problem('@2 met @gap .'), { exclusive: true })).toBe('@3');
    expect(mostFrequentActor({ ...problem('@gap met @9 .'), document: ['@5', 'met', '@4'] })).toBe('@5');
  });

  it('take the actor around whom the document is nearest to the question', () => {
    // With the gap at the last @3 "called" is one word before it, and @2 two, exactly as asked.
    expect(nearestActor(problem('@2 called @gap .'))).toBe('@3');
    expect(nearestActor(problem('@gap praised @2 .'))).toBe('@1');
    // No word but the end agrees: it stands one place after @2 of the first sentence, as after @3 of the last; @2 comes first.
    expect(nearestActor(problem('lauded @gap .'))).toBe('@2');
  });

  it('leave most questions open, so that reading pays', () => {
    const share = (guess: (one: ClozeProblem) => string) => problems.filter((one) => guess(one) === one.answer).length / problems.length;
    expect(share((one) => mostFrequentActor(one))).toBeLessThan(0.4);
    expect(share((one) => mostFrequentActor(one, { exclusive: true }))).toBeLessThan(0.5);
    expect(share(nearestActor)).toBeLessThan(0.6);
  });

  it('need a document with an actor', () => {
    expect(() => nearestActor({ document: ['no'], question: ['@gap'], answer: '' })).toThrow(
      'nearestActor: document must name an actor, got none',
    );
  });
});
