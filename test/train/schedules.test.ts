import { describe, expect, it } from 'vitest';
import {
  better,
  constantSchedule,
  cosineSchedule,
  exponentialAnneal,
  inverseSqrtSchedule,
  type Plateau,
  plateau,
  stepDecay,
  trapezoidSchedule,
} from '../../src/all.ts';
import { halfCosine, power } from '../../src/train/optimizers/numbers.ts';

describe('schedules', () => {
  it('constant rises and stays', () => {
    expect([0, 1, 2, 3, 100].map(constantSchedule(8, { warmup: 4 }))).toEqual([2, 4, 6, 8, 8]);
    expect(constantSchedule(3)(0)).toBe(3);
  });

  it('stepDecay falls by the factor every so many steps', () => {
    expect([0, 9, 10, 19, 20, 30].map(stepDecay(1, { every: 10, factor: 0.5 }))).toEqual([1, 1, 0.5, 0.5, 0.25, 0.125]);
  });

  it('have the defaults that their docs name', () => {
    expect([0, 1, 2].map(stepDecay(1, { every: 1 }))).toEqual([1, 0.1, 0.1 * 0.1]);
    expect([0, 2, 3, 9].map(cosineSchedule(1, { steps: 2 }))).toEqual([1, 0, 0, 0]);
    expect(cosineSchedule(1, { steps: 2 })(1)).toBeCloseTo(0.5, 14);
    expect([0, 1, 2, 3, 9].map(exponentialAnneal(1, { factor: 0.5 }))).toEqual([1, 0.5, 0.25, 0.125, 1 / 512]);
    expect([0, 1, 2, 3].map(exponentialAnneal(1, { factor: 0.5, every: 2 }))).toEqual([1, 1, 0.5, 0.5]);
  });

  it('cosine is half a cosine', () => {
    const schedule = cosineSchedule(2, { steps: 110, warmup: 10, minimum: 0.5 });
    expect([0, 9, 10, 110, 1000].map(schedule)).toEqual([0.2, 2, 2, 0.5, 0.5]);
    for (let step = 10; step <= 110; step++) {
      expect(schedule(step)).toBeCloseTo(0.5 + 1.5 * 0.5 * (1 + Math.cos((Math.PI * (step - 10)) / 100)), 14);
    }
  });

  it('trapezoid rises, stays and falls evenly to 0', () => {
    const schedule = trapezoidSchedule(2, { steps: 20, warmup: 4, fall: 0.25 });
    expect([0, 1, 3, 4, 15, 16, 18, 19, 20, 100].map(schedule)).toEqual([0.5, 1, 2, 2, 2, 1.6, 0.8, 0.4, 0, 0]);
    expect([0, 5, 6, 9, 10].map(trapezoidSchedule(1, { steps: 10 }))).toEqual([1, 1, 0.8, 0.2, 0]);
    expect([0, 5].map(trapezoidSchedule(1, { steps: 10, fall: 1 }))).toEqual([1, 0.5]);
  });

  it('inverseSqrt peaks at the warm-up’s end', () => {
    const schedule = inverseSqrtSchedule(1, { warmup: 100 });
    expect([0, 49, 99, 399, 9999].map(schedule)).toEqual([0.01, 0.5, 1, 0.5, 0.1]);
  });

  it('say what is wrong', () => {
    for (const make of [constantSchedule, (lr: number) => cosineSchedule(lr, { steps: 5 }), (lr: number) => stepDecay(lr, { every: 1 })]) {
      expect(() => make(Number.NaN)).toThrow('lr must be a finite number of at least 0, got NaN');
    }
    expect(() => constantSchedule(1, { warmUp: 3 } as object)).toThrow('constant: options must be among warmup, got warmUp');
    expect(() => stepDecay(1, {} as { every: number })).toThrow('stepDecay: every must be a number above 0, got undefined');
    expect(() => plateau({ lr: 1 }, 1, { mode: 'min' } as object)).toThrow('plateau: options must be among goal, threshold, factor, ');
    expect(() => plateau({ lr: 1 }, 1, { goal: 'least' as 'min' })).toThrow("plateau: goal must be one of min, max, got 'least'");
    expect(() => cosineSchedule(1, { steps: 5, warmup: 5 })).toThrow('cosine: steps must be more than warmup, got 5 and 5');
    expect(() => trapezoidSchedule(1, { steps: 5, warmup: 5 })).toThrow('trapezoid: steps must be more than warmup, got 5 and 5');
    expect(() => trapezoidSchedule(1, { steps: 5, fall: 0 })).toThrow('trapezoid: fall must be above 0, at most 1, got 0');
    expect(() => inverseSqrtSchedule(1, { warmup: 0 })).toThrow('inverseSqrt: warmup must be a finite number of at least 1, got 0');
  });
});

describe('host arithmetic', () => {
  it('agrees with Math', () => {
    // Two units in the last place of 1: both sides are rounded.
    for (let t = 0; t <= 1; t += 1 / 512) expect(Math.abs(halfCosine(t) - (1 + Math.cos(Math.PI * t)) / 2)).toBeLessThanOrEqual(2 ** -51);
    for (const exponent of [0, 1, 2, 3, 10, 1000, 123_457]) {
      expect(Math.abs(power(0.999, exponent) / 0.999 ** exponent - 1)).toBeLessThan(1e-10);
    }
  });
});

describe('plateau', () => {
  const run = (metrics: number[], options: object, state: Plateau = { lr: 1 }) =>
    metrics.map((metric) => {
      state = plateau(state, metric, options);
      return state.lr;
    });

  it('lowers the rate when nothing was better for longer than patience', () => {
    expect(run([5, 4, 4, 4, 4, 4, 4, 4], { patience: 2, factor: 0.5 })).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]);
  });

  it('asks for a real gain, in the direction of the goal', () => {
    expect(run([4, 3.99, 3.98, 3.97], { patience: 0, threshold: 0.01, factor: 0.5 })).toEqual([1, 0.5, 0.25, 0.125]);
    expect(run([1, 2, 3, 2], { patience: 0, goal: 'max', factor: 0.5 })).toEqual([1, 1, 1, 0.5]);
    expect(run([-4, -5, -6], { patience: 0, factor: 0.5 })).toEqual([1, 1, 1]);
    expect(run([-4, -4.001, -3.9999], { patience: 0, factor: 0.5, threshold: 0.01 })).toEqual([1, 0.5, 0.25]); // below 0 too
  });

  it('takes as good as the best for no better, and what is better by just the threshold neither', () => {
    for (const goal of ['min', 'max'] as const) {
      const sign = goal === 'min' ? 1 : -1;
      expect(better({ best: 4, waited: 1 }, 4, { goal })).toEqual({ best: 4, waited: 2 });
      expect(better({ best: 4, waited: 1 }, 4 - sign * 2, { goal, threshold: 0.5 })).toEqual({ best: 4, waited: 2 });
      expect(better({ best: 4, waited: 1 }, 4 - sign * 2.5, { goal, threshold: 0.5 })).toEqual({ best: 4 - sign * 2.5, waited: 0 });
      expect(better({ best: -4, waited: 1 }, -4 - sign * 1.5, { goal, threshold: 0.5 })).toEqual({ best: -4, waited: 2 });
    }
    expect(better({}, 5)).toEqual({ best: 5, waited: 0 });
    expect(better({}, 5, { goal: 'max' })).toEqual({ best: 5, waited: 0 });
    expect(better({}, Number.NaN, { goal: 'max' })).toEqual({ best: -Infinity, waited: 1 });
    expect(run([1, 1.5, 1, 1, 1], { patience: 1, goal: 'max', factor: 0.5 })).toEqual([1, 1, 1, 0.5, 0.5]);
  });

  it('has PyTorch’s defaults: a tenth, ten evaluations, a gain of 1e-4, no minimum', () => {
    expect(run(new Array(23).fill(1), {})).toEqual([...new Array(11).fill(1), ...new Array(11).fill(0.1), 0.1 * 0.1]);
    expect(plateau({ lr: 1, best: 1, waited: 0 }, 1 - 0.9e-4).waited).toBe(1);
    expect(plateau({ lr: 1, best: 1, waited: 0 }, 1 - 1.1e-4).waited).toBe(0);
    expect(() => plateau({ lr: -1 }, 1)).toThrow('plateau: lr must be a finite number of at least 0, got -1');
  });

  it('does not go below the minimum', () => {
    expect(run([1, 1, 1, 1], { patience: 0, minimum: 0.05 })).toEqual([1, 0.1, 0.05, 0.05]);
  });

  it('takes a number for better than none, after metrics of NaN or ∞', () => {
    const after = better({}, Number.NaN);
    expect(better(after, 3)).toEqual({ best: 3, waited: 0 });
    expect(better({ best: -Infinity, waited: 2 }, 3, { goal: 'max', threshold: 0.1 })).toEqual({ best: 3, waited: 0 });
    expect(run([Number.NaN, 3, 2, 1], { patience: 1, factor: 0.5 })).toEqual([1, 1, 1, 1]);
  });

  it('never takes NaN for better', () => {
    expect(better({}, Number.NaN)).toEqual({ best: Infinity, waited: 1 });
    expect(better({ best: 2, waited: 0 }, Number.NaN, { goal: 'max' })).toEqual({ best: 2, waited: 1 });
    expect(better(JSON.parse(JSON.stringify({ best: Infinity, waited: 1 })), 3)).toEqual({ best: 3, waited: 0 });
  });
});
