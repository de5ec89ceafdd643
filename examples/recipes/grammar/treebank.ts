// UD English-EWT: sentences with what each word hangs on, of CoNLL-U files.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { hashSplit, Vocabulary } from 'saccade';
import type { Dependencies } from 'saccade/trees';
import type { Context, DataNeed } from '../../runner/recipe.ts';

/** A sentence with its dependencies, relations without their subtypes. */
export interface Sentence extends Dependencies {
  readonly words: readonly string[];
}

export interface Treebank {
  train: Sentence[];
  dev: Sentence[];
  test: Sentence[];
}

const [TRAIN, HELD, TEST] = ['train.conllu.gz', 'dev.conllu.gz', 'test.conllu.gz'] as const;

export const need: DataNeed = {
  folder: 'ud-ewt',
  files: [TRAIN, HELD],
  source: 'UD English-EWT, universaldependencies.org, each file with gzip',
};

/** Reads CoNLL-U (universaldependencies.org/format.html): lines of ten fields; those of contractions and of words left out are passed over. */
export function sentencesOf(text: string): Sentence[] {
  return text.split(/\n\s*\n/).flatMap((block): Sentence[] => {
    const lines = block.split('\n').filter((line) => /^\d+\t/.test(line));
    const fields = lines.map((line) => line.split('\t') as [string, string, ...string[]]);
    if (fields.length === 0) return [];
    return [
      {
        words: fields.map(([, form]) => form),
        heads: fields.map((all) => Number(all[6]) - 1),
        relations: fields.map((all) => (all[7] as string).split(':')[0] as string),
      },
    ];
  });
}

const read = (path: string) => sentencesOf(gunzipSync(readFileSync(path)).toString('utf8'));

/** The training file without a twentieth, on which settings and epochs are chosen; reported are the sentences of the development file, or with `--test` the official ones. */
export function treebankFor(context: Pick<Context, 'path' | 'testPath'>): Treebank {
  const parts: Sentence[][] = [[], []];
  for (const one of read(context.path(TRAIN))) parts[hashSplit(one.words.join(' '), [0.95, 0.05])]?.push(one);
  const [train = [], dev = []] = parts;
  return { train, dev, test: read(context.testPath(TEST) ?? context.path(HELD)) };
}

/** What a word that is not known looks like. */
function kindOf(word: string): string {
  if (/\d/.test(word)) return '<number>';
  if (!/\p{L}/u.test(word)) return '<sign>';
  const suffix = /(?:ing|ed|ly|s|er|tion|able|al)$/.exec(word.toLowerCase())?.[0] ?? '';
  return `<${/^\p{Lu}/u.test(word) ? 'Name' : 'word'}-${suffix}>`;
}

/** Numbers for words in small letters that come at least twice, and for kinds of others. */
export function numbersOf(train: readonly Sentence[]): { size: number; encode: (words: readonly string[]) => number[] } {
  const counts = new Map<string, number>();
  const plain = (word: string) => word.toLowerCase();
  for (const { words } of train) for (const word of words) counts.set(plain(word), (counts.get(plain(word)) ?? 0) + 1);
  const known = (word: string) => (counts.get(plain(word)) ?? 0) > 1;
  const named = (word: string) => (known(word) ? plain(word) : kindOf(word));
  const vocabulary = Vocabulary.from(
    train.map(({ words }) => words.map(named)),
    { specials: ['<pad>', '<bos>', '<eos>', '<unk>'], unk: '<unk>' },
  );
  return { size: vocabulary.size, encode: (words) => vocabulary.encode(words.map(named)) };
}
