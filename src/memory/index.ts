/** Memories that are written: where heads look, what they read and write. @module */

export {
  type Addressing,
  addressMemory,
  contentWeights,
  interpolateWeights,
  readMemory,
  sharpenWeights,
  shiftWeights,
  writeMemory,
} from './addressing.ts';
export { type HeadsSay, MemoryHeads, type MemoryHeadsOptions, type MemoryStep } from './heads.ts';
export { followLinks, linkMemory, type MemoryLinks, noLinks } from './links.ts';
export { moveHeads, readTape, type TapeViewOptions, tapeView } from './tapes.ts';
export { allocationWeights, type HeadsDid, memoryUsage } from './usage.ts';
