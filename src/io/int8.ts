// Weights as whole numbers of eight bits: a quarter of the file.

import { noGrad } from '../autograd/record.ts';
import { mul, reshape, toFloat } from '../ops/index.ts';
import { shown } from '../tensor/check.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';
import { encode } from './elements.ts';
import { type FileEntry, listOf } from './safetensors.ts';
import type { FileEntries } from './tensors.ts';
import { fail, quote } from './words.ts';

const MOST = 127;

/** The name of the factors of a tensor's rows. */
const scaleOf = (name: string) => `${name}.int8_scale`;

/**
 * Entries for `saveFile` and `saveTensors` with weights in a byte each: of a float32 tensor of two axes or more, every row along the first
 * axis becomes whole numbers from −127 to 127 times a factor of its own, the row's largest size / 127. The factors stand beside it as
 * `NAME.int8_scale`. Biases, norms and what is no float32 stay as they are. {@link fromInt8} is the way back.
 */
export function toInt8(tensors: FileEntries): [string, Tensor | FileEntry][] {
  return listOf(tensors).flatMap(([name, x]): [string, Tensor | FileEntry][] =>
    x instanceof Tensor && x.dtype === 'float32' && x.rank >= 2 && x.size > 0 ? inBytes(name, x) : [[name, x]],
  );
}

function inBytes(name: string, x: Tensor): [string, FileEntry][] {
  const [values, rows] = [x.peek(), x.shape[0] as number];
  const width = x.size / rows;
  const [bytes, scales] = [new Int8Array(x.size), new Float32Array(rows)];
  for (let r = 0; r < rows; r++) {
    const row = values.subarray(r * width, (r + 1) * width) as Float32Array;
    let most = 0;
    for (const value of row) {
      if (!Number.isFinite(value)) fail(`${quote(name)} must be finite to be written as int8`, value);
      most = Math.max(most, Math.abs(value));
    }
    const scale = Math.fround(most / MOST);
    scales[r] = scale;
    if (scale > 0)
      for (let i = 0; i < width; i++) bytes[r * width + i] = Math.max(-MOST, Math.min(MOST, Math.round((row[i] as number) / scale)));
  }
  return [
    [name, { dtype: 'I8', shape: x.shape, bytes: encode(name, 'I8', bytes) }],
    [scaleOf(name), { dtype: 'F32', shape: [rows], bytes: encode(name, 'F32', scales) }],
  ];
}

/**
 * The float32 tensors of a file that {@link toInt8} wrote: each number times its row's factor, rounded once, so that they are the same bits
 * everywhere. Tensors without factors are handed on.
 */
export function fromInt8(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  if (!(tensors instanceof Map)) throw new TypeError(`fromInt8: tensors must be a Map of tensors by name, got ${shown(tensors)}`);
  const found = new Map<string, Tensor>();
  for (const [name, x] of tensors) {
    const scale = tensors.get(scaleOf(name));
    if (name.endsWith(scaleOf('')) && tensors.has(name.slice(0, -scaleOf('').length))) continue;
    found.set(name, scale ? noGrad(() => widened(name, x, scale)) : x);
  }
  return found;
}

function widened(name: string, x: Tensor, scale: Tensor): Tensor {
  if (x.dtype !== 'int32' || x.rank < 1) fail(`${quote(name)} must hold whole numbers, having factors beside it`, kindOf(x));
  if (scale.dtype !== 'float32' || !sameShape(scale.shape, x.shape.slice(0, 1)))
    fail(`${quote(scaleOf(name))} must be float32 ${show(x.shape.slice(0, 1))}`, kindOf(scale));
  return mul(toFloat(x), reshape(scale, [x.shape[0] as number, ...x.shape.slice(1).map(() => 1)]));
}
