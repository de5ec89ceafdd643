// The weights of a saved Layers model: one run of bytes, described by a list.

import { widened } from '../io/half.ts';
import { shown } from '../tensor/check.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';

/** A weight as the list describes it. */
export interface WeightSpec {
  /** Layer and weight: `dense_1/kernel`. */
  name: string;
  /** Row-major. */
  shape: Shape;
  /** `float32`, `int32` or `bool`. */
  dtype: string;
  /** How it is stored if not as `dtype`: `float16`, or 8 or 16 bits of which each value is `scale · stored + min`. */
  quantization?: { dtype: string; scale?: number; min?: number };
}

/** A weight's numbers. */
export interface Weight {
  /** As the file has it. */
  readonly shape: Shape;
  /** Row-major, whatever type they were stored as. */
  readonly values: Float32Array;
}

type Reader = (bytes: ArrayBuffer) => ArrayLike<number>;

const readers: Readonly<Record<string, readonly [width: number, read: Reader]>> = {
  float32: [4, (bytes) => new Float32Array(bytes)],
  int32: [4, (bytes) => new Int32Array(bytes)],
  float16: [2, (bytes) => widened(new Uint16Array(bytes), 'F16')],
  uint16: [2, (bytes) => new Uint16Array(bytes)],
  uint8: [1, (bytes) => new Uint8Array(bytes)],
  bool: [1, (bytes) => new Uint8Array(bytes)],
};

const isSpec = (spec: WeightSpec | null) =>
  typeof spec?.name === 'string' && Array.isArray(spec.shape) && spec.shape.every((length) => Number.isSafeInteger(length) && length >= 0);

/** The weights in their order, by name. */
export function weightsOf(specs: readonly WeightSpec[], bytes: Uint8Array): Map<string, Weight> {
  const found = new Map<string, Weight>();
  let at = 0;
  for (const spec of specs) {
    if (!isSpec(spec)) throw new TypeError(`loadLayersModel: weights must have names and shapes, got ${shown(spec)}`);
    const { name, shape, dtype, quantization } = spec;
    const stored = quantization?.dtype ?? dtype;
    const [width, read] = Object.hasOwn(readers, stored) ? (readers[stored] as (typeof readers)[string]) : [0, undefined];
    if (!read) throw new Error(`loadLayersModel: dtype of ${name} must be among ${Object.keys(readers).join(', ')}, got ${stored}`);
    const size = sizeOf(shape);
    const end = at + size * width;
    if (end > bytes.length) throw new RangeError(`loadLayersModel: weights must have the ${end} bytes up to ${name}, got ${bytes.length}`);
    const values = Float32Array.from(read(bytes.slice(at, end).buffer as ArrayBuffer));
    const { scale, min = 0 } = quantization ?? {};
    if ((quantization && typeof quantization !== 'object') || !Number.isFinite(scale ?? 0) || scale === null || !Number.isFinite(min))
      throw new TypeError(
        `loadLayersModel: quantization of ${name} must have a finite scale and min, got ${shown(scale)} and ${shown(min)}`,
      );
    if (scale !== undefined) for (let i = 0; i < size; i++) values[i] = (values[i] as number) * scale + min;
    found.set(name, { shape, values });
    at = end;
  }
  if (at !== bytes.length) throw new RangeError(`loadLayersModel: weights must have ${at} bytes, got ${bytes.length}`);
  return found;
}
