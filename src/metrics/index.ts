/** How good an answer is. @module */

export { type Bleu, type BleuOptions, bleu } from './bleu.ts';
export {
  type Calibration,
  type CalibrationBin,
  type ClassificationScores,
  type ClassScores,
  type Confusion,
  calibration,
  classificationScores,
  confusionMatrix,
} from './classification.ts';
export { type ErrorRates, editDistance, errorRates } from './error-rates.ts';
export { type AttachmentScores, attachmentScores, type BracketScores, bracketScores } from './trees.ts';
