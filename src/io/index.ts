/** Files and checkpoints. @module */

export {
  type Checkpoint,
  type CheckpointParts,
  loadCheckpoint,
  readCheckpoint,
  restoreCheckpoint,
  type SavedPosition,
  type Stateful,
  saveCheckpoint,
  writeCheckpoint,
} from './checkpoint.ts';
export type { FilePath } from './disk.ts';
export { loadFile, saveFile } from './file.ts';
export type { FileData, FileDType } from './format.ts';
export { fromInt8, toInt8 } from './int8.ts';
export { type FileFacts, type LoadIntoOptions, loadInto } from './into.ts';
export { type FileLike, saveFileLike, saveTensorsLike } from './like.ts';
export type { FileContent, Names, ReadOptions } from './reading.ts';
export { type FileEntry, type FileTensor, readSafetensors, type WriteOptions, writeSafetensors } from './safetensors.ts';
export type { FileSource } from './source.ts';
export { type FileEntries, type LoadedTensors, loadTensors, saveTensors } from './tensors.ts';
export { type FloatType, withTypes } from './types.ts';
