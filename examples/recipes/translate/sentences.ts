// Sentence pairs: small_parallel_enja, or a small made-up language for quick runs.
import { readFileSync } from 'node:fs';
import { foldIn, key, Vocabulary } from 'saccade';
import { fnv1a } from 'saccade/data';
import { randomInt } from 'saccade/tensor';
import type { Context } from '../../runner/recipe.ts';

/** A sentence and its translation. */
export interface Pair {
  source: string[];
  target: string[];
}

/** Pairs to learn from, the development part, and pairs held out of the training part, with vocabularies from the first. */
export interface Corpus {
  train: Pair[];
  dev: Pair[];
  held: Pair[];
  source: Vocabulary;
  target: Vocabulary;
}

/** Number of pairs held out of the training part: those whose English has the smallest hashes, so that no sentence is on both sides. */
const HELD_OUT = 3000;
/** Words that occur less often are unknown. */
const SELDOM = 3;

function vocabulary(sentences: readonly string[][]): Vocabulary {
  const counts = new Map<string, number>();
  for (const word of sentences.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts].filter(([, count]) => count >= SELDOM).map(([word]) => word);
  return new Vocabulary(words.sort(), { specials: ['<pad>', '<bos>', '<eos>', '<unk>'], unk: '<unk>' });
}

function corpusOf(train: Pair[], dev: Pair[], heldOut: number): Corpus {
  const names = train.map(({ source }) => source.join(' '));
  const order = [...new Set(names)].sort((a, b) => fnv1a(a) - fnv1a(b));
  const held = new Set(order.slice(0, heldOut));
  const known = new Set([...held, ...dev.map(({ source }) => source.join(' '))]);
  const kept = train.filter((_, i) => !known.has(names[i] as string));
  return {
    train: kept,
    dev,
    held: train.filter((_, i) => held.has(names[i] as string)),
    source: vocabulary(kept.map(({ source }) => source)),
    target: vocabulary(kept.map(({ target }) => target)),
  };
}

const SUBJECTS = ['the dog', 'the cat', 'the man', 'she', 'the old woman', 'my friend', 'the small child'];
const VERBS = ['sees', 'likes', 'finds', 'draws', 'hears', 'follows'];
const OBJECTS = ['a bird', 'the red house', 'a big tree', 'the river', 'some bread', 'a song', 'the long road'];
const PLACES = ['', 'in the garden', 'at night', 'near the sea', 'every day'];

/** A sentence, and its made-up translation: the verb at the end, a particle after each part, word by word in capitals. */
function invented(i: number): Pair {
  const from = foldIn(key(31), i);
  const one = (list: readonly string[], n: number) => (list[randomInt(from, n, list.length)] as string).split(' ').filter(Boolean);
  const [subject, verb, object, place] = [one(SUBJECTS, 0), one(VERBS, 1), one(OBJECTS, 2), one(PLACES, 3)];
  const loud = (words: string[]) => words.map((word) => word.toUpperCase());
  return {
    source: [...subject, ...verb, ...object, ...place],
    target: [...loud(place), ...loud(subject), 'wa', ...loud(object), 'o', ...loud(verb), '.'],
  };
}

/** The pairs that a recipe learns from. */
export function corpusFor(context: Pick<Context, 'quick' | 'path'>): Corpus {
  if (context.quick) {
    const all = Array.from({ length: 2200 }, (_, i) => invented(i));
    return corpusOf(all.slice(200), all.slice(0, 200), 200);
  }
  const read = (file: string) =>
    readFileSync(context.path(file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
  const pairs = (part: string): Pair[] => {
    const targets = read(`${part}.ja`);
    return read(`${part}.en`).map((source, i) => ({ source, target: targets[i] ?? [] }));
  };
  return corpusOf(pairs('train'), pairs('dev'), HELD_OUT);
}
