// `saccade/io`. Files and checkpoints.

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
export type { Names, ReadOptions } from './reading.ts';
export { type FileContent, type FileTensor, readSafetensors, type WriteOptions, writeSafetensors } from './safetensors.ts';
export { type LoadedTensors, loadTensors, type SaveOptions, saveTensors } from './tensors.ts';
