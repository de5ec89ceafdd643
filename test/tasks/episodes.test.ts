import { describe, expect, it } from 'vitest';
import { fewShotEpisodes, type Pictures } from '../../src/tasks/index.ts';
import { key } from '../../src/tensor/random.ts';
import { list } from '../nn/row.ts';

// Class c has 4 drawings; drawing d of it has the pixels c, d, and a mark that shows how it was turned.
const classes = 6;
const pictures: Pictures = {
  pixels: Uint8Array.from(Array.from({ length: classes * 4 }, (_, i) => [Math.floor(i / 4), i % 4, 255, 0]).flat()),
  labels: Int32Array.from({ length: classes * 4 }, (_, i) => Math.floor(i / 4)),
  height: 2,
  width: 2,
};

describe('fewShotEpisodes', () => {
  it('draws classes, and of each other pictures to ask than to show', () => {
    const { support, labels, query, answers, sources } = fewShotEpisodes(key(1), pictures, { batch: 40, ways: 3, shots: 2, queries: 1 });
    expect([support.shape, query.shape]).toEqual([[40, 6, 2, 2], [40, 3, 2, 2]]); // biome-ignore format: one line
    const [s, q, l, a] = [support, query, labels, answers].map(list) as [number[], number[], number[], number[]];
    const orders = new Set<string>();
    for (let b = 0; b < 40; b++) {
      const shown = l.slice(6 * b, 6 * b + 6);
      orders.add(shown.join());
      expect(shown.toSorted()).toEqual([0, 0, 1, 1, 2, 2]);
      expect(a.slice(3 * b, 3 * b + 3)).toEqual([0, 1, 2]);
      const pictured = (flat: number[], at: number) => [flat[4 * at], flat[4 * at + 1]].map((x) => Math.round(255 * (x as number)));
      const kinds = new Map<number, number>();
      for (let i = 0; i < 6; i++) {
        const [kind, drawing] = pictured(s, 6 * b + i) as [number, number];
        expect(sources[9 * b + i]).toBe(4 * kind + drawing);
        expect(kinds.get(shown[i] as number) ?? kind).toBe(kind);
        kinds.set(shown[i] as number, kind);
      }
      expect(new Set(kinds.values()).size).toBe(3);
      for (let i = 0; i < 3; i++) {
        expect(pictured(q, 3 * b + i)[0]).toBe(kinds.get(i));
        expect(sources.slice(9 * b, 9 * b + 6)).not.toContain(sources[9 * b + 6 + i]);
      }
    }
    expect(orders.size).toBeGreaterThan(20);
  });

  it('turns pictures into classes of their own, all drawings of one alike', () => {
    const sizes = { batch: 60, ways: 5, shots: 1, queries: 1, classes: [2, 4], turned: true };
    const { support, labels, query, sources } = fewShotEpisodes(key(2), pictures, sizes);
    const [s, q, l] = [list(support), list(query), list(labels)];
    const marks = new Set<number>();
    for (let b = 0; b < 60; b++) {
      const seen = new Set<string>();
      for (let i = 0; i < 5; i++) {
        const mark = s.slice(4 * (5 * b + i), 4 * (5 * b + i) + 4).indexOf(1);
        const label = pictures.labels[sources[10 * b + i] as number];
        expect([2, 4]).toContain(label);
        marks.add(mark);
        seen.add(`${label} ${mark}`);
        const way = l[5 * b + i] as number;
        expect(q.slice(4 * (5 * b + way), 4 * (5 * b + way) + 4).indexOf(1)).toBe(mark);
      }
      expect(seen.size).toBe(5);
    }
    expect(marks.size).toBe(4);
  });

  it('says what it cannot draw', () => {
    const sizes = { batch: 1, ways: 3, shots: 1, queries: 1 };
    expect(() => fewShotEpisodes(key(1), pictures, { ...sizes, ways: 7 })).toThrow(
      'fewShotEpisodes: ways must be at most 6, the classes there are, got 7',
    );
    expect(() => fewShotEpisodes(key(1), pictures, { ...sizes, shots: 4 })).toThrow(
      'fewShotEpisodes: each class must have 5 pictures, got 4 of 0',
    );
    expect(() => fewShotEpisodes(key(1), pictures, { ...sizes, classes: [1, 2, 9] })).toThrow('got 0 of 9');
    expect(() => fewShotEpisodes(key(1), { ...pictures, height: 1, width: 4 }, { ...sizes, turned: true })).toThrow(
      'fewShotEpisodes: pictures must be square to be turned, got 1 × 4',
    );
  });
});
