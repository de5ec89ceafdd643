/** From rows of one's own to a model in a few lines. @module */

export { Front, type FrontReport } from './front.ts';
export type { Evaluation, LabelOptions, Scored, UpdateOptions } from './labelling.ts';
export type { FrontProgress, TeachingOptions } from './teaching.ts';
export { TextClassifier, type TextClassifierOptions, type TextPrediction, type TextRow, type Why } from './text-classifier.ts';
export type { TextModel, TextModelSizes } from './text-model.ts';
export type { ReadText, TextPiece, TextReader, TextReaderParts, Unit } from './text-reader.ts';
