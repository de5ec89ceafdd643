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

/** A function of tensors, where it is checked, and how closely. */
interface Check {
  f: (...inputs: Tensor[]) => Tensor;
  points: readonly Values[];
  /** The direction v in the output: what is differentiated is ⟨v, f(x)⟩. */
  weigh: (y: Tensor) => Values;
  options: GradcheckOptions;
}

const total = (tensors: readonly Tensor[], by: readonly Values[]) =>
  tensors.reduce((sum, t, i) => sum + dot(t.toArray(), (by[i] as Values).values), 0);

/** The inputs, each moved by `h` times a direction. */
const moved = (points: readonly Values[], by: readonly Values[], h: number) =>
  points.map((p, i) => made({ shape: p.shape, values: p.values.map((v, j) => v + h * ((by[i] as Values).values[j] as number)) }));

/** The gradients of ⟨v, f(x)⟩ at x; recorded with `createGraph`. */
function gradientsOf({ f, weigh }: Check, xs: Tensor[], createGraph: boolean): Tensor[] {
  const y = f(...xs);
  return grad(y, xs, { gradient: made(weigh(y)), createGraph });
}

/** Holds a derivative against the central difference of `value`. */
function compare({ points, options }: Check, what: string, value: (h: number) => number, exact: number): void {
  const { step = 1e-5, tolerance = 1e-6 } = options;
  const numeric = (value(step) - value(-step)) / (2 * step);
  const difference = Math.abs(numeric - exact);
  if (!(difference <= tolerance * Math.max(1, Math.abs(exact)))) {
    const inputs = points.map((p) => show(p.shape)).join(', ');
    throw new Error(`gradcheck: ${what} must match the central difference ${numeric}, got ${exact} (inputs ${inputs})`);
  }
}

function checkDirection(f: Check['f'], points: readonly Values[], from: Key, options: GradcheckOptions): void {
  const [forOutput, ...keys] = split(from, 1 + 2 * points.length);
  const direction = (offset: number) => points.map((p, i) => drawn(keys[offset + i] as Key, p.shape, p.values.length));
  const [along, across] = [direction(0), direction(points.length)];
  const check: Check = { f, points, options, weigh: (y) => drawn(forOutput as Key, y.shape, y.size) };
  const leaves = () => points.map((p) => parameter(made(p)));

  const value = (h: number) =>
    noGrad(() => {
      const y = f(...moved(points, along, h));
      return dot(y.toArray(), check.weigh(y).values);
    });
  compare(check, 'gradient', value, total(gradientsOf(check, leaves(), false), along));
  if ((options.order ?? 1) === 1) return;

  const xs = leaves();
  let hessian = 0; // along · H · across
  for (const [i, g] of gradientsOf(check, xs, true).entries()) {
    if (g.requiresGrad) hessian += total(grad(g, xs, { gradient: made(along[i] as Values) }), across);
  }
  const slope = (h: number) => total(gradientsOf(check, moved(points, across, h).map(parameter), false).map(detach), along);
  compare(check, 'second gradient', slope, hessian);
}
