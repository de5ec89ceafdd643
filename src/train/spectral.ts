import { noGrad } from '../autograd/record.ts';
import { affine } from '../ops/binary.ts';
import { matmul, reshape } from '../ops/index.ts';
import { scope } from '../tensor/scope.ts';
import { show } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';
import { gradNorm, replaceGradients, withGradient } from './clip.ts';
import { normOf } from './norm.ts';
import { expectWithin } from './optimizers/numbers.ts';
import type { ParameterSet } from './optimizers/optimizer.ts';

/** Turns of the power iteration at most: after them the result is at most a millionth too small, unless the matrix was made for that. */
const TURNS = 500;

/** `A Aᵀ` or `Aᵀ A`, whichever is smaller, of the matrix `[first axis, the rest]` times `factor`. */
function gram(x: Tensor, factor: number): Float64Array {
  return scope(() =>
    noGrad(() => {
      const matrix = affine(reshape(x, [x.rank > 1 ? (x.shape[0] as number) : 1, -1]), factor, 0);
      const wide = (matrix.shape[1] as number) > (matrix.shape[0] as number);
      return Float64Array.from(matmul(matrix, matrix, { transposeA: !wide, transposeB: wide }).toArray());
    }),
  );
}

const euclidean = (x: Float64Array): number => {
  let total = 0;
  for (const value of x) total += value * value;
  return Math.sqrt(total);
};

/** The largest eigenvalue of a symmetric matrix without negative ones, by power iteration from its longest row. */
function largestEigenvalue(of: Float64Array): number {
  const size = Math.sqrt(of.length);
  let first = 0;
  for (let i = 1; i < size; i++) if ((of[i * size + i] as number) > (of[first * size + first] as number)) first = i;
  let x = of.slice(first * size, (first + 1) * size);
  let found = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const length = euclidean(x);
    if (!(length > 0)) return length; // of zeros, or of NaN
    const next = new Float64Array(size);
    let now = 0;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += (of[i * size + j] as number) * (x[j] as number);
      next[i] = sum / length;
      now += (sum * (x[i] as number)) / (length * length);
    }
    if (now - found <= 1e-9 * now) return Math.max(now, found);
    [x, found] = [next, now];
  }
  return found;
}

/** The spectral norm: the largest singular value of the matrix `[first axis, the rest]`; of a vector its length. */
export function spectralNorm(x: Tensor): number {
  expectDType('spectralNorm', 'x', x, 'float32');
  if (x.size === 0) throw new RangeError(`spectralNorm: x must have elements, got ${show(x.shape)}`);
  const factor = scaleOf(normOf([x]));
  return Math.sqrt(largestEigenvalue(gram(x, factor))) / factor;
}

/** A power of two that brings a matrix of this norm to where its squares are float32's. */
function scaleOf(norm: number): number {
  let factor = 1;
  while (norm * factor > 2 ** 30 && norm < Infinity) factor /= 2 ** 30;
  while (norm * factor < 2 ** -30 && norm > 0) factor *= 2 ** 30;
  return factor;
}

/** {@link spectralNorm} where it is above `limit`; any number up to `limit` where it is not, which is mostly cheaper to say. */
function spectralNormAbove(x: Tensor, limit: number): number {
  const norm = normOf([x]);
  if (norm <= limit) return limit; // no smaller than the spectral norm
  const factor = scaleOf(norm);
  const squared = gram(x, factor);
  if (Math.sqrt(euclidean(squared)) <= limit * factor) return limit; // likewise: the fourth root of Σ λ²
  return Math.sqrt(largestEigenvalue(squared)) / factor;
}

/**
 * Scales each parameter's gradient to `maxNorm` if its spectral norm, the largest singular value of `[first axis, the rest]`, is larger: each
 * by itself, as the authors of the memory network do (Matlab's `norm` of a matrix). Returns the Euclidean norm of all before scaling, as
 * `clipGradNorm` does; if that is not finite, nothing is scaled.
 */
export function clipSpectralNorm(parameters: ParameterSet, maxNorm: number): number {
  expectWithin('clipSpectralNorm', 'maxNorm', maxNorm, 0);
  const norm = gradNorm(parameters);
  if (!Number.isFinite(norm)) return norm;
  for (const parameter of withGradient('clipSpectralNorm', parameters)) {
    const own = spectralNormAbove(parameter.grad as Tensor, maxNorm);
    if (own > maxNorm) replaceGradients([parameter], (g) => affine(g, maxNorm / own, 0));
  }
  return norm;
}
