// `saccade/decode`. Searches over any decoder.

export { type BeamOptions, beamSearch, greedySearch, type Hypothesis, type SearchOptions } from './search.ts';
export type { DecodeStep } from './stepper.ts';
