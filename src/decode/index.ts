/** Searches over any decoder. @module */

export { type BeamOptions, beamSearch, greedySearch, type Hypothesis, type SearchOptions } from './search.ts';
export type { DecodeStep } from './stepper.ts';
