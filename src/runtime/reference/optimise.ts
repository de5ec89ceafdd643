import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/optimise.ts in float64. */
export function optimising(cells: Cells) {
  return {
    adam(p, g, m, v, n, rate, scale, beta1, rest1, beta2, rest2, epsilon, keep, decay) {
      const h = cells();
      for (let i = 0; i < n; i++) {
        const x = keep * (h[p + i] as number);
        const d = (h[g + i] as number) + decay * x;
        const first = beta1 * (h[m + i] as number) + rest1 * d;
        const second = beta2 * (h[v + i] as number) + rest2 * d * d;
        h[m + i] = first;
        h[v + i] = second;
        h[p + i] = x - (rate * first) / (scale * Math.sqrt(second) + epsilon);
      }
    },

    sgd(p, g, b, n, rate, momentum, rest, decay, nesterov) {
      const h = cells();
      for (let i = 0; i < n; i++) {
        const x = h[p + i] as number;
        let d = (h[g + i] as number) + decay * x;
        if (b !== 0) {
          const blended = momentum * (h[b + i] as number) + rest * d;
          h[b + i] = blended;
          d = nesterov !== 0 ? d + momentum * blended : blended;
        }
        h[p + i] = x - rate * d;
      }
    },

    rmsprop(p, g, s, a, b, n, rate, alpha, rest, epsilon, momentum, decay) {
      const h = cells();
      for (let i = 0; i < n; i++) {
        const x = h[p + i] as number;
        const d = (h[g + i] as number) + decay * x;
        let square = alpha * (h[s + i] as number) + rest * d * d;
        h[s + i] = square;
        if (a !== 0) {
          const mean = alpha * (h[a + i] as number) + rest * d;
          h[a + i] = mean;
          square = Math.max(0, square - mean * mean);
        }
        let u = d / (Math.sqrt(square) + epsilon);
        if (b !== 0) {
          u += momentum * (h[b + i] as number);
          h[b + i] = u;
        }
        h[p + i] = x - rate * u;
      }
    },

    adagrad(p, g, s, n, rate, epsilon, decay) {
      const h = cells();
      for (let i = 0; i < n; i++) {
        const x = h[p + i] as number;
        const d = (h[g + i] as number) + decay * x;
        const square = (h[s + i] as number) + d * d;
        h[s + i] = square;
        h[p + i] = x - (rate * d) / (Math.sqrt(square) + epsilon);
      }
    },

    adadelta(p, g, s, a, n, rate, rho, rest, epsilon, decay) {
      const h = cells();
      for (let i = 0; i < n; i++) {
        const x = h[p + i] as number;
        const d = (h[g + i] as number) + decay * x;
        const square = rho * (h[s + i] as number) + rest * d * d;
        const before = h[a + i] as number;
        const delta = (Math.sqrt(before + epsilon) / Math.sqrt(square + epsilon)) * d;
        h[s + i] = square;
        h[a + i] = rho * before + rest * delta * delta;
        h[p + i] = x - rate * delta;
      }
    },

    sumSquares(out, x, n) {
      const h = cells();
      let total = 0;
      for (let i = 0; i < n; i++) total += (h[x + i] as number) ** 2;
      h[out] = total;
    },
  } satisfies Partial<Kernels>;
}
