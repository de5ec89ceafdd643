// Tiny Shakespeare as char-rnn splits it, or a small made-up language for quick runs.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { foldIn, key } from 'saccade';
import { randomInt } from 'saccade/tensor';
import type { Context, DataNeed } from '../../runner/recipe.ts';

/** Characters as numbers: to learn from, and to measure on. */
export interface Text {
  symbols: readonly string[];
  train: Int32Array;
  validation: Int32Array;
}

const FILE = 'tinyshakespeare.txt';
const SHA256 = '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed';

export const need: DataNeed = {
  folder: 'text',
  files: [FILE],
  source: `as ${FILE}: https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt`,
};

/** The first 90 % to learn from, the rest to measure on. */
function split(all: string): Text {
  const symbols = [...new Set(all)].sort();
  const places = new Map(symbols.map((symbol, i) => [symbol, i]));
  const numbers = Int32Array.from(all, (symbol) => places.get(symbol) as number);
  const cut = Math.floor(0.9 * numbers.length);
  return { symbols, train: numbers.slice(0, cut), validation: numbers.slice(cut) };
}

const WHO = ['the king', 'a fool', 'my lord', 'the queen', 'no man'];
const DOES = ['sees', 'loves', 'kills', 'hears'];
const WHAT = ['the crown', 'a sword', 'the sea', 'my heart', 'nothing'];

/** Lines of who does what. */
function invented(lines: number): string {
  const line = (i: number) => {
    const one = (list: readonly string[], n: number) => list[randomInt(foldIn(key(41), i), n, list.length)] as string;
    return `${one(WHO, 0)} ${one(DOES, 1)} ${one(WHAT, 2)}.\n`;
  };
  return Array.from({ length: lines }, (_, i) => line(i)).join('');
}

/** The text that a recipe learns. Another than tiny Shakespeare is refused: its figures would be of something else. */
export function textFor(context: Pick<Context, 'quick' | 'path'>): Text {
  if (context.quick) return split(invented(800));
  const path = context.path(FILE);
  const bytes = readFileSync(path);
  const sum = createHash('sha256').update(bytes).digest('hex');
  if (sum !== SHA256) throw new Error(`shakespeare: ${FILE} must have the SHA-256 ${SHA256}, got ${sum} of ${path}`);
  return split(bytes.toString('utf8'));
}

/** The training part alone, its last twentieth to measure on: what settings may be chosen by. */
export function tailOf({ symbols, train }: Text): Text {
  const cut = Math.floor(0.95 * train.length);
  return { symbols, train: train.slice(0, cut), validation: train.slice(cut) };
}

/** The entropy of characters each by itself, in nats: what knowing nothing but their frequencies reaches. */
export function unigramLoss({ train, validation, symbols }: Text): number {
  const counts = new Float64Array(symbols.length);
  for (const symbol of train) counts[symbol] = (counts[symbol] as number) + 1;
  let total = 0;
  for (const symbol of validation) total -= Math.log(Math.max(counts[symbol] as number, 1) / train.length);
  return total / validation.length;
}
