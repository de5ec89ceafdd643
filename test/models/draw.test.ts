import { describe, expect, it } from 'vitest';
import { Draw } from '../../src/models/vision/draw.ts';
import { less, mean, select, toFloat } from '../../src/ops/index.ts';
import { zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list, real } from '../nn/row.ts';

const sizes = { height: 4, width: 5, steps: 3, hidden: 4, latent: 3, read: 2, write: 3 };
const binary = (count: number) => toFloat(less(0, real(Array.from({ length: count }, (_, i) => i), [4, 5], 1))); // biome-ignore format: one line

describe('DRAW', () => {
  it('bounds what an image costs: its pixels under the last canvas, and z', () => {
    const model = new Draw(sizes, key(6));
    const images = binary(3);
    const { bound, logits, divergence, canvases } = model.bound(images, { key: key(1) });
    expect(list(select(canvases, 1, -1))).toEqual(list(logits));
    const [pixels, x] = [list(logits), list(images)];
    list(bound).forEach((value, b) => {
      let cost = list(divergence)[b] as number;
      for (let i = 20 * b; i < 20 * (b + 1); i++)
        cost += Math.log(1 + Math.exp(x[i] === 1 ? -(pixels[i] as number) : (pixels[i] as number)));
      expect(value).toBeCloseTo(cost, 4);
    });
    expect(Math.min(...list(divergence))).toBeGreaterThan(0);
  });

  it('draws a fresh z for each key and each step', () => {
    const model = new Draw(sizes, key(6));
    const one = binary(1);
    const bounds = Array.from({ length: 40 }, (_, i) => list(model.bound(one, { key: key(i) }).bound)[0] as number);
    expect(new Set(bounds).size).toBe(40); // a fresh z each
    const steps = list(model.forward(one, { key: key(1) }).canvases);
    expect(steps.slice(0, 20)).not.toEqual(steps.slice(20, 40));
  });

  it('tells where each step read and wrote', () => {
    const model = new Draw(sizes, key(6));
    const { reads, writes } = model.forward(binary(2));
    expect([reads?.shape, writes?.shape]).toEqual([[2, 3, 4], [2, 3, 4]]); // biome-ignore format: one line
    // The first step reads with a state of zeros, by the biases alone: the middle, δ = 4 / (2 − 1) · e^−0.4, two filters.
    const side = 8 * Math.exp(-0.4);
    [2.5 - side / 2, 2 - side / 2, side, side].forEach((edge, i) => {
      expect(list(reads as Tensor)[i]).toBeCloseTo(edge, 5);
    });
    const whole = new Draw({ ...sizes, read: null, write: null }, key(6)).forward(binary(2));
    expect([whole.reads, whole.writes]).toEqual([undefined, undefined]);
  });

  it('paints images of its own under a key, each by itself', () => {
    const model = new Draw(sizes, key(6));
    const { images, canvases, writes } = model.sample(4, key(2));
    expect([images.shape, canvases.shape, writes?.shape]).toEqual([[4, 4, 5], [4, 3, 4, 5], [4, 3, 4]]); // biome-ignore format: one line
    expect(list(model.sample(4, key(2)).images)).toEqual(list(images));
    expect(list(model.sample(4, key(3)).images)).not.toEqual(list(images));
    expect(list(images).every((value) => value > 0 && value < 1)).toBe(true);
    expect(list(mean(images, { axis: 0 })).length).toBe(20);
  });

  it('refuses other images', () => {
    const model = new Draw(sizes, key(6));
    expect(() => model.forward(zeros([1, 5, 4]))).toThrow('Draw: images must be float32 [B, 4, 5], got float32 [1, 5, 4]');
    expect(() => model.sample(0, key(1))).toThrow('Draw: count must be a whole number from 1, got 0');
    expect(() => new Draw({ ...sizes, read: 0 }, key(1))).toThrow('Draw: read must be null or a whole number from 1, got 0');
  });
});
