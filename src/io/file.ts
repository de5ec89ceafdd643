import type { Tensor } from '../tensor/tensor.ts';
import { type FilePath, openFile, readExactly, writeAtomically } from './disk.ts';
import type { OwnBytes } from './elements.ts';
import { type FileContent, type ReadOptions, type Request, reading, type Target } from './reading.ts';
import { layOut, type WriteOptions } from './safetensors.ts';
import { entriesOf, type FileEntries, tensorsOf } from './tensors.ts';

/** Serves the requests of a reader. */
export async function driven<T>(
  steps: Generator<Request, T, OwnBytes>,
  read: (at: number, length: number) => Promise<OwnBytes>,
): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    const asked = step.value;
    step = await read(...asked).then(
      (bytes) => steps.next(bytes),
      (error) => steps.throw(error),
    );
  }
  return step.value;
}

/** Reads a safetensors file (Node) piece by piece; it never holds the whole file. */
export async function readFile<T>(path: FilePath, options: ReadOptions, target: Target<T>): Promise<FileContent<T>> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    return await driven(reading(size, options, target), (at, length) => readExactly(file, at, length));
  } finally {
    await file.close().catch(() => undefined); // the data has been read
  }
}

/**
 * Saves tensors, as they are at the call, as a safetensors file (Node). Whatever happens, the file at `path` is the whole old one or the
 * whole new one; it keeps the old one's mode and owner, and links stay links.
 */
export async function saveFile(path: FilePath, tensors: FileEntries, options: WriteOptions = {}): Promise<void> {
  await writeAtomically(path, layOut(entriesOf(tensors), options));
}

/** The tensors and the metadata of a safetensors file (Node). See `readSafetensors` for what is checked. */
export async function loadFile(path: FilePath, options: ReadOptions = {}): Promise<FileContent<Tensor>> {
  return readFile(path, options, tensorsOf);
}
