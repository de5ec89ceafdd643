import type { FileHandle } from 'node:fs/promises';
import type { Tensor } from '../tensor/tensor.ts';
import { decode } from './elements.ts';
import { fail, headerLength, PREFIX, parseHeader } from './format.ts';
import { type FileContent, type FileTensor, layOut, type WriteOptions } from './safetensors.ts';
import { entriesOf, toTensor } from './tensors.ts';

// Imported where it is used; the comments and the catch are how bundlers are told that it need not resolve in a browser.
const files = () =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises').catch((cause: unknown) => {
    throw new Error('files: must be read and written where node:fs is, got a host without; read and write bytes instead', { cause });
  });

let written = 0;

/**
 * Writes pieces to `path` (Node) so that the file is the old one or the new one, whole, whatever happens meanwhile: to a temporary
 * name in the same folder, flushed to the disk, then renamed. A process killed in between leaves `path.….tmp` behind.
 */
export async function writeAtomically(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const { open, rename, rm } = await files();
  const temporary = `${path}.${process.pid}-${written++}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(path);
}

/** Makes a rename last; systems that cannot flush a folder (Windows) keep it in their journal. */
async function syncFolder(path: string): Promise<void> {
  const { open } = await files();
  const folder = await open(/^(.*?)[^/\\]*$/.exec(path)?.[1] || '.', 'r').catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function readExactly(file: FileHandle, at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) fail('file must not shrink while it is read', `an end at byte ${at + done}`);
    done += bytesRead;
  }
  return bytes;
}

/** Reads a safetensors file (Node) tensor by tensor, never holding the whole file. Checks as `readSafetensors`. */
export async function readFile(path: string): Promise<FileContent> {
  const { open } = await files();
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = PREFIX + headerLength(await readExactly(file, 0, Math.min(PREFIX, size)), size);
    const header = parseHeader(await readExactly(file, PREFIX, start - PREFIX), size - start);
    const tensors = new Map<string, FileTensor>();
    for (const [name, { dtype, shape, begin, end }] of header.tensors) {
      tensors.set(name, { dtype, shape, data: decode(name, dtype, await readExactly(file, start + begin, end - begin)) });
    }
    return { tensors, metadata: header.metadata };
  } finally {
    await file.close();
  }
}

/** Saves tensors as a safetensors file (Node), atomically: see {@link writeAtomically}. */
export async function saveFile(path: string, tensors: Iterable<readonly [string, Tensor]>, options: WriteOptions = {}): Promise<void> {
  await writeAtomically(path, layOut(entriesOf(tensors), options));
}

/** The tensors and the metadata of a safetensors file (Node). */
export async function loadFile(path: string): Promise<{ tensors: Map<string, Tensor>; metadata: Record<string, string> }> {
  const { tensors, metadata } = await readFile(path);
  return { tensors: new Map([...tensors].map(([name, entry]) => [name, toTensor(name, entry)])), metadata };
}
