// A grammar in which the words of a phrase tell what it belongs to, sentences drawn from it, and the likeliest tree of a sentence.

import { expectOptions, isCount, isList, isSize, maybe } from '../tensor/check.ts';
import { foldIn, type Key, randomInt } from '../tensor/random.ts';
import type { ParseTree } from '../trees/tree.ts';

/** A sentence with its tree. */
export interface AttachmentSentence {
  /** In lower case, without punctuation. */
  readonly words: readonly string[];
  /** The one right parse: its words are places in `words`. */
  readonly tree: ParseTree;
}

/** Sizes of sentences with trees. */
export interface AttachmentSizes {
  /** B, the number of sentences. */
  count: number;
  /** How often phrases may stand within phrases. Default 5. */
  depth?: number | undefined;
  /** The fewest words. Default 4. */
  minLength?: number | undefined;
  /** The most words. Default 40. */
  maxLength?: number | undefined;
}

/** The words of each kind; none is of two. */
const LEXICON = {
  DT: ['the', 'a'],
  JJ: ['old', 'young', 'tall', 'happy', 'quiet', 'famous'],
  NN: ['man', 'woman', 'child', 'teacher', 'doctor', 'farmer', 'singer', 'dog', 'cat', 'horse'],
  ATTR: ['hat', 'beard', 'scar', 'uniform', 'necklace', 'limp', 'tail', 'crown'],
  INST: ['telescope', 'rope', 'camera', 'stick', 'net', 'drone', 'mirror', 'lamp'],
  LOC: ['park', 'kitchen', 'street', 'forest', 'school', 'barn', 'square', 'valley'],
  VI: ['slept', 'laughed', 'waited', 'sang'],
  VT: ['saw', 'chased', 'caught', 'watched', 'found', 'followed'],
  VS: ['said', 'thought', 'believed', 'knew'],
  NEAR: ['near', 'behind'],
  WITH: ['with'],
  IN: ['in'],
  THAT: ['that'],
  AND: ['and'],
} as const;

type Kind = keyof typeof LEXICON;
const kinds = new Map(Object.entries(LEXICON).flatMap(([kind, words]) => words.map((word): [string, Kind] => [word, kind as Kind])));

/** The labels of trees. */
export const attachmentLabels: readonly string[] = ['S', 'NP', 'VP', 'PP', 'SBAR'];

/** Every word of the grammar. */
export const attachmentWords: readonly string[] = [...kinds.keys()];

/** A part of a rule: a kind of word, or a phrase, which may be one level less deep. */
type Part = Kind | 'S' | 'NP' | 'VP' | 'BASE' | Nested;
/** A constituent within a rule that is none of its own. */
interface Nested {
  readonly label: string;
  readonly parts: readonly Part[];
}
interface Rule {
  readonly share: number;
  readonly parts: readonly Part[];
}

const nested = (label: string, ...parts: Part[]): Nested => ({ label, parts });
const plain: Nested = nested('NP', 'BASE');
const attribute = nested('PP', 'WITH', nested('NP', 'DT', 'ATTR'));
const instrument = nested('PP', 'WITH', nested('NP', 'DT', 'INST'));
const location = nested('PP', 'IN', nested('NP', 'DT', 'LOC'));

const BASE: readonly Rule[] = [
  { share: 0.7, parts: ['DT', 'NN'] },
  { share: 0.3, parts: ['DT', 'JJ', 'NN'] },
];

/** A noun takes one thing at most; so what follows it belongs to the nearest one. */
const NP: readonly Rule[] = [
  { share: 0.52, parts: ['BASE'] },
  { share: 0.2, parts: [plain, attribute] },
  { share: 0.1, parts: [plain, nested('PP', 'NEAR', 'NP')] },
  { share: 0.1, parts: [plain, nested('SBAR', 'THAT', 'VP')] },
  { share: 0.08, parts: [plain, 'AND', 'NP'] },
];

/** Verbs with what may follow: an instrument in 35 of 100, a place in 15. */
function verbs(alone: number, saying: number): Rule[] {
  const followed = (parts: readonly Part[], share: number): Rule[] => [
    { share: share * 0.65 * 0.85, parts },
    { share: share * 0.35 * 0.85, parts: [...parts, instrument] },
    { share: share * 0.65 * 0.15, parts: [...parts, location] },
    { share: share * 0.35 * 0.15, parts: [...parts, instrument, location] },
  ];
  const said: Rule[] = saying > 0 ? [{ share: saying, parts: ['VS', nested('SBAR', 'THAT', 'S')] }] : [];
  return [...followed(['VI'], alone), ...said, ...followed(['VT', 'NP'], 1 - alone - saying)];
}

/** The rules of each phrase at its last level, and above it. */
const rules: Readonly<Record<'S' | 'NP' | 'VP' | 'BASE', readonly [last: readonly Rule[], above: readonly Rule[]]>> = {
  S: [[{ share: 1, parts: ['NP', 'VP'] }], [{ share: 1, parts: ['NP', 'VP'] }]],
  NP: [[{ share: 1, parts: ['BASE'] }], NP],
  VP: [verbs(0.2, 0), verbs(0.2, 0.15)],
  BASE: [BASE, BASE],
};

const rulesOf = (phrase: keyof typeof rules, depth: number) => rules[phrase][depth > 0 ? 1 : 0];

/** Phrases within phrases are a level less deep; a sentence's own noun phrase and verb phrase are not. */
const below = (phrase: keyof typeof rules, depth: number) => (phrase === 'S' ? depth : Math.max(0, depth - 1));

/** The rule at a point of [0, 1), along which the rules lie with their shares. */
function ruleAt(all: readonly Rule[], point: number): Rule {
  let end = 0;
  for (const rule of all) {
    end += rule.share;
    if (point < end) return rule;
  }
  return all.at(-1) as Rule;
}

/** Draws a phrase: words are appended, the children of the phrase are returned. */
function drawn(roll: () => number, parts: readonly Part[], depth: number, words: string[]): (ParseTree | number)[] {
  return parts.flatMap((part): (ParseTree | number)[] => {
    if (typeof part === 'object') return [{ label: part.label, children: drawn(roll, part.parts, depth, words) }];
    if (part in rules) {
      const phrase = part as keyof typeof rules;
      const children = drawn(roll, ruleAt(rulesOf(phrase, depth), roll()).parts, below(phrase, depth), words);
      return phrase === 'BASE' ? children : [{ label: phrase, children }];
    }
    const list = LEXICON[part as Kind];
    words.push(list[Math.floor(roll() * list.length)] as string);
    return [words.length - 1];
  });
}

/** The next number in [0, 1) each time. */
function dice(from: Key): () => number {
  let i = 0;
  return () => randomInt(from, i++, 2 ** 24) / 2 ** 24;
}

const isLength = /* @__PURE__ */ maybe(isSize);
const sizesRules = { count: isCount, depth: /* @__PURE__ */ maybe(isCount), minLength: isLength, maxLength: isLength };

/**
 * Sentences with trees of a grammar in which words tell where a phrase belongs: *with a telescope* to a verb, *with a hat* to the nearest noun, *near the dog* to the
 * noun, *in the park* to a verb. What stays open is which of two verbs, one within the other, has an instrument or a place: the ceiling, {@link attachmentParse}, is below 100 %.
 * A stand-in for the trees of newspapers (Vinyals et al. 2015, "Grammar as a foreign language").
 */
export function attachmentSentences(key: Key, sizes: AttachmentSizes): AttachmentSentence[] {
  expectOptions('attachmentSentences', sizes, sizesRules);
  const { count, depth = 5, minLength = 4, maxLength = 40 } = sizes;
  if (minLength > maxLength || minLength > 5 || maxLength < 4) {
    throw new RangeError(
      `attachmentSentences: minLength must be at most 5 and maxLength, and maxLength at least 4, got ${minLength} and ${maxLength}`,
    );
  }
  return Array.from({ length: count }, (_, i) => {
    const own = foldIn(key, i);
    for (let attempt = 0; ; attempt++) {
      const words: string[] = [];
      const [tree] = drawn(dice(foldIn(own, attempt)), ['S'], depth, words);
      if (words.length >= minLength && words.length <= maxLength) return { words, tree: tree as ParseTree };
    }
  });
}

/** A reading of a stretch of words: what it is made of. */
type Reading = readonly (ParseTree | number)[];

/** The readings of all stretches of a sentence, one of each, found once. */
class Chart {
  private readonly known = new Map<string, Reading | null>();
  private readonly words: readonly Kind[];

  constructor(words: readonly Kind[]) {
    this.words = words;
  }

  /** The first reading of the words from `start` to before `end` as a phrase. */
  phrase(phrase: keyof typeof rules, depth: number, start: number, end: number): Reading | null {
    const name = `${phrase} ${depth} ${start} ${end}`;
    const before = this.known.get(name);
    if (before !== undefined) return before;
    let found: Reading | null = null;
    for (const { parts } of rulesOf(phrase, depth)) found ??= this.sequence(parts, below(phrase, depth), start, end);
    this.known.set(name, found);
    return found;
  }

  /** The words as these parts, one after the other. */
  private sequence([part, ...rest]: readonly Part[], depth: number, start: number, end: number): Reading | null {
    if (part === undefined) return start === end ? [] : null;
    const last = end - rest.length;
    for (let middle = rest.length > 0 ? start + 1 : end; middle <= last; middle++) {
      const first = this.part(part, depth, start, middle);
      const others = first && this.sequence(rest, depth, middle, end);
      if (others) return [...first, ...others];
    }
    return null;
  }

  private part(part: Part, depth: number, start: number, end: number): Reading | null {
    const under = (label: string, children: Reading | null) => children && [{ label, children }];
    if (typeof part === 'object') return under(part.label, this.sequence(part.parts, depth, start, end));
    if (!(part in rules)) return end === start + 1 && this.words[start] === part ? [start] : null;
    const phrase = part as keyof typeof rules;
    const inner = this.phrase(phrase, depth, start, end);
    return phrase === 'BASE' ? inner : under(phrase, inner);
  }
}

/**
 * The likeliest tree of a sentence under the grammar of {@link attachmentSentences}, found exactly (by a chart: each stretch of words as each phrase at each depth, once); `null` if
 * the grammar has no such sentence. Where an instrument or a place may be of several verbs, all trees are equally likely, since a rule counts as much at one verb as at the
 * other; this one has it at the nearest. No parser that knows no more than the words can be expected to have more trees right.
 */
export function attachmentParse(words: readonly string[], options: { depth?: number | undefined } = {}): ParseTree | null {
  isList('attachmentParse', 'words', words);
  expectOptions('attachmentParse', options, { depth: maybe(isCount) });
  const tokens = words.map((word) => {
    const kind = kinds.get(word);
    if (kind === undefined) throw new RangeError(`attachmentParse: words must be of the grammar, got '${word}'`);
    return kind;
  });
  const children = new Chart(tokens).phrase('S', options.depth ?? 5, 0, words.length);
  return children && { label: 'S', children };
}
