import { withBackend } from '../runtime/backend.ts';
import { referenceBackend } from '../runtime/reference/index.ts';
import { detach, tensor } from '../tensor/create.ts';
import { type Key, key, randomInt, split } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import { type Shape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { grad } from './backward.ts';
import { parameter } from './parameter.ts';
import { noGrad } from './record.ts';

/** Options of `gradcheck`. */
export interface GradcheckOptions {
  /** 2 also checks second gradients. Default 1. */
  order?: 1 | 2 | undefined;
  /** Largest relative difference accepted. Default 1e-6. */
  tolerance?: number | undefined;
  /** Step of the central difference. Default 1e-5. */
  step?: number | undefined;
  /** Random directions tried. Default 3. */
  directions?: number | undefined;
  /** The key of the random directions. */
  key?: Key | undefined;
}

/** Plain numbers with a shape, which carry values from one backend to another. */
interface Values {
  shape: Shape;
  values: Float64Array;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] as number) * (b[i] as number);
  return total;
};

const drawn = (from: Key, shape: Shape, size: number): Values => ({
  shape,
  values: Float64Array.from({ length: size }, (_, i) => randomInt(from, i, 2 ** 20) / 2 ** 19 - 1),
});

const made = ({ shape, values }: Values) => tensor(values, { shape });

/**
 * Compares the gradients of `f` with central differences along random directions, in float64 on the reference kernels. `inputs` are float32
 * tensors of the current backend or of the reference; `f` takes that many tensors and returns one. A mismatch throws `gradcheck: …, got …`.
 * The central difference (f(x + hu) − f(x − hu)) / 2h has an error of O(h²).
 */
export function gradcheck(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options: GradcheckOptions = {}): void {
  const points = inputs.map((x) => ({ shape: x.shape, values: Float64Array.from(x.toArray()) }));
  withBackend(referenceBackend(), () => {
    let seed = options.key ?? key(0);
    for (let i = 0; i < (options.directions ?? 3); i++) {
      const [now, later] = split(seed);
      seed = later;
      scope(() => checkDirection(f, points, now, options));
    }
  });
}

function checkDirection(f: (...inputs: Tensor[]) => Tensor, points: Values[], from: Key, options: GradcheckOptions): void {
  const { order = 1, step = 1e-5, tolerance = 1e-6 } = options;
  const [forOutput, ...keys] = split(from, 1 + 2 * points.length);
  const direction = (offset: number) => points.map((p, i) => drawn(keys[offset + i] as Key, p.shape, p.values.length));
  const along = direction(0);
  const weigh = (y: Tensor) => drawn(forOutput as Key, y.shape, y.size);

  /** The gradient of ⟨v, f(x)⟩ at x; recorded with `createGraph`. */
  const gradients = (xs: Tensor[], createGraph: boolean) => {
    const y = f(...xs);
    return grad(y, xs, { gradient: made(weigh(y)), createGraph });
  };
  const moved = (by: Values[], h: number) =>
    points.map((p, i) => made({ shape: p.shape, values: p.values.map((v, j) => v + h * ((by[i] as Values).values[j] as number)) }));
  const compare = (what: string, slope: (h: number) => number, exact: number, scale: number) => {
    const numeric = (slope(step) - slope(-step)) / (2 * step);
    const difference = Math.abs(numeric - exact);
    if (!(difference <= tolerance * Math.max(1, Math.abs(exact), scale))) {
      throw new Error(
        `gradcheck: ${what} must match the central difference ${numeric}, got ${exact} (inputs ${points.map((p) => show(p.shape)).join(', ')})`,
      );
    }
  };
  const total = (tensors: Tensor[], by: Values[]) => tensors.reduce((sum, t, i) => sum + dot(t.toArray(), (by[i] as Values).values), 0);

  const xs = points.map((p) => parameter(made(p)));
  compare(
    'gradient',
    (h) =>
      noGrad(() => {
        const y = f(...moved(along, h));
        return dot(y.toArray(), weigh(y).values);
      }),
    total(gradients(xs, false), along),
    0,
  );
  if (order === 1) return;

  const second = direction(points.length);
  const leaves = points.map((p) => parameter(made(p)));
  const first = gradients(leaves, true);
  const hessian = new Float64Array(1);
  for (const [i, g] of first.entries()) {
    if (!g.requiresGrad) continue;
    hessian[0] = (hessian[0] as number) + total(grad(g, leaves, { gradient: made(along[i] as Values) }), second);
  }
  compare('second gradient', (h) => total(gradients(moved(second, h).map(parameter), false).map(detach), along), hessian[0] as number, 0);
}
