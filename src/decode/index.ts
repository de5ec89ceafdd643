/** Searches over any decoder. @module */

export { type BeamOptions, beamSearch } from './beam.ts';
export type { CoverageOptions } from './coverage.ts';
export {
  type CtcBeamOptions,
  type CtcGreedyOptions,
  type CtcHypothesis,
  type CtcPath,
  ctcBeamSearch,
  ctcGreedy,
} from './ctc.ts';
export type { Decoded, Decoder, Hypothesis } from './decoder.ts';
export { type Each, ensemble } from './ensemble.ts';
export { type GenerateOptions, generate } from './generate.ts';
export { greedySearch, type WrittenStep } from './lines.ts';
export type { SearchOptions, WritingOptions } from './options.ts';
export {
  type DecodingContext,
  forced,
  type LogitsProcessor,
  minLength,
  never,
  noRepeatNgram,
  repetitionPenalty,
  temperature,
  topK,
  topP,
} from './processors.ts';
export { type Drawing, type SampleOptions, sample } from './sample.ts';
