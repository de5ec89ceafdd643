import { describe, expect, it } from 'vitest';
import { AttentionForecaster } from '../../src/models/attention-forecaster.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const model = new AttentionForecaster({ channels: 2, seasons: 3, hidden: 8 }, key(1));
const seasons = { past: zeros([1, 5], 'int32'), future: zeros([1, 3], 'int32') };

describe('AttentionForecaster', () => {
  it('moves with the level of the past', () => {
    const past = Float64Array.from({ length: 10 }, (_, i) => Math.round(8 * Math.sin(i)) / 8);
    const at = (level: number) => Array.from(model.forward(tensor(past.map((x) => x + level), { shape: [1, 5, 2] }), seasons).output.toArray()); // biome-ignore format: one line
    at(4).forEach((value, i) => expect(value).toBeCloseTo((at(0)[i] as number) + 4, 5));
  });

  it('says where each time looked', () => {
    const { output, weights } = model.forward(zeros([1, 5, 2]), seasons);
    expect([output.shape, weights.shape]).toEqual([[1, 3, 2], [1, 3, 5]]); // biome-ignore format: two shapes
  });

  it('refuses what does not fit', () => {
    expect(() => model.forward(zeros([1, 5, 3]), seasons)).toThrow(
      'AttentionForecaster: past must be float32 [B, S, 2] with S from 1, got float32 [1, 5, 3]',
    );
    expect(() => model.forward(zeros([1, 4, 2]), seasons)).toThrow(
      'AttentionForecaster: seasons must be [1, 4] of the past and [1, T] of the future, got [1, 5] and [1, 3]',
    );
    const past = 'AttentionForecaster: past must be float32 [B, S, 2] with S from 1, got ';
    expect(() => model.forward(zeros([1, 5, 2], 'int32'), seasons)).toThrow(`${past}int32 [1, 5, 2]`);
    expect(() => model.forward(zeros([1, 5, 2, 1]), seasons)).toThrow(`${past}float32 [1, 5, 2, 1]`);
    expect(() => model.forward(zeros([1, 0, 2]), seasons)).toThrow(`${past}float32 [1, 0, 2]`);
    expect(() => model.forward([1] as unknown as Tensor, seasons)).toThrow(`${past}[1]`);
    expect(() => model.forward(zeros([1, 5, 2]), undefined as never)).toThrow(
      'AttentionForecaster: seasons must be { past, future }, got undefined',
    );
    expect(() => model.forward(zeros([1, 5, 2]), {} as never)).toThrow(
      'AttentionForecaster: seasons.past must be int32 [B, T], got undefined',
    );
    const [two, three] = [zeros([2, 5], 'int32'), zeros([2, 3], 'int32')];
    const pair = 'AttentionForecaster: seasons must be [1, 5] of the past and [1, T] of the future, got ';
    expect(() => model.forward(zeros([1, 5, 2]), { ...seasons, past: two })).toThrow(`${pair}[2, 5] and [1, 3]`);
    expect(() => model.forward(zeros([1, 5, 2]), { ...seasons, future: three })).toThrow(`${pair}[1, 5] and [2, 3]`);
    expect(() => model.forward(zeros([1, 5, 2]), { ...seasons, past: zeros([1, 5]) })).toThrow(
      'AttentionForecaster: seasons.past must be int32 [B, T], got float32 [1, 5]',
    );
    expect(() => model.forward(zeros([1, 5, 2]), { ...seasons, future: zeros([1, 3]) })).toThrow(
      'AttentionForecaster: seasons.future must be int32 [B, T], got float32 [1, 3]',
    );
  });
});
