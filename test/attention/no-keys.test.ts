// A source of no keys: there is nothing to look at, so weights, output and choices say so, whatever the parts.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { exploring, gumbelSoftmax, gumbelStraightThrough, hard, highest, highestStraightThrough } from '../../src/attention/hard.ts';
import { lengthsToMask } from '../../src/attention/mask.ts';
import { locationAware, nearestKey } from '../../src/attention/named.ts';
import type { Selection } from '../../src/attention/parts.ts';
import { chosenItem, pointing } from '../../src/attention/read.ts';
import { DotScore } from '../../src/attention/score.ts';
import { soft, sparse, tempered } from '../../src/attention/selection.ts';
import { ones, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { list } from '../nn/row.ts';

const [query, keys] = [ones([2, 3, 4]), zeros([2, 0, 4])];
const selections: [string, Selection][] = [
  ['soft', soft],
  ['tempered', tempered({ temperature: 2 })],
  ['sparse', sparse],
  ['hard', hard],
  ['highest', highest],
  ['exploring', exploring({ epsilon: 0.5 })],
  ['gumbelSoftmax', gumbelSoftmax({ temperature: 1 })],
  ['gumbelStraightThrough', gumbelStraightThrough()],
  ['highestStraightThrough', highestStraightThrough],
];

describe('no keys', () => {
  it.each(selections)('give zeros with %s, drawn and not', (_, selection) => {
    const attention = new Attention({ score: new DotScore(), selection });
    for (const options of [{}, { key: key(1) }]) {
      const { output, weights, choice, logProbability, entropy } = attention.forward(query, keys, zeros([2, 0, 5]), options);
      expect([output.shape, weights.shape]).toEqual([[2, 3, 5], [2, 3, 0]]); // biome-ignore format: one line
      expect(list(output).every((x) => x === 0)).toBe(true);
      if (choice) expect(list(choice)).toEqual([-1, -1, -1, -1, -1, -1]);
      for (const x of [logProbability, entropy]) if (x) expect(list(x).every((value) => value === 0)).toBe(true);
    }
  });

  it('give zeros with every read and where weights are looked at again', () => {
    const chosen = new Attention({ score: new DotScore(), selection: highest, read: chosenItem });
    expect(list(chosen.forward(query, keys).output)).toEqual(new Array(24).fill(0));
    expect(new Attention({ score: new DotScore(), read: pointing }).forward(query, keys).output.shape).toEqual([2, 3, 0]);
    const sizes = { query: 4, key: 4, hidden: 3 };
    for (const make of [nearestKey, locationAware]) {
      const { output } = make(sizes, key(1)).forward(query, keys);
      expect(list(output)).toEqual(new Array(24).fill(0));
    }
  });

  it('are not the same as keys that were forgotten', () => {
    expect(() => new Attention({ score: new DotScore() }).forward(query, undefined as never)).toThrow(
      'attention: query and keys must be a tensor, got undefined',
    );
    expect(() => lengthsToMask(3 as never)).toThrow('lengthsToMask: lengths must be an array of numbers or int32 [B], got 3');
  });
});
