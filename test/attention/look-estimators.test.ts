// Places are learnt: the gradients of both estimators against enumeration and quadrature.
import { describe, expect, it } from 'vitest';
import { GaussianGlimpse, Glimpse } from '../../src/attention/looks/glimpse.ts';
import { Look } from '../../src/attention/looks/look.ts';
import { reinforcePlacement, reparametrisedPlacement } from '../../src/attention/looks/placements.ts';
import { backward } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { add, equal, expand, mean, mul, reshape, sub, sum, toFloat } from '../../src/ops/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { baselineLoss, reinforceLoss } from '../../src/train/choice/reinforce.ts';
import { list, real } from '../nn/row.ts';

/** An image whose pixel at row y and column x is 10 y + x. */
const counted = (height: number, width: number) =>
  tensor(
    Float64Array.from({ length: height * width }, (_, i) => 10 * Math.floor(i / width) + (i % width)),
    { shape: [1, height, width] },
  );

/** Nine places: a window of two pixels that stands left, in the middle or right, above, in the middle or below. */
const nine = { size: 2, reach: 1 };
const image = counted(4, 4);
/** The reward of a corner: between 0 and 1, and different for each. */
const rewards = [0.1, 0.9, 0.3, 0.2, 0.5, 1, 0.7, 0, 0.4];
/** Corners of the nine windows, and what they see first. */
const firsts = [0, 1, 2, 10, 11, 12, 20, 21, 22];
const sigma = 0.4;

/** Φ(x), by Simpson's rule. */
function normal(x: number): number {
  const steps = 2000;
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const h = x / steps;
  let area = density(0) + density(x);
  for (let i = 1; i < steps; i++) area += (i % 2 ? 4 : 2) * density(i * h);
  return 0.5 + (area * h) / 3;
}

/** The probabilities that a draw around a mean stands left of −½, between, or from ½ on. */
const thirds = (m: number) => {
  const [low, high] = [normal((-0.5 - m) / sigma), normal((0.5 - m) / sigma)];
  return [low, high - low, 1 - high];
};

/** The expected reward, by enumeration of the nine places. */
const expected = ([x, y]: readonly [number, number]) =>
  rewards.reduce((all, reward, i) => all + reward * (thirds(x)[i % 3] as number) * (thirds(y)[Math.floor(i / 3)] as number), 0);

describe('the score-function estimator', () => {
  const draws = 10_000;
  const at = [0.2, -0.3] as const;
  const numbers = at.map(Math.atanh) as [number, number];

  /** Mean and standard error of the estimated gradient of the expected reward by the two numbers of a place. */
  function estimated(baseline: number) {
    return scope(() => {
      const look = new Look({ window: new Glimpse(nine), placement: reinforcePlacement({ sigma }) });
      const given = parameter(expand(tensor([numbers]), [draws, 2]));
      const { patches, logProbability } = look.step(expand(image, [draws, 4, 4]), given, { key: key(11) });
      const seen = list(patches).filter((_, i) => i % 4 === 0);
      const reward = tensor(Float64Array.from(seen, (first) => rewards[firsts.indexOf(first)] as number));
      backward(reinforceLoss(logProbability as Tensor, reward, { baseline }));
      const each = list(given.grad as Tensor).map((g) => -g * draws);
      return [0, 1].map((axis) => {
        const one = each.filter((_, i) => i % 2 === axis);
        const middle = one.reduce((a, b) => a + b, 0) / draws;
        const spread = Math.sqrt(one.reduce((all, g) => all + (g - middle) ** 2, 0) / draws);
        return { mean: middle, error: spread / Math.sqrt(draws) };
      });
    });
  }

  it('has in the mean of draws the gradient of the reward that enumeration says, with and without baseline', () => {
    const h = 1e-4;
    const exact = [0, 1].map((axis) => {
      const moved = (by: number) => expected(numbers.map((value, i) => Math.tanh(value + (i === axis ? by : 0))) as [number, number]);
      return (moved(h) - moved(-h)) / (2 * h);
    });
    const [plain, based] = [estimated(0), estimated(expected(at))];
    for (const one of [plain, based]) {
      one.forEach(({ mean, error }, axis) => {
        expect(Math.abs(mean - (exact[axis] as number))).toBeLessThan(3.5 * error);
        expect(error).toBeLessThan(0.2 * Math.abs(exact[axis] as number)); // or it would say nothing
      });
    }
    plain.forEach(({ error }, axis) => {
      expect(based[axis]?.error).toBeLessThan(error);
    });
  });

  it('finds the best of the nine places', () => {
    const given = parameter(zeros([1, 2]));
    const baseline = parameter(zeros([1]));
    const look = new Look({ window: new Glimpse(nine), placement: reinforcePlacement({ sigma }) });
    for (let i = 0; i < 100; i++) {
      scope(() => {
        const { patches, logProbability } = look.step(expand(image, [64, 4, 4]), expand(given, [64, 2]), { key: key(100 + i) });
        const first = reshape(mean(mul(patches, tensor([[4, 0], [0, 0]])), { axis: [1, 2, 3] }), [64]); // biome-ignore format: a patch
        const best = toFloat(equal(first, 12)); // the place of reward 1
        const expectedReward = expand(baseline, [64]);
        backward(add(reinforceLoss(logProbability as Tensor, best, { baseline: expectedReward }), baselineLoss(expectedReward, best)));
        for (const x of [given, baseline]) {
          x.view().set(list(sub(x, mul(x.grad as Tensor, 0.1))));
          x.grad = null;
        }
      });
    }
    expect(list(look.step(image, given).patches)[0]).toBe(12);
  });
});

describe('the pathwise estimator', () => {
  it('has in the mean of draws the gradient of the expectation that quadrature says', () => {
    const noise = 0.3;
    const weights = () => tensor(Float64Array.of(1, -2, 0.5, 1.5), { shape: [2, 2] });
    const window = new GaussianGlimpse({ size: 2, reach: 1.5 });
    const draws = 3000;
    /** The expectation of what is seen around a mean of x and y, each ± 5 standard deviations. */
    const expectation = (mean: readonly number[]) =>
      scope(() => {
        const steps = Array.from({ length: 61 }, (_, i) => -5 + i / 6);
        const density = steps.map((t) => Math.exp((-t * t) / 2));
        const total = density.reduce((a, b) => a + b, 0) ** 2;
        const places = steps.flatMap((a) =>
          steps.map((b) => [a, b].map((t, i) => Math.min(1, Math.max(-1, Math.tanh(mean[i] as number) + noise * t)))),
        );
        const { patches } = window.read(expand(real([0], [5, 5], 3), [places.length, 5, 5]), tensor(places));
        const values = list(sum(mul(patches, weights()), { axis: [1, 2, 3] }));
        return values.reduce(
          (all, value, i) => all + (value * (density[Math.floor(i / 61)] as number) * (density[i % 61] as number)) / total,
          0,
        );
      });
    withBackend(referenceBackend(), () => {
      const numbers = [0.1, -0.2];
      const exact = numbers.map((_, axis) => {
        const moved = (by: number) => expectation(numbers.map((value, i) => value + (i === axis ? by : 0)));
        return (moved(1e-3) - moved(-1e-3)) / 2e-3;
      });
      const look = new Look({ window, placement: reparametrisedPlacement({ sigma: noise }) });
      const given = parameter(expand(tensor([numbers]), [draws, 2]));
      const { patches, logProbability } = look.step(expand(real([0], [5, 5], 3), [draws, 5, 5]), given, { key: key(5) });
      expect(logProbability).toBeUndefined();
      backward(sum(mul(patches, weights())));
      const each = list(given.grad as Tensor);
      exact.forEach((value, axis) => {
        const one = each.filter((_, i) => i % 2 === axis);
        const middle = one.reduce((a, b) => a + b, 0) / draws;
        const error = Math.sqrt(one.reduce((all, g) => all + (g - middle) ** 2, 0)) / draws;
        expect(Math.abs(middle - value)).toBeLessThan(3.5 * error);
        expect(error).toBeLessThan(0.2 * Math.abs(value) + 0.02);
      });
    });
  });

  it('is the mean itself without noise or key', () => {
    const place = reparametrisedPlacement();
    const mean = tensor([[0.1, 0.2]]);
    expect(place.place(mean, { key: key(1) }).place).toBe(mean);
    expect(reparametrisedPlacement({ sigma: 1 }).place(mean, {}).place).toBe(mean);
    expect(list(reinforcePlacement({ sigma: 1 }).place(mean, {}).place)).toEqual(list(mean));
  });
});
