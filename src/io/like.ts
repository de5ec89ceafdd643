// Files written in the form of another file.

import { shown } from '../tensor/check.ts';
import { sameShape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { takeChecksums } from './checksum.ts';
import { type FilePath, writeAtomically } from './disk.ts';
import { parseHeader } from './header.ts';
import { type FileEntry, joined, layOut, withLength } from './safetensors.ts';
import { entriesOf } from './tensors.ts';
import { withTypes } from './types.ts';
import { fail, listed, quote } from './words.ts';

/** A file that was read, or its header alone. */
export type FileLike = {
  readonly header: string;
};

/**
 * Saves tensors in the form of a file that was loaded (Node): exactly its names, with its types, metadata and order, byte for byte. With a
 * {@link StateMap} this writes a module as another program's file. Files with checksums get new ones.
 */
export async function saveFileLike(path: FilePath, tensors: ReadonlyMap<string, Tensor | FileEntry>, file: FileLike): Promise<void> {
  await writeAtomically(path, laidOutLike(tensors, file));
}

/** {@link saveFileLike} to bytes. */
export function saveTensorsLike(tensors: ReadonlyMap<string, Tensor | FileEntry>, file: FileLike): Uint8Array<ArrayBuffer> {
  return joined(laidOutLike(tensors, file));
}

/** The pieces of such a file. */
export function laidOutLike(tensors: ReadonlyMap<string, Tensor | FileEntry>, file: FileLike): Uint8Array[] {
  const { header }: Partial<FileLike> = file ?? {};
  if (typeof header !== 'string') fail('file must be one that was read, with its header', typeof header);
  if (!(tensors instanceof Map)) fail('tensors must be a Map such as model.stateDict()', shown(tensors));
  const { tensors: layouts, metadata } = parseHeader(header, Infinity);
  const unknown = [...tensors.keys()].filter((name) => !layouts.has(name));
  const missing = [...layouts.keys()].filter((name) => !tensors.has(name));
  if (unknown.length + missing.length > 0) fail("names must be the file's", `unknown ${listed(unknown)} and missing ${listed(missing)}`);
  for (const [name, { shape }] of layouts) {
    const x = tensors.get(name) as Tensor | FileEntry;
    if (!sameShape(x.shape, shape)) fail(`${quote(name)} must be ${show(shape)}, as in the file`, show(x.shape));
  }
  const types = new Map(Array.from(layouts, ([name, { dtype }]) => [name, dtype]));
  const inOrder = Array.from(layouts.keys(), (name) => [name, tensors.get(name) as Tensor | FileEntry] as const);
  const entries = new Map(entriesOf(withTypes(inOrder, types)));
  const size = Object.keys(metadata).length;
  takeChecksums(header, metadata, [], false);
  if (Object.keys(metadata).length < size) return layOut(entries, { metadata });
  const inFile = [...layouts].sort(([, a], [, b]) => a.begin - b.begin);
  return [...withLength(header), ...inFile.map(([name]) => (entries.get(name) as FileEntry).bytes)];
}
