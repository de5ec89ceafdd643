// Weights that stay in the safetensors file beside the graph.

import type { Place } from './model.ts';

/** Where the weights of a graph are. */
export interface OnnxWeights {
  /** The path of the file as the graph names it, from where the graph lies: `model.safetensors`. */
  readonly location: string;
  /** What `saveTensors` wrote: the file, or at least its header. */
  readonly file: Uint8Array;
}

/** An entry of the header: https://github.com/huggingface/safetensors, "Format". */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Finds where the file has the elements of a tensor: its name and shape must be there, as float32. */
export function placesOf({ location, file }: OnnxWeights): (name: string, shape: readonly number[]) => Place {
  if (!(file instanceof Uint8Array) || file.length < 8)
    throw new TypeError('toOnnx: weights.file must be the bytes of a safetensors file, got others');
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  if (length > file.length - 8)
    throw new RangeError(`toOnnx: weights.file must hold its header of ${length} bytes, got ${file.length - 8}`);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<string, Entry | undefined>;
  return (name, shape) => {
    const entry = header[name];
    if (entry?.dtype !== 'F32' || String(entry.shape) !== String(shape)) {
      const got = entry ? `${entry.dtype} [${entry.shape.join(', ')}]` : 'none';
      throw new RangeError(`toOnnx: weights.file must have ${name} as F32 [${shape.join(', ')}], got ${got}`);
    }
    const [from, to] = entry.data_offsets;
    return { location, offset: 8 + length + from, length: to - from };
  };
}
