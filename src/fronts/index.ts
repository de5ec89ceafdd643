/** From rows of one's own to a model in a few lines. @module */

export type { Columns } from './columns.ts';
export type { Baseline, ColumnErrors, ForecastEvaluation } from './comparison.ts';
export type { Candidate, Conversion } from './conversion.ts';
export type { SaveOptions } from './file.ts';
export type { ForecastModel, ForecastSizes } from './forecast-model.ts';
export { Forecaster } from './forecaster.ts';
export type { ColumnForecast, Forecast, ForecasterOptions, ForecasterSettings } from './forecasting.ts';
export { Front, type FrontReport } from './front.ts';
export type { Evaluation, LabelOptions, Scored, UpdateOptions } from './labels.ts';
export type { Precision, Quality, SaveReport } from './quality.ts';
export type { ReadSamples, Samples } from './samples.ts';
export {
  SequenceClassifier,
  type SequenceClassifierOptions,
  type SequenceClassifierSettings,
  type SequencePrediction,
  type SequenceRow,
  type SequenceStep,
} from './sequence-classifier.ts';
export type { SequenceModel, SequenceModelSizes, SequenceState } from './sequence-model.ts';
export type { FrontProgress, TeachingOptions } from './teaching.ts';
export { TextClassifier, type TextClassifierOptions, type TextPrediction, type TextRow, type Why } from './text-classifier.ts';
export type { TextModel, TextModelSizes } from './text-model.ts';
export type { ReadText, TextPiece, TextReader, TextReaderParts, Unit } from './text-reader.ts';
export { Transducer } from './transducer.ts';
export type {
  ConvertOptions,
  TextPair,
  TransducerEvaluation,
  TransducerOptions,
  TransducerSettings,
  TransducerUpdateOptions,
} from './transducing.ts';
