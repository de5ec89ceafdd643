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
export type { FileContent, Names, ReadOptions } from './reading.ts';
export { type FileTensor, readSafetensors, type WriteOptions, writeSafetensors } from './safetensors.ts';
export { type LoadedTensors, loadTensors, type SaveOptions, saveTensors } from './tensors.ts';
