/** Whole models. @module */

export {
  AttentionClassifier,
  type AttentionClassifierOptions,
  type Classified,
  type ClassifierState,
  type ClassifyOptions,
} from './attention-classifier.ts';
export { AttentionForecaster, type AttentionForecasterOptions, type ForecastOptions, type Seasons } from './attention-forecaster.ts';
export {
  type EntityAnswer,
  type EntityMemory,
  EntityNetwork,
  type EntityNetworkOptions,
} from './memory/entity-network.ts';
export { MemoryLanguageModel, type MemoryLanguageModelOptions } from './memory/memory-language-model.ts';
export { type MemoryAnswer, MemoryNetwork, type MemoryNetworkOptions, type MemoryReadOptions } from './memory/memory-network.ts';
export {
  type MachineState,
  type MachineStep,
  NeuralTuringMachine,
  type NeuralTuringMachineOptions,
} from './memory/neural-turing-machine.ts';
export { TapeMachine, type TapeMachineOptions } from './memory/tape-machine.ts';
export type { TapeLook, TapeReader, TapeRun, TapeRunOptions, TapeState } from './memory/tape-run.ts';
export { AttentionBlock, type AttentionBlockOptions, type AttentionBlockState, type WeightsCall } from './meta/attention-block.ts';
export { type ConvBlock, ConvEmbedding, type ConvEmbeddingOptions, type EmbeddingCall, type ItemEmbedding } from './meta/conv-embedding.ts';
export { DenseBlock, type DenseBlockOptions, type DenseState } from './meta/dense-block.ts';
export type { EpisodeOutput, Episodes } from './meta/few-shot.ts';
export { type EpisodeCall, PrototypicalNetwork, type PrototypicalNetworkParts } from './meta/prototypical-network.ts';
export {
  choiceLayers,
  episodeLayers,
  Snail,
  type SnailLayer,
  type SnailOptions,
  type SnailOutput,
  type SnailState,
  type SnailStep,
} from './meta/snail.ts';
export { SnailClassifier, type SnailClassifierOptions } from './meta/snail-classifier.ts';
export { TCBlock, type TCBlockOptions, type TCState } from './meta/tc-block.ts';
export {
  type Constraint,
  choices,
  distinct,
  everyItemOnce,
  PointerNetwork,
  type PointerNetworkOptions,
  type PointerSource,
  type PointerState,
  type PointOptions,
} from './pointer/pointer-network.ts';
export { type AttendingParts, AttendingReader, type BothWays, type DocumentLook } from './reading/attending-reader.ts';
export { DeepLSTMReader, type DeepLSTMReaderOptions } from './reading/deep-lstm-reader.ts';
export { type GrammarParse, GrammarParser, type GrammarParserOptions } from './reading/grammar-parser.ts';
export { ImpatientReader } from './reading/impatient-reader.ts';
export { AttentiveReader, BilinearReader, type OneLookOptions, UniformReader } from './reading/one-look-readers.ts';
export { type Digest, Reader, type ReaderOptions, type Reading, type Side } from './reading/reader.ts';
export { AttentionSeq2Seq, type AttentionSeq2SeqOptions, type AttentionSource, type DecoderState } from './seq2seq/attention-seq2seq.ts';
export { Copy, type CopySizes } from './seq2seq/copy.ts';
export { Bridge, type Encoded, Encoder, type EncoderSizes } from './seq2seq/encoder.ts';
export {
  type DecoderStep,
  EncoderDecoder,
  type Looked,
  type Taught,
  type TaughtVectors,
  type TeachOptions,
} from './seq2seq/encoder-decoder.ts';
export { ItemsSeq2Seq, type ItemsSeq2SeqOptions } from './seq2seq/items-seq2seq.ts';
export { type Feed, Seq2Seq, type Seq2SeqOptions, type Seq2SeqSource, type Seq2SeqState } from './seq2seq/seq2seq.ts';
export type { ModelGenerateOptions, TranslateOptions, Translation } from './seq2seq/translate.ts';
export type { ModelOptions, Specials } from './tokens.ts';
export {
  type DecoderExtended,
  type DecoderLayerCall,
  type DecoderWeights,
  TransformerDecoderLayer,
  type TransformerDecoderLayerOptions,
} from './transformer/decoder-layer.ts';
export { LanguageModelCache } from './transformer/language-cache.ts';
export type { Generation, GenerationOptions, TextState } from './transformer/language-generation.ts';
export { LanguageModel, type LanguageModelCall, type LanguageModelOutput } from './transformer/language-model.ts';
export type { LanguageModelOptions, LanguagePositions, RotaryChoice } from './transformer/language-options.ts';
export {
  type Activation,
  type LayerCall,
  type Norm,
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
} from './transformer/layer.ts';
export { meanPool, type RealTokens, unitLength } from './transformer/pooling.ts';
export type { Positions, Waves } from './transformer/positions.ts';
export { Seq2SeqTransformer, type Seq2SeqTransformerOptions } from './transformer/seq2seq-transformer.ts';
export {
  type DecoderStackCall,
  type DecoderStackExtended,
  TransformerDecoder,
  type TransformerDecoderOptions,
  TransformerEncoder,
  type TransformerEncoderOptions,
  type TransformerSource,
  type TransformerState,
} from './transformer/stack.ts';
export { T5, type T5Options } from './transformer/t5.ts';
export { TextEncoder, type TextEncoderCall, type TextEncoderOptions } from './transformer/text-encoder.ts';
export { Transformer, type TransformerCall, type TransformerOptions, type TransformerWeights } from './transformer/transformer.ts';
export { type SentenceEncoderOptions, UniversalSentenceEncoder } from './transformer/universal-sentence-encoder.ts';
export { type DoublyStochasticOptions, doublyStochasticLoss } from './vision/doubly-stochastic.ts';
export { Draw, type DrawOptions, type Painted, type Redrawn } from './vision/draw.ts';
export { ImageClassifier, type ImageClassifierOptions } from './vision/image-classifier.ts';
export {
  RecurrentAttention,
  type RecurrentAttentionCall,
  type RecurrentAttentionOptions,
  type RecurrentAttentionOutput,
} from './vision/recurrent-attention.ts';
export { SelfAttention2d, type SelfAttention2dOptions } from './vision/self-attention-2d.ts';
export {
  type Captioned,
  type CaptionSource,
  type CaptionState,
  type Captions,
  type DescribeOptions,
  ShowAttendTell,
  type ShowAttendTellOptions,
  type TeachCaptionOptions,
} from './vision/show-attend-tell.ts';
export { SpatialTransformer, type SpatialTransformerOptions, type Warped } from './vision/spatial-transformer.ts';
