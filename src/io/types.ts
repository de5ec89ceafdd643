// Tensors written in other types than their own.

import { Tensor } from '../tensor/tensor.ts';
import { encode } from './elements.ts';
import { ARRAYS, expectReadable, type FileData, type FileDType } from './format.ts';
import { type FileEntry, listOf } from './safetensors.ts';
import { type FileEntries, nativeOf } from './tensors.ts';
import { fail, quote } from './words.ts';

/** Types in which a float32 tensor can be written. */
export type FloatType = 'F64' | 'F32' | 'F16' | 'BF16';

const floats: readonly string[] = ['F64', 'F32', 'F16', 'BF16'] satisfies FloatType[];

/**
 * Entries for `saveFile` and `saveTensors` in other types: `'BF16'` for all float32 tensors, or a type by name. F16 and BF16 round to
 * nearest, ties to even; a number that does not fit its type is an error. Tensors that the map does not name keep their own type.
 */
export function withTypes(tensors: FileEntries, types: FloatType | ReadonlyMap<string, string>): [string, Tensor | FileEntry][] {
  if (!(types instanceof Map || floats.includes(types as string))) fail(`types must be one of ${floats.join(' ')} or a Map`, String(types));
  return listOf(tensors).map(([name, x]) => {
    if (isEntry(x)) return [name, x];
    const own = x instanceof Tensor ? nativeOf(x.dtype) : fail(`${quote(name)} must be a tensor`, typeof x);
    const dtype = types instanceof Map ? types.get(name) : own === 'F32' ? types : own;
    return [name, dtype === undefined || dtype === own ? x : converted(name, x, dtype as FileDType)];
  });
}

/** What is bytes already stays as it is. */
const isEntry = (x: Tensor | FileEntry): x is FileEntry => (x as FileEntry | null)?.bytes !== undefined;

function converted(name: string, x: Tensor, type: string): FileEntry {
  const { dtype } = expectReadable(name, { dtype: type });
  const kind = floats.includes(dtype) ? 'float32' : dtype === 'BOOL' ? 'bool' : 'int32';
  if (x.dtype !== kind) fail(`${quote(name)} must be ${kind} to be written as ${dtype}`, x.dtype);
  const values = x.peek();
  const data: FileData =
    dtype === 'I64' || dtype === 'U64' ? ARRAYS[dtype].from(Array.from(values, BigInt)) : ARRAYS[dtype].from(values as Float32Array);
  if (kind === 'int32')
    for (const [i, value] of values.entries()) if (Number(data[i]) !== value) fail(`${quote(name)} must fit ${dtype}`, value);
  return { dtype, shape: x.shape, bytes: encode(name, dtype, data) };
}
