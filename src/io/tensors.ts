import type { DType } from '../runtime/backend.ts';
import { empty, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { decode, fitted } from './elements.ts';
import { ARRAYS, type FileDType, type Readable } from './format.ts';
import { type ReadOptions, readBytes, type Sink } from './reading.ts';
import { expectLengths, type FileEntry, joined, layOut, listOf, type WriteOptions } from './safetensors.ts';

/** Tensors of a file by name, with the strings stored beside them. */
export interface LoadedTensors extends Map<string, Tensor> {
  /** Without a prototype: a missing key is `undefined`, whatever its name. */
  readonly metadata: Record<string, string>;
  /** The text of the file's header: `saveTensorsLike` writes a file of the same names, types and order. */
  readonly header: string;
}

/** The tensor type of each file type: float32 for floats, int32 for whole numbers in its range, bool for BOOL. */
export function dtypeOf(dtype: FileDType): DType {
  return dtype === 'BOOL' ? 'bool' : /^B?F/.test(dtype) ? 'float32' : 'int32';
}

/** Makes a file's tensors. */
export function tensorsOf(name: string, { dtype, shape }: Readable): Sink<Tensor> {
  const tensor = empty(shape, dtypeOf(dtype));
  let at = 0;
  return {
    put(bytes) {
      const elements = fitted(name, decode(name, dtype, bytes));
      tensor.peek().set(elements, at); // nothing has read the tensor, so no change needs recording
      at += elements.length;
    },
    take: () => tensor,
    drop: () => tensor.storage.free(),
  };
}

/** A tensor in the form of a file: float32 as F32, int32 as I32, bool as BOOL, one byte per element. Its elements are copied. */
function fromTensor(name: string, x: Tensor): FileEntry {
  expectTensor('safetensors', name, x);
  expectLengths(name, x.shape);
  const dtype = nativeOf(x.dtype);
  return { dtype, shape: x.shape, bytes: new Uint8Array(new ARRAYS[dtype](x.peek()).buffer) };
}

/** The file type that holds a tensor's elements without conversion. */
export const nativeOf = (dtype: DType): 'F32' | 'I32' | 'BOOL' => (dtype === 'bool' ? 'BOOL' : dtype === 'int32' ? 'I32' : 'F32');

/**
 * The tensors of a safetensors file, by name, and its metadata: floats become float32, whole numbers int32 (they must be in its range),
 * BOOL becomes bool. See `readSafetensors` for what is checked.
 */
export function loadTensors(bytes: Uint8Array | ArrayBuffer, options: ReadOptions = {}): LoadedTensors {
  const { tensors, ...rest } = readBytes(bytes, options, tensorsOf);
  return Object.assign(tensors, rest);
}

/** Tensors to write, in order: for instance a module's `stateDict()`. {@link withTypes} gives them other types. */
export type FileEntries = Iterable<readonly [string, Tensor | FileEntry]>;

/** Tensors as a safetensors file, in the order given. */
export function saveTensors(tensors: FileEntries, options: WriteOptions = {}): Uint8Array<ArrayBuffer> {
  return joined(layOut(entriesOf(tensors), options));
}

/** Tensors as a file's entries, in the order given. */
export function entriesOf(tensors: FileEntries): [string, FileEntry][] {
  return listOf(tensors).map(([name, x]) => [name, (x as FileEntry | null)?.bytes ? (x as FileEntry) : fromTensor(name, x as Tensor)]);
}
