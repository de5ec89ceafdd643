/** Pictures of what attention did. @module */

export { type CanvasPanel, canvasesSvg } from './canvases.ts';
export { type CaptionPanel, captionSvg } from './caption.ts';
export { type DocumentOptions, documentSvg, documentText } from './document.ts';
export { type EpisodePanel, episodesSvg } from './episodes.ts';
export { type GazePanel, gazeSvg } from './gaze.ts';
export { type MemoryPictureOptions, type MemoryTraces, memorySvg } from './memory.ts';
export type { GreyImage } from './pixels.ts';
export { type PlanePanel, pathsSvg } from './plane.ts';
export { type PullsPanel, pullsSvg } from './pulls.ts';
export {
  type GatesLook,
  gatesSvg,
  gatesText,
  type HopsLook,
  hopsSvg,
  hopsText,
  type StoriesOptions,
  type StoryLook,
} from './story.ts';
export { type AlignmentOptions, type AlignmentPanel, type AlignmentsOptions, alignmentSvg, alignmentsSvg } from './svg.ts';
export { type TapePanel, tapesSvg } from './tapes.ts';
export { alignmentText } from './text.ts';
export type { Theme } from './theme.ts';
export { type TreeOptions, treeSvg, treeText } from './tree.ts';
export { type WarpPanel, warpSvg } from './warp.ts';
export type { AlignmentLabels, AlignmentWeights } from './weights.ts';
