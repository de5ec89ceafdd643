/** Differentiable functions of tensors. @module */

export { expand, sumTo } from '../autograd/arithmetic.ts';
export { reluSquared, silu, softcap, swiglu } from './activation.ts';
export { additiveScore } from './attention.ts';
export type { Distances } from './attention-layout.ts';
export { type EmbeddingBagOptions, embeddingBag } from './bag.ts';
export { type BatchNormOptions, type BatchNormResults, batchNorm } from './batch-norm.ts';
export { add, div, maximum, minimum, mul, neg, sub } from './binary.ts';
export { type ConvOptions, conv1d, unfold } from './conv.ts';
export { type Conv2dOptions, type ConvTranspose2dOptions, conv2d, convTranspose2d } from './conv2d.ts';
export { crop } from './crop.ts';
export { type CtcAlignmentOptions, type CtcLossOptions, ctcAlignment, ctcLoss, ctcPaths, ctcPosterior } from './ctc.ts';
export { einsum } from './einsum.ts';
export { abs, clamp, cos, erf, exp, log, relu, sigmoid, sign, sin, softplus, sqrt, square, tanh } from './elementwise.ts';
export { type EntityStates, type EntityStatesOptions, type EntityWeights, entityStates } from './entity.ts';
export { entropy } from './entropy.ts';
export { gather, pick, segmentSum } from './gather.ts';
export { gaussianFilters } from './gaussian-filters.ts';
export { type GeluOptions, gelu } from './gelu.ts';
export { affineGrid, type GridOptions, gridSample } from './grid-sample.ts';
export { gru, gruCell } from './gru.ts';
export { and, equal, greater, greaterEqual, less, lessEqual, not, type Operand, or, toFloat, where } from './logic.ts';
export {
  type BinaryOptions,
  binaryCrossEntropyWithLogits,
  type ClassOptions,
  type CrossEntropyOptions,
  crossEntropy,
  type LossOptions,
  l1Loss,
  mseLoss,
  nllLoss,
  type Reduction,
  smoothL1Loss,
} from './loss.ts';
export { lstm, lstmCell } from './lstm.ts';
export { linear, type MatmulOptions, matmul } from './matmul.ts';
export { type MemoryStepOptions, memoryStep } from './memory.ts';
export { type LayerNormOptions, layerNorm, type RMSNormOptions, rmsNorm } from './normalise.ts';
export type { Pair } from './pair.ts';
export { avgPool2d, maxPool2d, type PoolOptions } from './pool.ts';
export { pow } from './power.ts';
export { categorical, dropout, gumbel, normal, uniform } from './random.ts';
export {
  type AxisOptions,
  argmax,
  argmin,
  max,
  mean,
  min,
  type ReduceOptions,
  std,
  sum,
  type VarianceOptions,
  variance,
} from './reduce.ts';
export { type RotaryLayout, rotary } from './rotary.ts';
export { type AttentionOptions, type AttentionResults, scaledDotProductAttention } from './scaled-dot-product.ts';
export { type CumulativeOptions, cumprod, cumsum, linearScan, monotonicWeights, type ScanOptions } from './scan.ts';
export type { Embedded, SequenceOptions, Weights } from './sequence.ts';
export { concat, flip, permute, place, reshape, type SliceOptions, select, slice, stack, transpose, unstack } from './shape.ts';
export { logSoftmax, logSumExp, softmax } from './softmax.ts';
export { argsort, type SortOptions, sort, type TopkOptions, topk } from './sort.ts';
export { sparsemax } from './sparsemax.ts';
export { batchGather, oneHot, scatterAddAlongAxis, straightThrough, takeAlongAxis } from './take.ts';
export { type TriangleOptions, tril, triu } from './triangle.ts';
