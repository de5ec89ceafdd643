// `saccade/plot`. Pictures of what attention did.

export { type PlanePanel, pathsSvg } from './plane.ts';
export { type AlignmentOptions, type AlignmentPanel, type AlignmentsOptions, alignmentSvg, alignmentsSvg } from './svg.ts';
export { alignmentText } from './text.ts';
export type { Theme } from './theme.ts';
