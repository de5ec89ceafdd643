// The public names, room by room.

export { Attention, type AttentionParts, bahdanau, softAttention } from './attention/attention.ts';
export { CosineScore, cosineScore, DistanceScore, distanceScore } from './attention/content.ts';
export { dropping } from './attention/dropping.ts';
export { exploring, gumbelSoftmax, gumbelStraightThrough, hard, highest, highestStraightThrough } from './attention/hard.ts';
export { remember } from './attention/history.ts';
export { IntraAttention, type IntraSizes, type IntraState } from './attention/intra.ts';
export { gaussianFactor, LocalPredictive, localMonotonic, predictedPlaces } from './attention/local.ts';
export { type LocationAwareOptions, LocationAwareScore, LocationScore, locationFeatures, locationScore } from './attention/location.ts';
export { causalMask, lengthsToMask } from './attention/mask.ts';
export { MonotonicScore, monotonicHard, monotonicSoft } from './attention/monotonic.ts';
export { MultiHead, type MultiHeadOptions } from './attention/multi-head.ts';
export {
  contentBased,
  type LuongOptions,
  locationAware,
  luong,
  monotonic,
  multiHead,
  nearestKey,
  pointer,
} from './attention/named.ts';
export type {
  Attended,
  AttentionSizes,
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
  Window,
  Windowed,
} from './attention/parts.ts';
export { chosenItem, pointing, weightedSum } from './attention/read.ts';
export {
  AdditiveScore,
  DotScore,
  dotScore,
  GeneralScore,
  generalScore,
  Score,
  type ScoreName,
  scaledDotScore,
  scoreNamed,
} from './attention/score.ts';
export { soft, sparse, type Temperature, tempered } from './attention/selection.ts';
export { biased, CombinedWindow, causal, coverage, everywhere, masked, sliding } from './attention/window.ts';
export { backward, grad } from './autograd/backward.ts';
export { checkpoint } from './autograd/checkpoint.ts';
export { infer } from './autograd/infer.ts';
export { parameter } from './autograd/parameter.ts';
export { noGrad, record } from './autograd/record.ts';
export { type BucketOptions, bucketBatches, type PaddedBatch, padBatch } from './data/batch.ts';
export { fnv1a, hashSplit } from './data/split.ts';
export { Vocabulary, type VocabularyOptions } from './data/vocabulary.ts';
export { type BeamOptions, beamSearch, greedySearch, type Hypothesis, type SearchOptions } from './decode/search.ts';
export type { DecodeStep } from './decode/stepper.ts';
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
} from './io/checkpoint.ts';
export type { FilePath } from './io/disk.ts';
export { loadFile, saveFile } from './io/file.ts';
export type { FileData, FileDType } from './io/format.ts';
export type { Names, ReadOptions } from './io/reading.ts';
export { type FileContent, type FileTensor, readSafetensors, type WriteOptions, writeSafetensors } from './io/safetensors.ts';
export { type LoadedTensors, loadTensors, type SaveOptions, saveTensors } from './io/tensors.ts';
export { type Bleu, type BleuOptions, bleu } from './metrics/bleu.ts';
export { type ErrorRates, editDistance, errorRates } from './metrics/error-rates.ts';
export {
  type Constraint,
  choices,
  distinct,
  everyItemOnce,
  PointerNetwork,
  type PointerNetworkOptions,
  type PointerState,
  type PointOptions,
} from './models/pointer/pointer-network.ts';
export { AttentionSeq2Seq, type AttentionSeq2SeqOptions, type DecoderState } from './models/seq2seq/attention-seq2seq.ts';
export { Bridge, type Encoded, Encoder, type EncoderSizes } from './models/seq2seq/encoder.ts';
export {
  type DecoderStep,
  EncoderDecoder,
  type Taught,
  type TeachOptions,
  type TranslateOptions,
  type Translation,
} from './models/seq2seq/encoder-decoder.ts';
export { type Feed, Seq2Seq, type Seq2SeqOptions, type Seq2SeqState } from './models/seq2seq/seq2seq.ts';
export type { ModelOptions, Specials } from './models/tokens.ts';
export { type CoreSizes, GRUCell, type HiddenState, LSTMCell, type LSTMState, RNNCell } from './nn/cells.ts';
export { Dropout } from './nn/dropout.ts';
export { Embedding, type EmbeddingSizes } from './nn/embedding.ts';
export { LayerNorm } from './nn/layer-norm.ts';
export { Linear } from './nn/linear.ts';
export { Module, param, parameters, type StateDict } from './nn/module.ts';
export { GRU, LSTM, type RecurrentOptions, type RecurrentSizes, RNN } from './nn/recurrent.ts';
export { mapState, type State } from './nn/state.ts';
export { type Core, type UnrollOptions, unroll } from './nn/unroll.ts';
export {
  type AttentionOptions,
  abs,
  add,
  additiveScore,
  and,
  argmax,
  argmin,
  argsort,
  type BinaryOptions,
  batchGather,
  binaryCrossEntropyWithLogits,
  type ConvOptions,
  type CrossEntropyOptions,
  type CumulativeOptions,
  categorical,
  clamp,
  concat,
  conv1d,
  cos,
  crossEntropy,
  cumprod,
  cumsum,
  div,
  dropout,
  einsum,
  entropy,
  equal,
  erf,
  exp,
  expand,
  flip,
  gather,
  gelu,
  greater,
  greaterEqual,
  gru,
  gruCell,
  gumbel,
  l1Loss,
  layerNorm,
  less,
  lessEqual,
  linear,
  linearScan,
  log,
  logSoftmax,
  logSumExp,
  lstm,
  lstmCell,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  monotonicWeights,
  mseLoss,
  mul,
  neg,
  nllLoss,
  normal,
  not,
  type Operand,
  oneHot,
  or,
  permute,
  pick,
  place,
  pow,
  type Reduction,
  relu,
  reshape,
  type ScanOptions,
  type SequenceOptions,
  type SliceOptions,
  type SortOptions,
  scaledDotProductAttention,
  scatterAddAlongAxis,
  segmentSum,
  select,
  sigmoid,
  sign,
  sin,
  slice,
  smoothL1Loss,
  softmax,
  softplus,
  sort,
  sparsemax,
  sqrt,
  square,
  stack,
  std,
  straightThrough,
  sub,
  sum,
  sumTo,
  type TopkOptions,
  takeAlongAxis,
  tanh,
  toFloat,
  topk,
  transpose,
  unfold,
  uniform,
  unstack,
  type VarianceOptions,
  variance,
  type Weights,
  where,
} from './ops/index.ts';
export { type PlanePanel, pathsSvg } from './plot/plane.ts';
export { type AlignmentOptions, type AlignmentPanel, type AlignmentsOptions, alignmentSvg, alignmentsSvg } from './plot/svg.ts';
export { alignmentText } from './plot/text.ts';
export type { Theme } from './plot/theme.ts';
export { type Backend, backend, type DType, withBackend } from './runtime/backend.ts';
export { type MemoryReport, OutOfMemoryError } from './runtime/heap.ts';
export { type Info, info } from './runtime/info.ts';
export { init } from './runtime/init.ts';
export { memoryReport } from './runtime/storage.ts';
export { type WasmOptions, wasmBackend } from './runtime/wasm.ts';
export { convexHull, distance, isSimplePolygon, type Points, polygonArea, tourLength } from './tasks/polygon.ts';
export {
  hullProblems,
  type PointProblems,
  reverseProblems,
  type SequenceProblem,
  type SequenceSizes,
  sortProblems,
  tourProblems,
} from './tasks/problems.ts';
export { heldKarp } from './tasks/tour.ts';
export { arange, detach, full, type Nested, ones, tensor, zeros } from './tensor/create.ts';
export { foldIn, type Key, key, permutation, randomInt, split } from './tensor/random.ts';
export { outside, persist, scope } from './tensor/scope.ts';
export type { Shape } from './tensor/shape.ts';
export { type Deferred, empty, type Recorded, Tensor } from './tensor/tensor.ts';
export { exponentialAnneal, linearAnneal } from './train/anneal.ts';
export { epsilonGreedy, type QTargetOptions, qLoss, qTarget, updateTarget } from './train/choice/q-learning.ts';
export {
  baselineLoss,
  LearnedBaseline,
  type MovingAverage,
  movingAverage,
  type ReinforceOptions,
  reinforceLoss,
} from './train/choice/reinforce.ts';
export { Replay, type ReplayFields, type Transitions } from './train/choice/replay.ts';
export { clipGradNorm, clipGradValue, gradNorm } from './train/clip.ts';
export { Adadelta, type AdadeltaOptions } from './train/optimizers/adadelta.ts';
export { Adagrad, type AdagradOptions } from './train/optimizers/adagrad.ts';
export { Adam, type AdamOptions, AdamW } from './train/optimizers/adam.ts';
export { Optimizer, type ParameterSet } from './train/optimizers/optimizer.ts';
export { RMSProp, type RMSPropOptions } from './train/optimizers/rmsprop.ts';
export { SGD, type SGDOptions } from './train/optimizers/sgd.ts';
export {
  type Best,
  better,
  constantSchedule,
  cosineSchedule,
  inverseSqrtSchedule,
  type Plateau,
  plateau,
  type Schedule,
  stepDecay,
} from './train/schedule.ts';
export { type Position, type Progress, type TrainOptions, train } from './train/train.ts';
