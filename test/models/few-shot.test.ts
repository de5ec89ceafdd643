// Few-shot learners: what they answer by, and what they refuse.
import { describe, expect, it } from 'vitest';
import { ConvEmbedding, PrototypicalNetwork, SnailClassifier } from '../../src/models/index.ts';
import { concat, softmax, sum } from '../../src/ops/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { bits, list, real } from '../nn/row.ts';

const embedding = new ConvEmbedding({ side: 8, width: 3, output: 4 }, key(1));
const labels = tensor(Int32Array.of(2, 0, 1, 1, 0, 2), { shape: [2, 3] });
const episodes = { support: real([0, 1], [3, 8, 8], 1), labels, query: real([0, 1], [2, 8, 8], 2) };
const layers = [{ length: 4, filters: 3 }, { key: 4, value: 3 }]; // biome-ignore format: one line

describe('PrototypicalNetwork', () => {
  const model = new PrototypicalNetwork({ embedding });

  it('is sure of a query that is an example, and looks at its class', () => {
    const { logits, weights } = model.forward({ ...episodes, query: episodes.support }, { classes: 3 });
    const [values, looked] = [list(logits), list(weights)];
    list(labels).forEach((label, i) => {
      const row = values.slice(3 * i, 3 * i + 3);
      expect(row.indexOf(Math.max(...row))).toBe(label);
      const at = looked.slice(3 * i, 3 * i + 3);
      expect(at.indexOf(Math.max(...at))).toBe(i % 3); // one example each: that which it is
    });
    for (const all of list(sum(weights, { axis: 2 }))) expect(all).toBeCloseTo(1, 5);
    expect(list(softmax(logits)).slice(0, 3).sort()).toEqual(looked.slice(0, 3).sort());
  });

  it('normalises by the batch in training, and by what it has seen otherwise', () => {
    const own = new PrototypicalNetwork({ embedding: new ConvEmbedding({ side: 8, width: 3 }, key(2)) });
    const before = bits(own.forward(episodes, { classes: 3 }).logits);
    expect(bits(own.forward(episodes, { classes: 3 }).logits)).toEqual(before);
    expect(bits(own.forward(episodes, { classes: 3, update: true }).logits)).not.toEqual(before);
    expect(bits(own.forward(episodes, { classes: 3 }).logits)).not.toEqual(before);
  });

  it('says what it cannot take', () => {
    const ask = (change: object, options: object = { classes: 3 }) => () => model.forward({ ...episodes, ...change }, options as never); // biome-ignore format: one line
    expect(ask({}, { classes: 4 })).toThrow('PrototypicalNetwork: each class must have an example, got none of class 3');
    expect(ask({}, { classes: 2 })).toThrow('PrototypicalNetwork: labels must be from 0 to 1, got 2');
    expect(ask({}, {})).toThrow('PrototypicalNetwork: classes must be a whole number from 1, got undefined');
    expect(ask({ query: zeros([2, 2, 8, 7]) })).toThrow(
      'PrototypicalNetwork: query must have the batch and items of support, got [2, 2, 8, 7] and [2, 3, 8, 8]',
    );
    expect(ask({ labels: zeros([2, 3]) })).toThrow('PrototypicalNetwork: labels must be int32 [2, 3], got float32 [2, 3]');
    expect(ask({ support: undefined })).toThrow(
      'PrototypicalNetwork: support and query must be float32 [B, S, …] and [B, Q, …], got undefined and float32 [2, 2, 8, 8]',
    );
    expect(() => new PrototypicalNetwork({ embedding: {} as never })).toThrow(
      'PrototypicalNetwork: embedding must be a Module with forward() and a size, got an object',
    );
  });
});

describe('SnailClassifier', () => {
  const model = new SnailClassifier({ embedding, classes: 3, examples: 3, layers }, key(3));

  it('answers each query by the examples alone, whatever else is asked', () => {
    const { logits, weights } = model.forward(episodes);
    const more = model.forward({ ...episodes, query: concat([real([0, 1], [1, 8, 8], 5), episodes.query], 1) });
    const behind = list(more.logits).filter((_, i) => i % 9 >= 3);
    expect(behind).toEqual(list(logits));
    expect(weights.map(({ shape }) => shape)).toEqual([[2, 2, 3]]);
    for (const all of list(sum(weights[0] ?? zeros([1]), { axis: 2 }))) expect(all).toBeLessThan(1); // the rest is its own
    const others = model.forward({ ...episodes, labels: tensor(Int32Array.of(0, 2, 1, 1, 0, 2), { shape: [2, 3] }) });
    expect(list(others.logits).slice(0, 6)).not.toEqual(list(logits).slice(0, 6));
    expect(list(others.logits).slice(6)).toEqual(list(logits).slice(6));
  });

  it('has the layers of the paper unless it is told others', () => {
    const widths = new SnailClassifier({ embedding, classes: 5, examples: 5 }, key(3)).snail.layers.map((layer) => layer.width);
    expect(widths).toEqual([41, 425, 553, 937, 1193]); // 4 + 5, then 32, 3 × 128, 128, 3 × 128 and 256
  });

  it('says what it cannot take', () => {
    expect(() =>
      model.forward({ ...episodes, support: zeros([2, 4, 8, 8]), labels: tensor(new Int32Array(8), { shape: [2, 4] }) }),
    ).toThrow('SnailClassifier: support must be of 3 examples, got 4');
    expect(() => new ConvEmbedding({ side: 7 }, key(1))).toThrow('ConvEmbedding: side must be at least 8, got 7');
    expect(() => embedding.forward(zeros([2, 8, 9]))).toThrow('ConvEmbedding: images must be float32 [M, 8, 8], got float32 [2, 8, 9]');
  });
});
