import { expect } from 'vitest';

/** Mean, its standard error and the variance of each coordinate of rows of samples. */
export function statistics(samples: ArrayLike<number>, width: number) {
  const count = samples.length / width;
  return Array.from({ length: width }, (_, j) => {
    let [mean, square] = [0, 0];
    for (let i = 0; i < count; i++) mean += (samples[i * width + j] as number) / count;
    for (let i = 0; i < count; i++) square += ((samples[i * width + j] as number) - mean) ** 2 / (count - 1);
    return { mean, error: Math.sqrt(square / count), variance: square };
  });
}

/** Every coordinate within four standard errors, which are small enough to tell the gradient from 0 and from twice itself. */
export function expectMean(samples: ArrayLike<number>, exact: readonly number[]): void {
  const found = statistics(samples, exact.length);
  const size = Math.sqrt(exact.reduce((total, v) => total + v * v, 0));
  const noise = Math.sqrt(found.reduce((total, { error }) => total + error * error, 0));
  expect(noise).toBeLessThan(size / 20);
  found.forEach(({ mean, error }, j) => {
    const off = Math.abs(mean - (exact[j] as number));
    expect(off, `coordinate ${j}: mean ${mean} for ${exact[j]}, standard error ${error}`).toBeLessThan(4 * error + 1e-6);
  });
}

/** The variances of all coordinates together. */
export const total = (samples: ArrayLike<number>, width: number) =>
  statistics(samples, width).reduce((sum, { variance }) => sum + variance, 0);

/** Softmax on the host. */
export const exps = (x: readonly number[]) => {
  const e = x.map(Math.exp);
  const all = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / all);
};
