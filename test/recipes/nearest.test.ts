import { foldIn, key } from 'saccade';
import { editDistance } from 'saccade/metrics';
import { randomInt } from 'saccade/tensor';
import { expect, it } from 'vitest';
import { Nearest } from '../../examples/runner/nearest.ts';

it('finds a sequence that no other is closer than', () => {
  const word = (i: number) => Array.from({ length: 1 + randomInt(foldIn(key(1), i), 0, 7) }, (_, j) => randomInt(foldIn(key(2), i), j, 4));
  const words = Array.from({ length: 300 }, (_, i) => word(i));
  const memory = new Nearest<number, number[]>();
  expect(memory.get([1])).toBeUndefined();
  for (const one of words) memory.set(one, one);
  for (let i = 300; i < 400; i++) {
    const asked = word(i);
    const fewest = Math.min(...words.map((one) => editDistance(one, asked)));
    expect(editDistance(memory.get(asked) ?? [], asked)).toBe(fewest);
  }
  const twice = new Nearest<string, string>();
  twice.set('ab', 'first');
  twice.set('ab', 'second');
  expect([twice.get(['a', 'b']), twice.get([])]).toEqual(['first', 'first']);
});
