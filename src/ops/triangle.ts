// The two halves of a matrix.

import { expectNames, type Names, ruleOf } from '../tensor/check.ts';
import { arange, full } from '../tensor/create.ts';
import { asOne } from '../tensor/observe.ts';
import { show } from '../tensor/shape.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { greaterEqual, lessEqual, where } from './logic.ts';
import { viewed } from './view.ts';

/** The diagonal of {@link tril} and {@link triu}. */
export interface TriangleOptions {
  /** 0 is the main diagonal, 1 the one above it, −1 the one below. Default 0. */
  offset?: number | undefined;
}

const names: Names<TriangleOptions> = { offset: 1 };

const isOffset = /* @__PURE__ */ ruleOf('a whole number', Number.isSafeInteger);

/** bool `[N, M]`: true on and below the diagonal j = i + offset. As a causal mask: query i may attend to keys up to i + offset. */
export function lowerTriangle(rows: number, columns: number, offset: number): Tensor {
  return lessEqual(arange(columns), viewed(arange(offset, offset + rows), [rows, 1]));
}

function half(op: string, x: Tensor, options: TriangleOptions, keep: (columns: Tensor, rows: Tensor) => Tensor): Tensor {
  expectTensor(op, 'x', x);
  expectNames(op, options, names);
  const { offset = 0 } = options;
  isOffset(op, 'offset', offset);
  if (x.rank < 2) throw new RangeError(`${op}: x must be [..., N, M], got ${show(x.shape)}`);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const run = () => where(keep(arange(columns), viewed(arange(offset, offset + rows), [rows, 1])), x, full([], 0, x.dtype));
  return asOne(op, { inputs: [x], attributes: { offset } }, run, (y) => [y]);
}

/**
 * The lower triangles of matrices `[..., N, M]` of any element type: on and below the diagonal j = i + offset, 0 above it. Like NumPy's
 * `tril` (its k is `offset`) and ONNX's `Trilu`. Gradient: the same of `g`.
 */
export function tril(x: Tensor, options: TriangleOptions = {}): Tensor {
  return half('tril', x, options, lessEqual);
}

/** The upper triangles: on and above the diagonal j = i + offset, 0 below it. Like NumPy's `triu`. Gradient: the same of `g`. */
export function triu(x: Tensor, options: TriangleOptions = {}): Tensor {
  return half('triu', x, options, greaterEqual);
}
