import { describe, expect, it } from 'vitest';
import { AttentionClassifier } from '../../src/models/attention-classifier.ts';
import { select, slice } from '../../src/ops/index.ts';
import { ones } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, real } from '../nn/row.ts';

const sizes = { input: 3, hidden: 4, labels: 5 };
const model = new AttentionClassifier({ ...sizes, bidirectional: false }, key(1));
const x = real([0, 1], [7, 3], 1);

describe('AttentionClassifier', () => {
  it('gives after each step the bits of all steps up to it', () => {
    scope(() => {
      let state = model.initialState(2);
      for (let t = 0; t < 7; t++) {
        const step = model.step(select(x, 1, t), state);
        const whole = model.forward(slice(x, 1, 0, t + 1));
        expect(bits(step.logits), `step ${t}`).toEqual(bits(whole.logits));
        expect(bits(step.weights)).toEqual(bits(whole.weights));
        state = step.state;
      }
    });
  });

  it('forgets steps before its window, and keeps no more than that', () => {
    scope(() => {
      let state = model.initialState(2);
      const steps: Tensor[] = [];
      for (let t = 0; t < 7; t++) {
        const step = model.step(select(x, 1, t), state, { window: 3 });
        steps.push(step.weights);
        state = step.state;
      }
      expect(steps.map(({ shape }) => shape[1])).toEqual([1, 2, 3, 3, 3, 3, 3]);
      expect([state.keys.shape, state.values.shape]).toEqual([[2, 3, 4], [2, 3, 7]]); // biome-ignore format: two shapes
      expect(list(steps[6] as Tensor).reduce((a, b) => a + b)).toBeCloseTo(2, 6);
    });
  });

  it('refuses what it cannot read', () => {
    const both = new AttentionClassifier(sizes, key(1));
    const state = model.initialState(1);
    expect(() => both.step(ones([1, 3]), state)).toThrow(
      'AttentionClassifier: it reads from the end as well; make it with bidirectional: false',
    );
    expect(() => model.step(ones([2, 3]), state)).toThrow('AttentionClassifier: x must be [1, 3] for this state, got float32 [2, 3]');
    expect(() => model.step(ones([1, 3]), state, { window: 0 })).toThrow(
      'AttentionClassifier: window must be a whole number from 1, got 0',
    );
    expect(() => model.forward(ones([1, 0, 3]))).toThrow('AttentionClassifier: x must be float32 [B, T, 3] with T from 1, got');
    expect(() => model.forward(ones([1, 2, 4]))).toThrow('AttentionClassifier: x must be float32 [B, T, 3] with T from 1, got');
  });
});
