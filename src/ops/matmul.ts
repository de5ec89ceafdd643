import { sumTo } from '../autograd/arithmetic.ts';
import { record } from '../autograd/record.ts';
import { expectNames, type Names } from '../tensor/check.ts';
import { broadcastShapes, sameShape, show, sizeOf } from '../tensor/shape.ts';
import { type Deferred, empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { multiplyBatch } from './product/batch.ts';
import { dense } from './product/matrix.ts';
import { multiply } from './product/multiply.ts';
import { joined } from './runs.ts';
import { viewed } from './view.ts';

/** The layout of the operands, [..., m, k] and [..., k, n] by default. */
export interface MatmulOptions {
  /** Takes `a` as [..., k, m]. */
  transposeA?: boolean | undefined;
  /** Takes `b` as [..., n, k]. */
  transposeB?: boolean | undefined;
}

const matmulOptions: Names<MatmulOptions> = { transposeA: 0, transposeB: 0 };

/** The last two lengths. */
const matrix = (x: Tensor) => x.shape.slice(-2) as [number, number];

/**
 * `a · b` of the last two axes, [..., m, k] · [..., k, n] → [..., m, n]; the axes before them broadcast. Gradients: `da = g · bᵀ`, `db = aᵀ
 * · g`; the tape sums them where an operand was broadcast.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  expectDType('matmul', 'a', a, 'float32');
  expectDType('matmul', 'b', b, 'float32');
  expectNames('matmul', options, matmulOptions);
  const { transposeA = false, transposeB = false } = options;
  if (a.rank < 2 || b.rank < 2)
    throw new RangeError(`matmul: operands must have two axes or more, got ${show(a.shape)} and ${show(b.shape)}`);
  const [p, q] = matrix(a);
  const [r, s] = matrix(b);
  const [m, k] = transposeA ? [q, p] : [p, q];
  const [inner, n] = transposeB ? [s, r] : [r, s];
  if (k !== inner) throw new RangeError(`matmul: inner lengths must agree, got ${show(a.shape)} and ${show(b.shape)}${suffix(options)}`);
  // With one right operand for all batches, their rows make one product, and its gradient is one product too.
  if (a.rank > 2 && b.rank === 2 && !transposeA) {
    const rows = sizeOf(a.shape.slice(0, -1));
    return viewed(matmul(viewed(a, [rows, k]), b, { transposeB }), [...a.shape.slice(0, -1), n]);
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const y = empty([...batch, m, n]);
  const lengths = { m, n, k };
  if (batch.length === 0) multiply(y.ptr, dense(a.ptr, q, transposeA), b, transposeB, lengths);
  else multiplyBatch(y, { x: a, transposed: transposeA }, { x: b, transposed: transposeB }, batch, lengths);
  return record('matmul', y, { inputs: [a, b], attributes: { transposeA, transposeB } }, (g) => [
    a.requiresGrad
      ? transposeA
        ? matmul(b, g, { transposeA: transposeB, transposeB: true })
        : matmul(g, b, { transposeB: !transposeB })
      : null,
    b.requiresGrad
      ? transposeB
        ? matmul(g, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, g, { transposeA: !transposeA })
      : null,
  ]);
}

function suffix(options: MatmulOptions): string {
  const said = (['transposeA', 'transposeB'] as const).filter((name) => options[name]);
  return said.length ? ` with ${said.join(' and ')}` : '';
}

/** A deferred `leftᵀ · right` over rows. */
interface Outer extends Deferred {
  /** [N, O] */
  readonly left: Tensor;
  /** [N, I] */
  readonly right: Tensor;
}

function sumOfOuters(parts: readonly Deferred[]): Tensor {
  const all = parts as readonly Outer[];
  const rows = (side: 'left' | 'right') =>
    joined(
      all.map((part) => part[side]),
      0,
    );
  return matmul(rows('left'), rows('right'), { transposeA: true });
}

/**
 * The gradient `leftᵀ · right` of a weight; `left` [N, O] comes from the gradient, `right` [N, I] from the input. Those that reach the same
 * weight are one product over all their rows.
 */
export function outer(left: Tensor, right: Tensor): Outer {
  void right.ptr; // throws here, where the op is known, if it has changed
  return { sum: sumOfOuters, of: left, left, right };
}

/**
 * `x · weightᵀ + bias`: x [..., in], weight [out, in], bias [out] → [..., out] (PyTorch's layout). The sum of an element starts from its
 * bias. Gradients: `dx = g · weight`, `dweight = gᵀ · x` over all rows at once, and for `dbias` the sum of `g`'s rows.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  expectDType('linear', 'x', x, 'float32');
  expectDType('linear', 'weight', weight, 'float32');
  const [out, width] = weight.shape;
  if (weight.rank !== 2 || out === undefined || width === undefined || x.rank < 1 || x.shape.at(-1) !== width) {
    throw new RangeError(`linear: x must be [..., in] and weight [out, in], got ${show(x.shape)} and ${show(weight.shape)}`);
  }
  if (bias !== undefined) {
    expectDType('linear', 'bias', bias, 'float32');
    if (!sameShape(bias.shape, [out])) throw new RangeError(`linear: bias must be ${show([out])}, got ${show(bias.shape)}`);
  }
  const y = empty(x.shape.with(-1, out));
  const rows = width > 0 ? x.size / width : sizeOf(x.shape.slice(0, -1));
  multiply(y.ptr, dense(x.ptr, width), weight, true, { m: rows, n: out, k: width }, bias);
  return record('linear', y, { inputs: [x, weight, bias] }, (g) => {
    const flat = viewed(g, [rows, out]);
    const dx = x.requiresGrad ? viewed(matmul(flat, weight), x.shape) : null;
    const dweight = weight.requiresGrad ? outer(flat, viewed(x, [rows, width])) : null;
    return [dx, dweight, bias?.requiresGrad ? sumTo(flat, [out]) : null];
  });
}
