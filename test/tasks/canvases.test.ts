import { describe, expect, it } from 'vitest';
import { clutteredCanvases, type Pictures, pictureBatch } from '../../src/tasks/index.ts';
import { foldIn, key, randomInt } from '../../src/tensor/random.ts';

/** Pictures whose pixels all differ, with no empty one. */
const pictures: Pictures = {
  pixels: Uint8Array.from({ length: 3 * 5 * 4 }, (_, i) => 40 + 3 * i),
  labels: [7, 0, 2],
  height: 5,
  width: 4,
};

describe('pictureBatch', () => {
  it('gives the chosen pictures from 0 to 1, and their labels', () => {
    const { images, labels } = pictureBatch(pictures, [2, 0]);
    expect(images.shape).toEqual([2, 5, 4]);
    expect(labels.toArray()).toEqual(Int32Array.of(2, 7));
    const wanted = [...pictures.pixels.slice(40), ...pictures.pixels.slice(0, 20)].map((byte) => Math.fround(byte / 255));
    expect([...images.toArray()]).toEqual(wanted);
    expect(pictureBatch(pictures).labels.toArray()).toEqual(Int32Array.of(7, 0, 2));
  });
});

describe('clutteredCanvases', () => {
  it('moves each picture within its canvas, to every place in turn', () => {
    const chosen = Array.from({ length: 400 }, (_, i) => i % 3);
    const { images, labels, places } = clutteredCanvases(key(3), pictures, { side: 7, chosen });
    expect([images.shape, places.shape, labels.shape]).toEqual([[400, 7, 7], [400, 2], [400]]);
    const seen = new Set<string>();
    for (let b = 0; b < 400; b++) {
      const [row = -1, column = -1] = places.toArray().subarray(2 * b, 2 * b + 2);
      seen.add(`${row},${column}`);
      const wanted = Array.from({ length: 49 }, (_, at) => {
        const [y, x] = [Math.floor(at / 7) - row, (at % 7) - column];
        return y < 0 || y >= 5 || x < 0 || x >= 4 ? 0 : Math.fround((pictures.pixels[((b % 3) * 5 + y) * 4 + x] as number) / 255);
      });
      expect([...images.toArray().subarray(49 * b, 49 * (b + 1))]).toEqual(wanted);
    }
    expect(seen.size).toBe(3 * 4);
    expect(labels.toArray().subarray(0, 4)).toEqual(Int32Array.of(7, 0, 2, 7));
  });

  it('adds pieces of other pictures, and ink above 1 is 1', () => {
    const blank = { ...pictures, pixels: new Uint8Array(60) };
    const ink = { pixels: new Uint8Array(9).fill(100), labels: [0], height: 3, width: 3 };
    const count = (distractors: number) => {
      const drawn = clutteredCanvases(key(4), blank, { side: 30, distractors, cut: 2, clutter: ink, chosen: new Array(50).fill(0) });
      const levels = new Map<number, number>();
      for (const value of drawn.images.toArray()) levels.set(Math.round(value * 255), (levels.get(Math.round(value * 255)) ?? 0) + 1);
      return levels;
    };
    expect(count(0)).toEqual(new Map([[0, 50 * 900]]));
    expect(count(1).get(100)).toBe(50 * 4); // one piece of 2 × 2, never cut by the border
    const many = count(200);
    expect([...many.keys()].sort((a, b) => a - b)).toEqual([0, 100, 200, 255]);
    const whole = [0, 100, 200, 255].reduce((sum, level) => sum + (many.get(level) ?? 0), 0);
    expect(whole).toBe(50 * 900);
  });

  it('cuts pieces at every corner of every picture of the clutter, and lays them at every place', () => {
    const blank = { ...pictures, pixels: new Uint8Array(60) };
    const { images } = clutteredCanvases(key(5), blank, {
      side: 5,
      distractors: 1,
      cut: 4,
      clutter: pictures,
      chosen: new Array(300).fill(0),
    });
    const seen = new Set<string>();
    for (let b = 0; b < 300; b++) {
      const canvas = images.toArray().subarray(25 * b, 25 * (b + 1));
      const first = canvas.findIndex((value) => value > 0);
      const byte = Math.round((canvas[first] as number) * 255);
      const from = pictures.pixels.indexOf(byte);
      for (let y = 0; y < 4; y++) {
        for (let x = 0; x < 4; x++) {
          expect(canvas[first + 5 * y + x]).toBe(Math.fround((pictures.pixels[from + 4 * y + x] as number) / 255));
        }
      }
      seen.add(`${first} ${from}`);
    }
    expect(seen.size).toBe(4 * 6); // four places, two corners in each of three pictures
  });

  it('is the same under a key, whatever else is drawn, and another under another', () => {
    const draw = (from: number, chosen: number[]) => clutteredCanvases(key(from), pictures, { side: 9, distractors: 2, cut: 3, chosen });
    const [short, long] = [draw(1, [1, 2]), draw(1, [1, 2, 0])];
    expect(long.images.toArray().slice(0, 2 * 81)).toEqual(short.images.toArray());
    expect(draw(2, [1, 2]).images.toArray()).not.toEqual(short.images.toArray());
    const own = foldIn(key(1), 2); // the third canvas: two pieces of five numbers each, then its place
    expect([...long.places.toArray().slice(4)]).toEqual([randomInt(own, 10, 5), randomInt(own, 11, 6)]);
  });
});
