// What ops of the table ask of a call.

import type { Graph, OnnxCall, OnnxValue } from '../graph.ts';
import { Share, Size } from '../size.ts';

const shownAs = (value: unknown) => (value instanceof Share ? `${value.factor} / (${value.size})` : String(value));

/** An attribute that is one number at all sizes. */
export function fixed({ op, attributes }: OnnxCall, name: string): number {
  const value = attributes[name];
  if (typeof value === 'number') return value;
  throw new RangeError(`toOnnx: ${op} must have one ${name} at all sizes, got ${shownAs(value)}`);
}

/** An attribute that is a whole number, of the axes perhaps. */
export function whole({ op, attributes }: OnnxCall, name: string): Size {
  const value = attributes[name];
  if (value instanceof Size) return value;
  if (Number.isSafeInteger(value)) return Size.of(value as number);
  throw new RangeError(`toOnnx: ${op} must have a whole ${name}, got ${shownAs(value)}`);
}

/** An attribute that is a number, of the axes perhaps. */
export function number({ op, attributes }: OnnxCall, name: string): number | Size | Share {
  const value = attributes[name];
  if (typeof value === 'number' || value instanceof Size || value instanceof Share) return value;
  throw new RangeError(`toOnnx: ${op} must have a number as ${name}, got ${shownAs(value)}`);
}

/** The lengths of a tensor, all explained. */
export function lengths({ op }: OnnxCall, { dims }: Pick<OnnxValue, 'dims'>): Size[] {
  return dims.map((size, axis) => {
    if (size) return size;
    throw new RangeError(`toOnnx: ${op} must have lengths that follow from the axes, got another at axis ${axis}`);
  });
}

/** Input `i`, which is there. */
export function input({ op, inputs }: OnnxCall, i: number): OnnxValue {
  const x = inputs[i];
  if (x) return x;
  throw new TypeError(`toOnnx: ${op} must have input ${i}, got none`);
}

/** The result `i`. */
export function output({ op, outputs }: OnnxCall, i = 0): OnnxCall['outputs'][number] {
  const y = outputs[i];
  if (y) return y;
  throw new TypeError(`toOnnx: ${op} must have result ${i}, got none`);
}

/** The inputs by name, the constants that one number fills as that number where the others have the result's shape without them. */
export function stretched(graph: Graph, call: OnnxCall): string[] {
  const xs = call.inputs.filter((x) => x !== null);
  const target = output(call).dims;
  const reaches = target.map((size, axis) => {
    const at = (x: OnnxValue) => x.dims[axis - target.length + x.dims.length];
    return (x: OnnxValue) => size !== undefined && at(x) !== undefined && String(at(x)) === String(size);
  });
  const without = (x: OnnxValue) => reaches.every((test) => xs.some((other) => other !== x && other.fill === undefined && test(other)));
  return xs.map((x) => (x.fill !== undefined && without(x) ? graph.number(x.dtype, x.fill) : x.name));
}

/** All axes of a rank, the ones given exchanged. */
export function exchanged(rank: number, a: number, b: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis === a ? b : axis === b ? a : axis));
}
