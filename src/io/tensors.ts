import type { DType } from '../runtime/backend.ts';
import { empty, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { decode, encode, fitted } from './elements.ts';
import { ARRAYS, type FileDType, type Readable } from './format.ts';
import { type ReadOptions, readBytes, type Sink } from './reading.ts';
import { type Encoded, expectLengths, joined, layOut, type WriteOptions } from './safetensors.ts';
import { fail } from './words.ts';

/** Tensors of a file by name, with the strings that stand beside them. */
export interface LoadedTensors extends Map<string, Tensor> {
  /** Without a prototype: a missing key is `undefined`, whatever its name. */
  readonly metadata: Record<string, string>;
}

/** How tensors are written. */
export interface SaveOptions extends WriteOptions {
  /** What float32 tensors are written as: rounded to the nearest, ties to even, where it is half the size. Default F32. */
  float?: 'F32' | 'F16' | 'BF16';
}

/** What a type of a file becomes: floats float32, whole numbers int32, within its range, BOOL bool. */
function dtypeOf(dtype: FileDType): DType {
  return dtype === 'BOOL' ? 'bool' : /^B?F/.test(dtype) ? 'float32' : 'int32';
}

/** A file's tensors as tensors. */
export function tensorsOf(name: string, { dtype, shape }: Readable): Sink<Tensor> {
  const tensor = empty(shape, dtypeOf(dtype));
  let at = 0;
  return {
    put(bytes) {
      const elements = fitted(name, decode(name, dtype, bytes));
      tensor.peek().set(elements, at); // nobody has read it, so that no change need be known
      at += elements.length;
    },
    take: () => tensor,
    drop: () => tensor.storage.free(),
  };
}

/** A tensor as it lies in a file: float32 as F32 or what is asked for, int32 as I32, bool as BOOL, one byte an element. Its elements are copied. */
function fromTensor(name: string, x: Tensor, float: 'F32' | 'F16' | 'BF16'): Encoded {
  expectTensor('safetensors', name, x);
  const { shape } = x;
  const dtype = x.dtype === 'bool' ? 'BOOL' : x.dtype === 'int32' ? 'I32' : float;
  expectLengths(name, shape);
  return { dtype, shape, bytes: encode(name, dtype, new ARRAYS[dtype](x.peek())) };
}

/**
 * The tensors of a safetensors file, by name, and its metadata: floats as float32, whole numbers as int32, within its range, BOOL as bool.
 * What is checked: see `readSafetensors`.
 */
export function loadTensors(bytes: Uint8Array | ArrayBuffer, options: ReadOptions = {}): LoadedTensors {
  const { tensors, metadata } = readBytes(bytes, options, tensorsOf);
  return Object.assign(tensors, { metadata });
}

/** Tensors as a safetensors file, in the order given: a module's `stateDict()` for one. */
export function saveTensors(tensors: Iterable<readonly [string, Tensor]>, options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
  return joined(layOut(entriesOf(tensors, options.float), options));
}

/** Tensors as a file's entries, in the order given. */
export function entriesOf(tensors: Iterable<readonly [string, Tensor]>, float: SaveOptions['float'] = 'F32'): [string, Encoded][] {
  if (!['F32', 'F16', 'BF16'].includes(float)) fail('float must be F32, F16 or BF16', String(float));
  return Array.from(tensors, ([name, x]) => [name, fromTensor(name, x, float)]);
}
