// Documents of events and questions about them, with the names of all actors replaced by numbers drawn anew for each document.

import { expectFields, expectOptions, isSize, maybe, ruleOf } from '../tensor/check.ts';
import { foldIn, type Key, permutation, randomInt } from '../tensor/random.ts';

/** A document, a question with a gap, and the actor who belongs there. Actors are `@0`, `@1`, …; the gap is `@gap`. */
export interface ClozeProblem {
  /** The words of all sentences, each ended by `.`. */
  readonly document: readonly string[];
  /** The words of one event told otherwise, with `@gap` for one of its two actors. */
  readonly question: readonly string[];
  /** The actor of the gap, who occurs in the document. */
  readonly answer: string;
}

/** Sizes of cloze problems. */
export interface ClozeSizes {
  /** B, the number of problems. */
  count: number;
  /** Names for actors; each document draws its own from them. Default 40. */
  names?: number | undefined;
  /** The fewest and the most actors of a document; two events have four at most. Default `[6, 8]`. */
  actors?: readonly [number, number] | undefined;
  /** Events of a document, a sentence each. Default 8. */
  events?: number | undefined;
  /** Different verbs, at most 16. Default 8. */
  verbs?: number | undefined;
}

/** What is said in documents, and what questions say instead. */
const VERBS = [
  ['praised', 'lauded'],
  ['met', 'encountered'],
  ['called', 'phoned'],
  ['helped', 'assisted'],
  ['followed', 'trailed'],
  ['hired', 'employed'],
  ['sued', 'prosecuted'],
  ['beat', 'defeated'],
  ['warned', 'alerted'],
  ['visited', 'attended'],
  ['accused', 'blamed'],
  ['paid', 'rewarded'],
  ['married', 'wed'],
  ['trusted', 'believed'],
  ['saved', 'rescued'],
  ['questioned', 'interrogated'],
] as const;
const PLACES = ['garden', 'office', 'park', 'station', 'theatre', 'harbour', 'library', 'market'];
const TIMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const FILLERS = [
  ['it', 'seems'],
  ['of', 'course'],
  ['as', 'reported'],
  ['once', 'again'],
];
const GAP = '@gap';

const isRange = ruleOf('two whole numbers, from 2 and rising', (value) => {
  const [least, most, ...rest] = Array.isArray(value) ? (value as unknown[]) : [];
  return (
    Number.isSafeInteger(least) && Number.isSafeInteger(most) && rest.length === 0 && Number(least) >= 2 && Number(most) >= Number(least)
  );
});

const isVerbs = ruleOf(`a whole number from 1 to ${VERBS.length}`, (value) => {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= VERBS.length;
});

const rules = {
  count: /* @__PURE__ */ ruleOf('a whole number from 0', (value) => Number.isSafeInteger(value) && Number(value) >= 0),
  names: /* @__PURE__ */ maybe(isSize),
  actors: /* @__PURE__ */ maybe(isRange),
  events: /* @__PURE__ */ maybe(isSize),
  verbs: /* @__PURE__ */ maybe(isVerbs),
};

/** Numbers drawn one after the other. */
const dice = (from: Key) => {
  let i = 0;
  return (below: number): number => randomInt(from, i++, below);
};
type Dice = ReturnType<typeof dice>;

interface Event {
  subject: number;
  verb: number;
  object: number;
}

/** Events of actors: none does one thing twice, to none is one thing done twice, so that a question has one answer. */
function eventsOf(roll: Dice, { events, actors, verbs }: { events: number; actors: number; verbs: number }): Event[] {
  const [did, had] = [new Set<number>(), new Set<number>()];
  const all: Event[] = [];
  while (all.length < events) {
    const [subject, verb, after] = [roll(actors), roll(verbs), roll(actors - 1)];
    const object = after < subject ? after : after + 1;
    if (did.has(subject * verbs + verb) || had.has(object * verbs + verb)) continue;
    did.add(subject * verbs + verb);
    had.add(object * verbs + verb);
    all.push({ subject, verb, object });
  }
  return all;
}

const pick = (roll: Dice, words: readonly string[]): string => words[roll(words.length)] as string;

/** A sentence in one of three forms, half of them after two words that say nothing. */
function sentenceOf(roll: Dice, { subject, verb, object }: Event, names: readonly string[]): string[] {
  const [s, o, [v]] = [names[subject] as string, names[object] as string, VERBS[verb] as readonly [string, string]];
  const forms = [() => [s, v, o, 'in', 'the', pick(roll, PLACES)], () => ['on', pick(roll, TIMES), s, v, o], () => [o, 'was', v, 'by', s]];
  const filler = roll(2) === 0 ? (FILLERS[roll(FILLERS.length)] as string[]) : [];
  return [...filler, ...(forms[roll(forms.length)] as () => string[])(), '.'];
}

function problemOf(
  from: Key,
  { names, least, most, events, verbs }: Record<'names' | 'least' | 'most' | 'events' | 'verbs', number>,
): ClozeProblem {
  const roll = dice(from);
  const actors = least + roll(most - least + 1);
  const own = Array.from(permutation(foldIn(from, 0), names).subarray(0, actors), (name) => `@${name}`);
  const all = eventsOf(roll, { events, actors, verbs });
  const asked = all[roll(all.length)] as Event;
  const [, synonym] = VERBS[asked.verb] as readonly [string, string];
  const [s, o] = [own[asked.subject] as string, own[asked.object] as string];
  const question = roll(2) === 0 ? [GAP, synonym, o, '.'] : [s, synonym, GAP, '.'];
  return { document: all.flatMap((event) => sentenceOf(roll, event, own)), question, answer: question[0] === GAP ? s : o };
}

/**
 * Documents of events in random order and form, and about one event of each a question in which its verb is replaced by a synonym that no document
 * has and one of its two actors by a gap: a stand-in for the questions that Hermann et al. (2015, §2) made of news, whose names they permuted for each document
 * as here. What an actor is called says nothing, so that only the document can tell the answer.
 */
export function clozeProblems(key: Key, sizes: ClozeSizes): ClozeProblem[] {
  expectOptions('clozeProblems', sizes, rules);
  const { count, names = 40, actors: [least, most] = [6, 8], events = 8, verbs = 8 } = sizes;
  if (names < most) throw new RangeError(`clozeProblems: names must be at least the ${most} actors of a document, got ${names}`);
  // Each event takes up one of the things that an actor does and one that are done to one; beyond half of them, drawing takes long or has no end.
  if (2 * events > least * verbs) {
    throw new RangeError(`clozeProblems: events must be at most half of ${least} actors times ${verbs} verbs, got ${events}`);
  }
  return Array.from({ length: count }, (_, i) => problemOf(foldIn(key, i), { names, least, most, events, verbs }));
}

/** Every symbol of cloze problems, actors first: `@0`, `@1`, …, then the gap and the words. */
export function clozeSymbols(sizes: Pick<ClozeSizes, 'names' | 'verbs'> = {}): string[] {
  expectOptions('clozeSymbols', sizes, { names: rules.names, verbs: rules.verbs });
  const { names = 40, verbs = 8 } = sizes;
  const words = ['in', 'the', 'on', 'was', 'by', '.', ...PLACES, ...TIMES, ...FILLERS.flat(), ...VERBS.slice(0, verbs).flat()];
  return [...Array.from({ length: names }, (_, i) => `@${i}`), GAP, ...words];
}

const isActor = (word: string) => /^@\d+$/.test(word);

/** The actor of the least score; of equals the one whose name comes first in the document. */
function best(op: string, { document }: ClozeProblem, score: (actor: string) => number): string {
  const actors = [...new Set(document.filter(isActor))];
  const [first] = actors;
  if (first === undefined) throw new RangeError(`${op}: document must name an actor, got none`);
  return actors.reduce((so, actor) => (score(actor) < score(so) ? actor : so), first);
}

/**
 * The actor named most often: the baseline *maximum frequency* of Hermann et al. 2015, §3.1, with `exclusive` only among those whom the question does not
 * name, their *exclusive frequency*. Of equals the one named first.
 */
export function mostFrequentActor(problem: ClozeProblem, options: { exclusive?: boolean | undefined } = {}): string {
  expectOptions('mostFrequentActor', options, {
    exclusive: maybe(ruleOf('true or false', (value) => typeof value === 'boolean')),
  });
  expectFields('mostFrequentActor', 'problem', problem, 'document', 'question');
  const { document, question } = problem;
  const shut = new Set(options.exclusive ? question : []);
  return best('mostFrequentActor', problem, (actor) => (shut.has(actor) ? 1 : -document.filter((word) => word === actor).length));
}

/** No word is counted as farther than this from where it is expected (Hermann et al. 2015, §3.1). */
const FARTHEST = 8;

/**
 * The actor at whom the gap fits best: the baseline *word distance* of Hermann et al. 2015, §3.1. For each place where a name stands, the question is laid over the document with the
 * gap at that place, and the distances of all its words to the nearest place where the document has them are added, none above 8. Of equals the one named first.
 */
export function nearestActor(problem: ClozeProblem): string {
  expectFields('nearestActor', 'problem', problem, 'document', 'question');
  const { document, question } = problem;
  const gap = question.indexOf(GAP);
  const places = new Map<string, number[]>();
  for (const [at, word] of document.entries()) places.set(word, [...(places.get(word) ?? []), at]);
  const far = (word: string, from: number) =>
    (places.get(word) ?? []).reduce((least, at) => Math.min(least, Math.abs(at - from)), FARTHEST);
  const laid = (place: number) => question.reduce((sum, word, i) => sum + (i === gap ? 0 : far(word, place + i - gap)), 0);
  return best('nearestActor', problem, (actor) => Math.min(...(places.get(actor) ?? []).map(laid)));
}
