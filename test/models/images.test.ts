// Models of images: what their tables do not say.
import { describe, expect, it } from 'vitest';
import * as s from '../../src/all.ts';
import { real } from '../nn/row.ts';

const bits = (x: s.Tensor) => new Int32Array(Float32Array.from(x.toArray()).buffer);
const list = (x: s.Tensor) => Array.from(x.toArray());

describe('a spatial transformer', () => {
  const options = { size: 18, view: 18, classes: 3, hidden: [4], localWindow: 3 };

  it('sees the image itself at the start, bit for bit, and says where', () => {
    const images = real([0, 1], [18, 18], 1);
    for (const form of ['affine', 'attention'] as const) {
      const { view, theta, places } = new s.SpatialTransformer({ ...options, form }, s.key(1)).forward(images);
      expect(bits(view)).toEqual(bits(images));
      expect(list(theta)).toEqual([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0]);
      expect(list(places).slice(0, 4)).toEqual([0.5, 0.5, 1.5, 0.5].map((at) => expect.closeTo(at, 5)));
      expect(places.shape).toEqual([2, 18, 18, 2]);
    }
  });

  it('looks where θ says: at the middle, of half the scale', () => {
    const model = new s.SpatialTransformer({ ...options, view: [9, 9], form: 'attention' }, s.key(1));
    s.assign(model.theta.bias as s.Tensor, s.tensor([-0.5, 0, 0]));
    const images = real([0], [18, 18], 1);
    const { view } = model.forward(images);
    const wanted = Array.from({ length: 81 }, (_, i) => {
      // pixel i of the view is at (2 i + 1) / 18 · 9 + 4.5, the middle of the picture
      const [r, c] = [Math.floor(i / 9) + 5, (i % 9) + 5];
      const at = (y: number, x: number) => list(images)[y * 18 + x] as number;
      return (at(r - 1, c - 1) + at(r - 1, c) + at(r, c - 1) + at(r, c)) / 4;
    });
    list(view).forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i] as number, 5);
    });
  });

  it('with several samples a pixel sees between the pixels of a coarse view: the means of an image that is left whole', () => {
    const images = real([0, 1], [18, 18, 2], 1);
    const { view, places } = new s.SpatialTransformer({ ...options, channels: 2, view: 9, samples: 2 }, s.key(1)).forward(images);
    const means = s.avgPool2d(images, 2);
    expect(view.shape).toEqual([2, 9, 9, 2]);
    list(view).forEach((value, i) => {
      expect(value).toBeCloseTo(list(means)[i] as number, 5);
    });
    expect(list(places).slice(0, 4)).toEqual([1, 1, 3, 1].map((at) => expect.closeTo(at, 5)));
    expect(() => new s.SpatialTransformer({ ...options, samples: 0 }, s.key(1))).toThrow('samples must be a whole number from 1, got 0');
  });

  it('refuses other images, and sizes that leave nothing', () => {
    const model = new s.SpatialTransformer(options, s.key(1));
    expect(() => model.forward(s.zeros([1, 18, 17]))).toThrow(
      'SpatialTransformer: images must be float32 [B, 18, 18], got float32 [1, 18, 17]',
    );
    expect(() => new s.SpatialTransformer({ ...options, size: 15 }, s.key(1))).toThrow(
      'SpatialTransformer: size must be at least [16, 16] for a localWindow of [3, 3], got [15, 15]',
    );
    expect(new s.SpatialTransformer({ ...options, size: 16 }, s.key(1)).size).toEqual([16, 16]);
    expect(() => new s.ImageClassifier({ size: 5, classes: 2, filters: [2, 2] }, s.key(1))).toThrow(/must leave pixels after 2 pools/);
  });
});

describe('self-attention over an image', () => {
  it('is the identity at the start, bit for bit, and returns its weights', () => {
    const x = real([0, 1], [3, 4, 16], 1);
    const block = new s.SelfAttention2d({ channels: 16 }, s.key(1));
    expect(bits(block.forward(x))).toEqual(bits(x));
    const { weights } = block.attend(x);
    expect(weights.shape).toEqual([2, 3, 4, 3, 4]);
    for (const total of list(s.sum(s.reshape(weights, [24, 12]), { axis: 1 }))) expect(total).toBeCloseTo(1, 6);
    expect(() => block.forward(s.zeros([1, 2, 2, 8]))).toThrow('SelfAttention2d: x must be [B, height, width, 16], got [1, 2, 2, 8]');
  });
});

describe('doubly stochastic attention', () => {
  it('is the mean of Σ (τ − Σ α)² over real words', () => {
    const weights = s.tensor([[[0.25, 0.75], [0.5, 0.5], [1, 0]]]); // biome-ignore format: rows
    expect(s.doublyStochasticLoss(weights).item()).toBeCloseTo(0.75 ** 2 + 0.25 ** 2, 6);
    expect(s.doublyStochasticLoss(weights, { total: 1.5 }).item()).toBeCloseTo(0.25 ** 2 + 0.25 ** 2, 6);
    const mask = s.tensor([[true, true, false]]);
    expect(s.doublyStochasticLoss(weights, { mask }).item()).toBeCloseTo(0.25 ** 2 + 0.25 ** 2, 6);
    expect(() => s.doublyStochasticLoss(weights, { mask: s.tensor([[true, false]]) })).toThrow(
      'doublyStochasticLoss: mask must be [1, 3], got [1, 2]',
    );
    expect(() => s.doublyStochasticLoss(s.zeros([2, 3]))).toThrow(
      'doublyStochasticLoss: weights must be [B, T, L] with B from 1, got [2, 3]',
    );
  });
});

describe('show, attend and tell', () => {
  const sizes = { symbols: 7, features: 3, cells: 4, hidden: 5 };
  const annotations = real([0, 1], [4, 3], 1);

  it('says and looks in steps as in teaching', () => {
    const model = new s.ShowAttendTell(sizes, s.key(2));
    const { tokens, weights, hypotheses } = model.describe(annotations, { maxLength: 5, minLength: 3 });
    expect(weights?.shape).toEqual([2, Math.max(...tokens.map((one) => one.length)), 4]);
    const [said] = tokens as [number[]];
    const taught = model.teach(s.slice(annotations, 0, 0, 1), s.tensor(Int32Array.from(said), { shape: [1, said.length] }));
    expect(bits(s.slice(weights as s.Tensor, 0, 0, 1)).slice(0, 4 * said.length)).toEqual(bits(taught.weights as s.Tensor));
    const logs = s.pick(s.logSoftmax(taught.logits), s.tensor(Int32Array.from(said), { shape: [1, said.length] }));
    expect(hypotheses[0]?.[0]?.tokens).toEqual(said);
    expect(list(logs)).toHaveLength(said.length);
    expect(tokens.flat().every((token) => token > 2)).toBe(true); // neither padding nor the start
  });

  it('reads one annotation if it is hard: the most probable, or one drawn by a key', () => {
    const [soft, hard] = (['soft', 'hard'] as const).map((selection) => new s.ShowAttendTell({ ...sizes, selection }, s.key(2)));
    const target = s.tensor(Int32Array.of(3, 4, 2, 5, 2, 0), { shape: [2, 3] });
    const expected = hard?.teach(annotations, target, { expected: true });
    expect(list(expected?.logits as s.Tensor)).toEqual(list(soft?.forward(annotations, target) as s.Tensor));
    expect(expected?.choice).toBeUndefined();
    const chosen = hard?.teach(annotations, target);
    expect(new Set(list(chosen?.weights as s.Tensor))).toEqual(new Set([0, 1]));
    expect(list(chosen?.choice as s.Tensor)[0]).toBe(list(s.argmax(expected?.weights as s.Tensor, { axis: -1 }))[0]);
    const drawn = (seed: number) => list(hard?.teach(annotations, target, { key: s.key(seed) }).choice as s.Tensor).join();
    expect(drawn(1)).toBe(drawn(1));
    expect(new Set([1, 2, 3, 4].map(drawn)).size).toBeGreaterThan(1);
  });

  it('learns hard attention in the mean of draws as by enumeration of the cells', () => {
    const model = new s.ShowAttendTell({ ...sizes, selection: 'hard' }, s.key(3));
    const query = model.attention.score as unknown as { query: { weight: s.Tensor } };
    const [one, target] = [real([0], [4, 3], 1), s.tensor(Int32Array.of(3), { shape: [1, 1] })];
    const by = query.query.weight;
    // Exact: Σ over cells of p times the reward of reading that cell, its gradient by the score through p alone.
    const { weights: p } = model.teach(one, target, { expected: true });
    const rewards = new Map<number, number>();
    const repeats = 4000;
    const many = s.expand(one, [repeats, 4, 3]);
    const targets = s.expand(target, [repeats, 1]);
    const { logits, logProbability, choice } = model.teach(many, targets, { key: s.key(5) });
    const losses = s.crossEntropy(logits, targets, { reduction: 'none' });
    list(choice as s.Tensor).forEach((cell, i) => {
      rewards.set(cell, -(list(losses)[i] as number));
    });
    expect(rewards.size).toBe(4);
    const reward = s.tensor([0, 1, 2, 3].map((cell) => rewards.get(cell) as number));
    const [exact] = s.grad(s.neg(s.sum(s.mul(s.reshape(p as s.Tensor, [4]), reward))), [by]);
    const [found] = s.grad(s.reinforceLoss(logProbability as s.Tensor, s.neg(losses), { baseline: s.mean(s.neg(losses)).item() }), [by]);
    const [a, b] = [list(exact as s.Tensor), list(found as s.Tensor)];
    const size = Math.max(...a.map(Math.abs));
    // A draw's gradient is of the size of the exact one's largest; √4000 is 63.
    a.forEach((value, i) => {
      expect(Math.abs(value - (b[i] as number))).toBeLessThan(0.25 * size);
    });
    expect(size).toBeGreaterThan(1e-4);
  });

  it('refuses other annotations and targets', () => {
    const model = new s.ShowAttendTell(sizes, s.key(2));
    const target = s.tensor(Int32Array.of(3, 2), { shape: [1, 2] });
    expect(() => model.read(s.zeros([1, 4, 2]))).toThrow('ShowAttendTell: annotations must be float32 [B, 4, 3], got float32 [1, 4, 2]');
    expect(() => model.forward(annotations, target)).toThrow('ShowAttendTell: target must be [2, T] with T from 1, got [1, 2]');
    expect(() => model.describe(annotations, { beams: 2 } as object)).toThrow('describe: options must be among ');
  });
});
