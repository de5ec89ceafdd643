import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { hard } from '../../src/attention/hard.ts';
import { locationAware } from '../../src/attention/named.ts';
import { DotScore } from '../../src/attention/score.ts';
import { padBatch } from '../../src/data/batch.ts';
import { ItemsSeq2Seq } from '../../src/models/seq2seq/items-seq2seq.ts';
import { ones } from '../../src/tensor/create.ts';
import { type Key, key } from '../../src/tensor/random.ts';
import { bits } from '../nn/row.ts';

describe('ItemsSeq2Seq', () => {
  const model = new ItemsSeq2Seq({ source: 8, target: 8, hidden: 4, attention: locationAware }, key(1));

  it('has weights of its items, which are one more than the source', () => {
    const { weights, hypotheses } = model.translate(padBatch([[3, 4, 5], [6]]).tokens, { maxLength: 5 }); // biome-ignore format: one line
    expect(weights?.shape).toEqual([2, Math.max(...hypotheses.map(([best]) => best?.trace.length ?? 0)), 4]);
    expect(model.teach(padBatch([[3]]).tokens, padBatch([[3, 2]]).tokens).weights?.shape).toEqual([1, 2, 2]);
  });

  it('draws in its steps, the item attended to and what is dropped, where a key is given', () => {
    const step = (options: object, from?: Key) => {
      const one = new ItemsSeq2Seq({ source: 8, target: 8, hidden: 8, ...options }, key(2));
      const source = one.read(padBatch([[3, 4, 5, 6, 7]]).tokens);
      return one.advance(ones([1, 8]), source, one.initialState(source), from ? { key: from } : {});
    };
    const choosing = { attention: () => new Attention({ score: new DotScore(), selection: hard }) };
    const choices = Array.from({ length: 20 }, (_, i) => step(choosing, key(i)).choice?.item());
    expect(new Set(choices).size).toBeGreaterThan(1);
    expect(new Set(Array.from({ length: 5 }, () => step(choosing).choice?.item())).size).toBe(1);
    const zerosOf = (from?: Key) => Array.from(step({ dropout: 0.5 }, from).vector.toArray()).filter((x) => x === 0).length;
    expect([zerosOf(), zerosOf(key(3)) > 0]).toEqual([0, true]);
  });

  it('marks the last real item, wherever padding ends the row, and no other', () => {
    const itemsOf = (rows: number[][]) => bits(model.read(padBatch(rows).tokens).prepared.values);
    const edge = model.edges.weight.view();
    const before = [itemsOf([[3, 4, 5]]), itemsOf([[3, 4, 5], [6]]), itemsOf([[]])] as const; // biome-ignore format: one line
    edge[4] = (edge[4] as number) + 1; // of the last item's vector the first element
    const after = [itemsOf([[3, 4, 5]]), itemsOf([[3, 4, 5], [6]]), itemsOf([[]])] as const; // biome-ignore format: one line
    const moved = before.map((list, i) => Array.from(list).flatMap((x, at) => (x === after[i]?.[at] ? [] : [at])));
    expect(moved).toEqual([[12], [12, 16 + 4], [0]]);
  });
});
