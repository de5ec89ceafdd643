/** Scores, windows, selections, reads, and the mechanisms composed of them. @module */

export { Attention, type AttentionParts, bahdanau, softAttention } from './attention.ts';
export { type Between, CombinedBetween, QKNorm, type QKNormOptions, Rotary, type RotaryOptions } from './between.ts';
export { KeyValueCache } from './cache.ts';
export { CosineScore, cosineScore, DistanceScore, distanceScore } from './content.ts';
export { alibi, DistanceBias, type DistanceBiasOptions, type RelativePositionOptions, RelativePositions } from './distance.ts';
export { dropping } from './dropping.ts';
export { exploring, gumbelSoftmax, gumbelStraightThrough, hard, highest, highestStraightThrough } from './hard.ts';
export { HeadedAttention, type HeadedParts, type MultiHeadCall } from './headed.ts';
export { type ExtendCall, type Extended, Heads, type HeadsCall, type HeadsParts, type StepsCall } from './heads.ts';
export { coverageSoFar, placeOfQuery, placesOf, previousWeights, remember, stepsSoFar } from './history.ts';
export { IntraAttention, type IntraSizes, type IntraState } from './intra.ts';
export { gaussianFactor, LocalPredictive, localMonotonic, predictedPlaces } from './local.ts';
export {
  type LocationAwareOptions,
  LocationAwareScore,
  LocationScore,
  locationFeatures,
  locationScore,
  type SeenWeights,
} from './location.ts';
export { FilterBank } from './looks/filter-bank.ts';
export { GaussianGlimpse, Glimpse, type GlimpseOptions } from './looks/glimpse.ts';
export { Look, type LookStep, type LookWindow, type Placed, type Placement, type Seen } from './looks/look.ts';
export { randomPlacement, reinforcePlacement, reparametrisedPlacement } from './looks/placements.ts';
export { causalMask, lengthsToMask } from './mask.ts';
export { MonotonicScore, monotonicHard, monotonicSoft } from './monotonic.ts';
export { MultiHead, type MultiHeadOptions } from './multi-head.ts';
export { contentBased, type LuongOptions, locationAware, luong, monotonic, multiHead, nearestKey, pointer } from './named.ts';
export type {
  Attended,
  AttentionSizes,
  Beside,
  Context,
  Draw,
  History,
  Mechanism,
  Places,
  Prepared,
  Read,
  Remembered,
  Selected,
  Selection,
  Step,
  Steps,
  Window,
  Windowed,
} from './parts.ts';
export {
  groupedMaps,
  type Mapping,
  Maps,
  PackedProjection,
  type Projection,
  type ProjectionSizes,
  type Role,
  SeparateProjection,
} from './projection.ts';
export { chosenItem, pointing, weightedSum } from './read.ts';
export {
  AdditiveScore,
  DotScore,
  type DotScoreOptions,
  dotScore,
  GeneralScore,
  generalScore,
  Score,
  type ScoreName,
  type ScoreSizes,
  scaledDotScore,
  scoreNamed,
} from './score.ts';
export { soft, sparse, type Temperature, tempered } from './selection.ts';
export { biased, CombinedWindow, causal, coverage, everywhere, masked, positional, sliding } from './window.ts';
