import type { Tensor } from '../tensor/tensor.ts';
import { type FilePath, openFile, readExactly, writeAtomically } from './disk.ts';
import type { OwnBytes } from './elements.ts';
import { type FileContent, type ReadOptions, type Request, reading, type Target } from './reading.ts';
import { layOut, type WriteOptions } from './safetensors.ts';
import { entriesOf, type FileEntries, tensorsOf } from './tensors.ts';

/** Gives a reader what it asks for. */
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

/** Reads a safetensors file (Node) piece by piece, never holding the whole. */
export async function readFile<T>(path: FilePath, options: ReadOptions, target: Target<T>): Promise<FileContent<T>> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    return await driven(reading(size, options, target), (at, length) => readExactly(file, at, length));
  } finally {
    await file.close().catch(() => undefined); // what was read is read
  }
}

/**
 * Saves tensors as a safetensors file (Node), as they are at the call. The file at `path` is the old one or the new one, whole,
 * whatever happens; what is replaced keeps its mode and owner, and links go on pointing at it.
 */
export async function saveFile(path: FilePath, tensors: FileEntries, options: WriteOptions = {}): Promise<void> {
  await writeAtomically(path, layOut(entriesOf(tensors), options));
}

/** The tensors and the metadata of a safetensors file (Node). What is checked: see `readSafetensors`. */
export async function loadFile(path: FilePath, options: ReadOptions = {}): Promise<FileContent<Tensor>> {
  return readFile(path, options, tensorsOf);
}
