import { describe, expect, it } from 'vitest';
import { locationAware } from '../../src/attention/named.ts';
import { padBatch } from '../../src/data/batch.ts';
import { ItemsSeq2Seq } from '../../src/models/seq2seq/items-seq2seq.ts';
import { key } from '../../src/tensor/random.ts';
import { bits } from '../nn/row.ts';

describe('ItemsSeq2Seq', () => {
  const model = new ItemsSeq2Seq({ source: 8, target: 8, hidden: 4, attention: locationAware }, key(1));

  it('has weights of its items, which are one more than the source', () => {
    const { weights, hypotheses } = model.translate(padBatch([[3, 4, 5], [6]]).tokens, { maxLength: 5 }); // biome-ignore format: one line
    expect(weights?.shape).toEqual([2, Math.max(...hypotheses.map(([best]) => best?.trace.length ?? 0)), 4]);
    expect(model.teach(padBatch([[3]]).tokens, padBatch([[3, 2]]).tokens).weights?.shape).toEqual([1, 2, 2]);
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
