import { describe, expect, it } from 'vitest';
import { normalOf, varied } from '../../src/fronts/samples.ts';
import { SequenceClassifier, type SequenceRow } from '../../src/fronts/sequence-classifier.ts';
import type { SequenceState } from '../../src/fronts/sequence-model.ts';
import { key } from '../../src/tensor/random.ts';
import { dice } from '../equations/plain.ts';

/** Ways of a hand: to one side and back, round, or up and down twice. */
const shapes: Record<string, (part: number) => [number, number]> = {
  swipe: (part) => [Math.sin(Math.PI * part), 0],
  circle: (part) => [Math.cos(2 * Math.PI * part), Math.sin(2 * Math.PI * part)],
  shake: (part) => [0, Math.sin(4 * Math.PI * part)],
};

function gestures(each: number, seed: number): SequenceRow[] {
  const random = dice(seed);
  return Object.entries(shapes).flatMap(([label, at]) =>
    Array.from({ length: each }, () => {
      const [steps, size, place] = [12 + Math.floor(12 * random()), 50 + 100 * random(), 200 * random()];
      const samples = Array.from({ length: steps }, (_, t) => at(t / (steps - 1)).map((v) => place + size * v + 4 * (random() - 0.5)));
      return { samples, label };
    }),
  );
}

const rows = gestures(10, 1);
const front = await SequenceClassifier.fit(rows, { width: 16, key: key(1) });

describe('SequenceClassifier', () => {
  it('learns three gestures from ten examples each', async () => {
    const { accuracy } = await front.evaluate(gestures(30, 2));
    expect(accuracy).toBeGreaterThan(0.9);
    expect(front.report).toMatchObject({ learnt: 24, heldOut: 6 });
  });

  it('gives after each step what it gives of all samples so far', () => {
    const { samples } = rows[4] as SequenceRow;
    let state: SequenceState | undefined;
    for (const [t, sample] of samples.entries()) {
      const step = front.step(sample, state);
      state = step.state;
      expect(step.labels, `sample ${t}`).toEqual(front.predict(samples.slice(0, t + 1)).labels);
    }
  });

  it('says which samples made it so', () => {
    const { weights, labels } = front.predict((rows[0] as SequenceRow).samples);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(labels.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  });

  it('is one file, from which it comes back whole, and the same bits again', async () => {
    const bytes = front.save();
    const loaded = await SequenceClassifier.load(bytes);
    expect(loaded.save()).toEqual(bytes);
    expect(loaded.predict((rows[7] as SequenceRow).samples)).toEqual(front.predict((rows[7] as SequenceRow).samples));
    expect((await SequenceClassifier.fit(rows, { width: 16, key: key(1) })).save()).toEqual(bytes);
    await expect(SequenceClassifier.load(new Uint8Array(3))).rejects.toThrow(/^safetensors: /);
  });

  it('learns a label that it did not know', async () => {
    const own = await SequenceClassifier.load(front.save());
    const still = Array.from({ length: 6 }, (_, i) => ({
      label: 'rest',
      samples: Array.from({ length: 12 + i }, (_, t) => [100 + (t % 2), 100]),
    }));
    await expect(own.update(still.slice(0, 4))).rejects.toThrow(
      'update: row 0 must have one of the labels circle, shake, swipe, or a new one that',
    );
    await own.update(still, { replay: rows, key: key(2) });
    expect(own.labels).toEqual(['circle', 'shake', 'swipe', 'rest']);
    expect(own.predict([[90, 91], [91, 91], [90, 91], [91, 91], [90, 91], [91, 91], [90, 91], [91, 91], [90, 91]]).label).toBe('rest'); // biome-ignore format: one line
    expect((await own.evaluate(gestures(20, 2))).accuracy).toBeGreaterThan(0.85);
  });

  it('learns the mean and deviation of each channel', () => {
    const { center, sharpness } = normalOf([{ values: Float32Array.of(1, 5, 3, 5), steps: 2 }, { values: Float32Array.of(5, 5), steps: 1 }], 2); // biome-ignore format: one call
    expect(center).toEqual([3, 5].map((x) => expect.closeTo(x, 12)));
    expect(sharpness).toEqual([1 / Math.sqrt(8 / 3), 1].map((x) => expect.closeTo(x, 12)));
  });

  it('varies speed and size alone', () => {
    const line = { values: Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? i / 2 : 3)), steps: 20 };
    for (let i = 0; i < 20; i++) {
      const { values, steps } = varied(line, 2, key(i));
      expect(steps >= 16 && steps <= 25 && values.length === 2 * steps).toBe(true);
      const size = (values[1] as number) / 3;
      expect(size).toBeGreaterThan(0.899);
      expect(size).toBeLessThan(1.101);
      values.forEach((value, j) => expect(value).toBeCloseTo(size * (j % 2 ? 3 : ((j / 2) * 19) / (steps - 1)), 4));
    }
  });

  it.each<[string, unknown[], string]>([
    ['ragged', [{ samples: [[1, 2], [3]], label: 'a' }], 'row 30, sample 1 must be 2 numbers, got 1'],
    [
      'NaN',
      [
        {
          samples: [
            [1, 2],
            [3, Number.NaN],
          ],
          label: 'a',
        },
      ],
      'row 30, sample 1 must be finite numbers, got NaN in channel 1',
    ],
    ['text', [{ samples: [['1', 2]], label: 'a' }], "row 30, sample 0 must be finite numbers, got '1' in channel 0"],
    ['empty', [{ samples: [], label: 'a' }], 'row 30 must have samples, a list of at least one, got none'],
    ['nothing', [null], 'row 30 must have samples, a list of at least one, got undefined'],
    ['no label', [{ samples: [[1, 2]] }], 'row 30 must have a label that is a string, got undefined'],
  ])('names the row that is wrong: %s', async (_, wrong, message) => {
    await expect(SequenceClassifier.fit([...rows, ...wrong] as SequenceRow[])).rejects.toThrow(`SequenceClassifier.fit: ${message}`);
  });

  it('names what else is wrong', async () => {
    expect(() => front.predict([[1, 2, 3]])).toThrow('SequenceClassifier.predict: samples, sample 0 must be 2 numbers, got 3');
    expect(() => front.step([1, Infinity])).toThrow('SequenceClassifier.step: sample must be finite numbers, got Infinity in channel 1');
    expect(() => front.step([1, 2], {} as never)).toThrow('SequenceClassifier.step: state must be one that step gave, got an object');
    await expect(SequenceClassifier.fit([{}, {}] as never)).rejects.toThrow('SequenceClassifier.fit: row 0 must have samples, each a list of numbers, got undefined'); // biome-ignore format: one line
    await expect(SequenceClassifier.fit(rows.slice(0, 5))).rejects.toThrow("must have at least two labels, got only 'swipe' from row 0 on");
    await expect(SequenceClassifier.fit(rows, { vary: 1 } as never)).rejects.toThrow(
      'SequenceClassifier.fit: vary must be true or false, got 1',
    );
  });
});
