// Files of others, and the same once more with other names, types or parts.
import { readFileSync } from 'node:fs';
import { type FileTensor, readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** The bytes of a fixture. */
export const bytesOf = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../fixtures/pretrained/${name}.safetensors`, import.meta.url)));

/** What is not a parameter. */
export const isTest = (name: string): boolean => name.startsWith('test.');

/** The parameters of a fixture, as a file holds them. */
export const partsOf = (name: string): Map<string, FileTensor> =>
  new Map([...readSafetensors(bytesOf(name)).tensors].filter(([tensorName]) => !isTest(tensorName)));

/** What stands beside them. */
export const resultsOf = (name: string): Map<string, FileTensor> =>
  new Map([...readSafetensors(bytesOf(name)).tensors].flatMap(([one, x]) => (isTest(one) ? [[one.slice(5), x] as const] : [])));

/** A file of these. */
export const fileOf = (parts: ReadonlyMap<string, FileTensor>): Uint8Array<ArrayBuffer> => writeSafetensors(parts, { checksum: false });

/** The same under other names; what has none is left out. */
export const renamed = (parts: ReadonlyMap<string, FileTensor>, to: (name: string) => string | undefined): Map<string, FileTensor> =>
  new Map(
    Array.from(parts, ([name, x]) => [to(name), x] as const).filter((entry): entry is [string, FileTensor] => entry[0] !== undefined),
  );

/** A matrix with its axes exchanged. */
export function turned({ dtype, shape, data }: FileTensor): FileTensor {
  const [rows, columns] = shape as [number, number];
  const values = data as Float32Array;
  return {
    dtype,
    shape: [columns, rows],
    data: Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number),
  };
}

/** Whole numbers as int32. */
export const ids = ({ shape, data }: FileTensor): Tensor => tensor(Int32Array.from(data as BigInt64Array, Number), { shape });

/** The largest distance between two lists. */
export const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length
    ? Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0)
    : Number.POSITIVE_INFINITY;
