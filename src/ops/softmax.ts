import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectNames } from '../tensor/check.ts';
import { axisOf } from '../tensor/shape.ts';
import { empty, expectDType, type Tensor } from '../tensor/tensor.ts';
import { along, axisOption, axisOptions, maskedOptions, maskedOut, rowsOf, shielded } from './along.ts';
import { exp } from './elementwise.ts';
import { floatMul, floatSub, scaled, sumRows } from './float.ts';
import type { AxisOptions } from './reduce.ts';
import { permute, reshape } from './shape.ts';
import { softmaxRows, weights } from './weights.ts';

/**
 * `e^x / Σ e^x` along `axis` (default −1). Where `mask` (bool, broadcast to `x`) is false the weight and the gradient are exactly 0,
 * whatever `x` holds there. A row whose mask is all false, or whose elements are all −∞, is 0. Gradient: `y · (g − Σ g·y)`.
 */
export function softmax(x: Tensor, options: { axis?: number | undefined; mask?: Tensor | undefined } = {}): Tensor {
  expectNames('softmax', options, maskedOptions);
  const y = along('softmax', maskedOut('softmax', x, options.mask), options.axis ?? -1, weights);
  return shielded('softmax', y, options.mask);
}

/** `x − ln Σ e^x` along `axis` (default −1); a row of −∞ stays −∞. Gradient: `g − e^y · Σ g`. */
export function logSoftmax(x: Tensor, options: { axis?: number | undefined } = {}): Tensor {
  expectNames('logSoftmax', options, axisOption);
  return along('logSoftmax', x, options.axis ?? -1, logWeights);
}

function logWeights(x: Tensor): Tensor {
  const y = empty(x.shape);
  kernels.logSoftmax(y.ptr, x.ptr, ...rowsOf(x));
  return record('logSoftmax', y, { inputs: [x] }, (g) => [logSoftmaxBackward(g, y)]);
}

/** `dx = g − e^y · Σ g`. For its own gradient h: `h − Σ h·e^y` to g, `−h · e^y · Σ g` to y. */
function logSoftmaxBackward(g: Tensor, y: Tensor): Tensor {
  const dx = empty(y.shape);
  kernels.logSoftmaxBackward(dx.ptr, g.ptr, y.ptr, ...rowsOf(y));
  return record('logSoftmaxBackward', dx, { inputs: [g, y] }, (h) => {
    const part = floatMul(h, exp(y));
    return [g.requiresGrad ? floatSub(h, sumRows(part)) : null, y.requiresGrad ? scaled(floatMul(part, sumRows(g)), -1) : null];
  });
}

/** `ln Σ e^x` over one axis, the last by default; −∞ if all elements are. Gradient: `g · softmax(x)`. */
export function logSumExp(x: Tensor, options: AxisOptions = {}): Tensor {
  expectDType('logSumExp', 'x', x, 'float32');
  expectNames('logSumExp', options, axisOptions);
  const at = axisOf('logSumExp', options.axis ?? -1, x.rank);
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== at);
  const rows = at === x.rank - 1 ? x : permute(x, [...others, at]);
  const y = empty(rows.shape.slice(0, -1));
  kernels.logSumExp(y.ptr, rows.ptr, y.size, rows.shape.at(-1) as number);
  const recorded = record('logSumExp', y, { inputs: [rows] }, (g) => [floatMul(reshape(g, [...g.shape, 1]), softmaxRows(rows))]);
  return options.keepDims
    ? reshape(
        recorded,
        x.shape.map((n, axis) => (axis === at ? 1 : n)),
      )
    : recorded;
}
