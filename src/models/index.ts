/** Whole models. @module */

export {
  type Constraint,
  choices,
  distinct,
  everyItemOnce,
  PointerNetwork,
  type PointerNetworkOptions,
  type PointerState,
  type PointOptions,
} from './pointer/pointer-network.ts';
export { AttentionSeq2Seq, type AttentionSeq2SeqOptions, type DecoderState } from './seq2seq/attention-seq2seq.ts';
export { Bridge, type Encoded, Encoder, type EncoderSizes } from './seq2seq/encoder.ts';
export {
  type DecoderStep,
  EncoderDecoder,
  type Taught,
  type TeachOptions,
  type TranslateOptions,
  type Translation,
} from './seq2seq/encoder-decoder.ts';
export { type Feed, Seq2Seq, type Seq2SeqOptions, type Seq2SeqState } from './seq2seq/seq2seq.ts';
export type { ModelOptions, Specials } from './tokens.ts';
