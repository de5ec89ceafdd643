import { tensor } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { fail } from './format.ts';
import { type FileTensor, readSafetensors, type WriteOptions, writeSafetensors } from './safetensors.ts';

/** A tensor of a file's element type: F64 F32 F16 BF16 become float32, I64 I32 U8 int32, BOOL bool. */
export function toTensor(name: string, { dtype, shape, data }: FileTensor): Tensor {
  if (data instanceof BigInt64Array) return tensor(narrow(name, data), { shape });
  if (data instanceof Uint8Array) return tensor(Int32Array.from(data), { shape, dtype: dtype === 'BOOL' ? 'bool' : 'int32' });
  return tensor(data, { shape });
}

/** What a file holds of a tensor: float32 as F32, int32 as I32, bool as BOOL, one byte an element. Its elements are copied. */
export function fromTensor(x: Tensor): FileTensor {
  const { dtype, shape } = x;
  if (dtype === 'bool') return { dtype: 'BOOL', shape, data: Uint8Array.from(x.peek()) };
  if (dtype === 'int32') return { dtype: 'I32', shape, data: Int32Array.from(x.peek()) };
  return { dtype: 'F32', shape, data: Float32Array.from(x.peek()) };
}

function narrow(name: string, values: BigInt64Array): Int32Array {
  const wrong = values.find((value) => value !== BigInt.asIntN(32, value));
  if (wrong !== undefined) fail(`${JSON.stringify(name)} must fit int32`, String(wrong));
  return Int32Array.from(values, Number);
}

/** The tensors of a safetensors file, by name: see {@link toTensor} for types and `readSafetensors` for what is checked. */
export function loadTensors(bytes: Uint8Array | ArrayBuffer): Map<string, Tensor> {
  return new Map([...readSafetensors(bytes).tensors].map(([name, entry]) => [name, toTensor(name, entry)]));
}

/** Tensors as a safetensors file, in the order given: a module's `stateDict()` for one. */
export function saveTensors(tensors: Iterable<readonly [string, Tensor]>, options: WriteOptions = {}): Uint8Array<ArrayBuffer> {
  return writeSafetensors(entriesOf(tensors), options);
}

/** Tensors as a file's entries, in the order given. */
export function entriesOf(tensors: Iterable<readonly [string, Tensor]>): [string, FileTensor][] {
  return Array.from(tensors, ([name, x]) => [name, fromTensor(x)]);
}
