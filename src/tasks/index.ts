/** Generated problems with their answers. @module */

export {
  type AttachmentSentence,
  type AttachmentSizes,
  attachmentLabels,
  attachmentParse,
  attachmentSentences,
  attachmentWords,
} from './attachment.ts';
export { type BabiOptions, babiStories } from './babi/generate.ts';
export { readBabi, type Story, type StoryQuestion } from './babi/story.ts';
export { banditOptimum, finiteHorizonIndex } from './bandit-optimum.ts';
export {
  type BanditEpisodes,
  type BanditPolicy,
  type BanditView,
  banditInput,
  banditInputs,
  banditProblems,
  greedyArm,
  indexPolicy,
  optimisticThompson,
  playBandits,
  randomArm,
  thompson,
} from './bandits.ts';
export { type Canvases, type CanvasOptions, clutteredCanvases } from './canvases.ts';
export {
  type ClozeProblem,
  type ClozeSizes,
  clozeProblems,
  clozeSymbols,
  mostFrequentActor,
  nearestActor,
} from './cloze.ts';
export { type EpisodeSizes, fewShotEpisodes, type PictureEpisodes } from './episodes.ts';
export {
  type CopyTaskSizes,
  copyProblems,
  krichevskyTrofimov,
  type MemoryProblems,
  type NgramProblems,
  type NgramSizes,
  ngramProblems,
  type PrioritySortSizes,
  prioritySortProblems,
  type RecallSizes,
  type RepeatCopyTaskSizes,
  recallProblems,
  repeatCopyProblems,
} from './memory.ts';
export { type PictureBatch, type Pictures, pictureBatch } from './pictures.ts';
export { convexHull, distance, isSimplePolygon, type Points, polygonArea, tourLength } from './polygon.ts';
export {
  hullProblems,
  type PointProblems,
  type PointSizes,
  reverseProblems,
  type SequenceProblem,
  type SequenceSizes,
  sortProblems,
  tourProblems,
} from './problems.ts';
export { type TapeProblems, type TapeSizes, type TapeTask, tapeProblems, tapeSigns } from './tapes.ts';
export { heldKarp } from './tour.ts';
