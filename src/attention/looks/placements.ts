// How places are chosen, and by which estimator of the gradient that is learnt.

import { add, log, mul, normal, square, sub, sum, uniform } from '../../ops/index.ts';
import { expectKey, expectOptions, isPositive, ruleOf } from '../../tensor/check.ts';
import { detach, full } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Placement } from './look.ts';

/** `ln √2π` */
const HALF_LOG_TAU = 0.9189385332046727;

/** The logarithm of the density of N(mean, σ²) at a draw, summed over its numbers: `[B]`, in nats. */
function logDensity(draw: Tensor, mean: Tensor, sigma: number): Tensor {
  const off = mul(square(sub(draw, mean)), -1 / (2 * sigma * sigma));
  return sum(sub(off, add(log(full([], sigma)), HALF_LOG_TAU)), { axis: -1 });
}

/**
 * Hard placement: a draw from N(mean, σ²) that no gradient passes. Whoever chose the mean learns by `logProbability`, through `reinforceLoss`
 * (Mnih et al. 2014, §3.1; Williams 1992). Without a key the mean, also without gradient.
 */
export function reinforcePlacement(options: { sigma: number }): Placement {
  expectOptions('reinforcePlacement', options, { sigma: isPositive });
  const { sigma } = options;
  return {
    pathwise: false,
    place(mean, { key }) {
      if (!key) return { place: detach(mean) };
      const place = detach(add(mean, normal(key, mean.shape, { std: sigma })));
      return { place, logProbability: logDensity(place, mean, sigma) };
    },
  };
}

/**
 * Soft placement: `mean + σ ε` with ε ~ N(0, 1), through which gradients pass to the mean (Kingma and Welling 2014, §2.4, the
 * reparametrisation). Without a key, and with `sigma` 0, the default, the mean itself, as in DRAW and spatial transformers.
 */
export function reparametrisedPlacement(options: { sigma?: number | undefined } = {}): Placement {
  expectOptions('reparametrisedPlacement', options, {
    sigma: ruleOf('undefined or a number from 0', (x) => x === undefined || (Number.isFinite(x) && (x as number) >= 0)),
  });
  const { sigma = 0 } = options;
  return {
    pathwise: true,
    place: (mean, { key }) => ({ place: key && sigma > 0 ? add(mean, normal(key, mean.shape, { std: sigma })) : mean }),
  };
}

/** The control: places drawn evenly from [−1, 1], whatever the mean is. It needs a key at every step. */
export function randomPlacement(): Placement {
  return {
    pathwise: false,
    place(mean, { key }) {
      if (!key) throw new TypeError('randomPlacement: key must be given at every step, got none');
      expectKey('randomPlacement', key);
      return { place: uniform(key, mean.shape, { low: -1, high: 1 }) };
    },
  };
}
