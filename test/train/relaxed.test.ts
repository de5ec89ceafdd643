// On a problem small enough to integrate, the mean of the sampled gradient is the exact gradient within its standard error.
import { describe, expect, it } from 'vitest';
import {
  add,
  argmax,
  detach,
  expand,
  grad,
  gumbel,
  key,
  matmul,
  mul,
  oneHot,
  parameter,
  scope,
  softmax,
  straightThrough,
  sum,
  type Tensor,
  tensor,
} from '../../src/all.ts';
import { expectMean, exps } from './statistics.ts';

const DRAWS = 20_000;

describe('the straight-through Gumbel estimator', () => {
  const pair = [0.4, -0.5];
  const worth = [3, 1];

  /** `∂/∂x E[3 p + 1 (1 − p)]` with `p = σ((x₀ − x₁ + l) / τ)`, l of the logistic distribution, by quadrature: Gumbel differences are logistic. */
  function relaxed(temperature: number): number[] {
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    let slope = 0;
    const step = 1e-3;
    for (let l = -40; l < 40; l += step) {
      const density = sigmoid(l) * sigmoid(-l);
      const p = sigmoid(((pair[0] as number) - (pair[1] as number) + l) / temperature);
      slope += (step * density * ((worth[0] as number) - (worth[1] as number)) * (p * (1 - p))) / temperature;
    }
    return [slope, -slope];
  }

  const sampled = (temperature: number, hard: boolean) =>
    scope(() => {
      const x = parameter(detach(expand(tensor(pair), [DRAWS, 2])));
      const soft = softmax(mul(add(x, gumbel(key(9), [DRAWS, 2])), 1 / temperature));
      const y = hard ? straightThrough(oneHot(argmax(soft, { axis: 1 }), 2), soft) : soft;
      const value = matmul(y, tensor([[3], [1]])); // linear: both forms have the gradient of the relaxed mean
      return { gradients: Array.from((grad(sum(value), [x])[0] as Tensor).toArray()), y: Array.from(y.toArray()) };
    });

  it.each([1, 0.5])('has the relaxed gradient as its mean, soft and straight through, at temperature %s', (temperature) => {
    expectMean(sampled(temperature, false).gradients, relaxed(temperature));
    expectMean(sampled(temperature, true).gradients, relaxed(temperature));
  });

  it('draws each item with the probability of its softmax, and nears it as the temperature falls', () => {
    const { y } = sampled(0.5, true);
    const share = y.filter((_, i) => i % 2 === 0).reduce((a, b) => a + b, 0) / DRAWS;
    const p = exps(pair)[0] as number;
    expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / DRAWS));
    const cold = sampled(1e-4, false).y;
    const picked = sampled(1e-4, true).y;
    const near = cold.filter((v, i) => Math.abs(v - (picked[i] as number)) < 1e-6).length;
    expect(near / cold.length).toBeGreaterThan(0.998); // but for differences below 14 · 1e-4
  });
});
