import { describe, expect, it } from 'vitest';
import { GaussianGlimpse, Glimpse } from '../../src/attention/looks/glimpse.ts';
import { Look, type LookWindow } from '../../src/attention/looks/look.ts';
import { randomPlacement, reinforcePlacement, reparametrisedPlacement } from '../../src/attention/looks/placements.ts';
import { backward } from '../../src/autograd/backward.ts';
import { RecurrentAttention } from '../../src/models/vision/recurrent-attention.ts';
import { mean } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { recurrentAttention } from '../equations/looks.ts';
import { rowsOf } from '../equations/plain.ts';
import { weightsOf } from '../equations/weights.ts';
import { list, real } from '../nn/row.ts';

const looking = (window: LookWindow, sigma = 0.2) => new Look({ window, placement: reinforcePlacement({ sigma }) });
const base = { classes: 3, glimpses: 3, hidden: 4, features: 3 };

/** What stands in a square of whole pixels around a place, zeros outside. */
const cropEye =
  (size: number) =>
  (image: readonly (readonly number[])[], [x = 0, y = 0]: readonly number[]) => {
    const [height, width] = [image.length, image[0]?.length ?? 0];
    const corner = (length: number, of: number) => Math.round(length / 2 + (of * length) / 2 - size / 2 + 1e-9);
    return Array.from(
      { length: size * size },
      (_, i) => image[corner(height, y) + Math.floor(i / size)]?.[corner(width, x) + (i % size)] ?? 0,
    );
  };

describe('recurrent attention with hard places', () => {
  it('is its formula where every place is its mean', () => {
    withBackend(referenceBackend(), () =>
      scope(() => {
        const model = new RecurrentAttention({ ...base, look: looking(new Glimpse({ size: 2 })) }, key(6));
        const images = real([0, 1, 2], [5, 4], 1);
        const { logits, places, baseline } = model.forward(images);
        const each = rowsOf(images.toArray(), 20).map((flat) =>
          recurrentAttention(weightsOf(model), rowsOf(flat, 4), {
            eye: cropEye(2),
            numbers: 2,
            core: 'rnn',
            bend: (x) => x.map(Math.tanh),
            ...base,
          }),
        );
        const wanted = [each.flatMap((one) => one.logits), each.flatMap((one) => one.places.flat()), each.flatMap((one) => one.baselines)];
        [logits, places, baseline].forEach((got, k) => {
          list(got as typeof logits).forEach((x, i) => {
            expect(x).toBeCloseTo(wanted[k]?.[i] as number, 12);
          });
        });
      }),
    );
  });

  it('tells where it looked in pixels of the image, per glimpse and scale', () => {
    const model = new RecurrentAttention({ ...base, look: looking(new Glimpse({ size: 2, scales: 2, reach: 3 })) }, key(6));
    const start = tensor([
      [0, 0],
      [1, -1],
    ]);
    const { boxes, patches, places, logProbability } = model.forward(real([0, 1], [8, 6], 1), { start });
    expect([boxes.shape, patches.shape, places.shape, logProbability]).toEqual([[2, 3, 2, 4], [2, 3, 2, 2, 2], [2, 3, 2], undefined]);
    const first = list(boxes).filter((_, i) => i % 24 < 8);
    expect(first).toEqual([2, 3, 2, 2, 1, 2, 4, 4, 5, 0, 2, 2, 4, -1, 4, 4]);
  });

  it('draws under a key, and tells the log-density of each draw before it is clamped', () => {
    const sigma = 3; // most draws are outside of the image
    const model = new RecurrentAttention({ ...base, look: looking(new Glimpse({ size: 2 }), sigma) }, key(6));
    const drawn = model.forward(real([0, 1, 2], [5, 4], 1), { key: key(1) });
    const again = model.forward(real([0, 1, 2], [5, 4], 1), { key: key(1) });
    expect(list(again.places)).toEqual(list(drawn.places));
    expect(Math.max(...list(drawn.places).map(Math.abs))).toBe(1);
    expect(drawn.logProbability?.shape).toEqual([3, 2]);
    const most = -2 * Math.log(sigma * Math.sqrt(2 * Math.PI)); // at the mean
    for (const log of list(drawn.logProbability as typeof drawn.logits)) expect(log).toBeLessThan(most);
  });

  it('sends no gradient of the class through places or baseline', () => {
    const model = new RecurrentAttention({ ...base, look: looking(new Glimpse({ size: 2 })) }, key(6));
    scope(() => backward(mean(model.forward(real([0, 1], [5, 4], 1), { key: key(1) }).logits)));
    for (const [path, { grad }] of model.stateDict()) expect(grad === null, path).toBe(/^(place|placeHidden|baseline)\./.test(path));
    const other = new RecurrentAttention({ ...base, look: looking(new Glimpse({ size: 2 })) }, key(6));
    scope(() => {
      const { logProbability, baseline } = other.forward(real([0, 1], [5, 4], 1), { key: key(1) });
      backward(mean(logProbability as typeof other.output.weight));
      backward(mean(baseline as typeof other.output.weight));
    });
    for (const [path, { grad }] of other.stateDict()) expect(grad === null, path).toBe(!/^(place|placeHidden|baseline)\./.test(path));
  });
});

describe('recurrent attention', () => {
  it('starts Wₕ as the identity if asked', () => {
    const model = new RecurrentAttention({ ...base, identity: true }, key(6));
    expect(list(model.core.weight_hh)).toEqual(Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0)));
  });

  it('has the paper’s size: 242,317 parameters', () => {
    const model = new RecurrentAttention({ classes: 10 }, key(6));
    expect([...model.stateDict().values()].reduce((sum, { size }) => sum + size, 0)).toBe(242_317);
  });

  it('takes colours, and one glimpse', () => {
    const model = new RecurrentAttention({ ...base, channels: 2, glimpses: 1, look: looking(new Glimpse({ size: 2, scales: 2 })) }, key(6));
    const { logits, patches, baseline } = model.forward(real([0], [5, 4, 2], 1));
    expect([logits.shape, patches.shape, baseline]).toEqual([[1, 3], [1, 1, 2, 2, 2, 2], undefined]);
  });

  it('looks at random places with the control, which needs a key', () => {
    const look = new Look({ window: new Glimpse({ size: 2 }), placement: randomPlacement() });
    const model = new RecurrentAttention({ ...base, look }, key(6));
    const { places, logProbability } = model.forward(zeros([50, 5, 4]), { key: key(1) });
    expect(logProbability).toBeUndefined();
    const values = list(places);
    expect([Math.min(...values) < -0.9, Math.max(...values) > 0.9, new Set(values).size]).toEqual([true, true, 300]);
    expect(() => model.forward(zeros([1, 5, 4]))).toThrow('randomPlacement: key must be given at every step, got none');
  });

  it('refuses what it cannot look at', () => {
    const model = new RecurrentAttention({ ...base, look: looking(new Glimpse({ size: 2 })) }, key(6));
    expect(() => model.forward(zeros([5, 4]))).toThrow('RecurrentAttention: images must be float32 [B, height, width], got float32 [5, 4]');
    expect(() => model.forward(zeros([1, 5, 4]), { start: zeros([2, 2]) })).toThrow(
      'RecurrentAttention: start must be float32 [1, 2], got float32 [2, 2]',
    );
    const parts = { window: new Glimpse({ size: 2 }), placement: reparametrisedPlacement() };
    expect(() => new Look(parts)).toThrow('Look: a pathwise placement must have a smooth window');
    expect(() => new GaussianGlimpse({ size: 2 }).read(zeros([1, 5, 4]), zeros([1, 5]))).toThrow(
      'GaussianGlimpse: place must be float32 [1, 2], got float32 [1, 5]',
    );
    expect(() => new Glimpse({ size: 2 }).read(zeros([5, 4]), zeros([1, 2]))).toThrow(
      'Glimpse: images must be [B, height, width] or [B, height, width, C], got [5, 4]',
    );
  });
});
