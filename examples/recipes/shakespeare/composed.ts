// What the model needs of the package's ops, composed until they are there as one.
import { add, concat, div, Module, mean, mul, reshape, slice, sub, type Tensor, tanh, tensor } from 'saccade';
import { sqrt, square } from 'saccade/ops';

/** The last axis by the root of its mean square. */
export const rmsNorm = (x: Tensor): Tensor => div(x, sqrt(add(mean(square(x), { axis: -1, keepDims: true }), 1e-6)));

/** {@link rmsNorm} as a part. */
export class RMSNorm extends Module {
  constructor(_sizes: { size: number; weight: false }) {
    super();
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x);
  }
}

/** `cap tanh(x / cap)`. */
export const softcap = (x: Tensor, cap: number): Tensor => mul(tanh(mul(x, 1 / cap)), cap);

/** Cosines, then sines, of each position `[T, D]`. */
export function rotaryTable({ width, length, base }: { width: number; length: number; base: number }): Tensor {
  const half = width / 2;
  const angles = Array.from({ length }, (_, p) => Array.from({ length: half }, (_, i) => p * base ** (-i / half)));
  return tensor(angles.map((row) => [...row.map(Math.cos), ...row.map(Math.sin)]));
}

/** Heads `[B, H, T, D]`, both halves of each turned by the angles of its place. */
export function rotary(x: Tensor, table: Tensor, _positions: Tensor): Tensor {
  const [, , time = 0, width = 0] = x.shape;
  const half = width / 2;
  const part = (from: number) => reshape(slice(slice(table, 0, 0, time), 1, from, from + half), [1, 1, time, half]);
  const [cos, sin] = [part(0), part(half)];
  const [a, b] = [slice(x, 3, 0, half), slice(x, 3, half)];
  return concat([sub(mul(a, cos), mul(b, sin)), add(mul(b, cos), mul(a, sin))], 3);
}
