/** How good an answer is. @module */

export { type Bleu, type BleuOptions, bleu } from './bleu.ts';
export { type ErrorRates, editDistance, errorRates } from './error-rates.ts';
