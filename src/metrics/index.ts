// `saccade/metrics`. How good an answer is.

export { type Bleu, type BleuOptions, bleu } from './bleu.ts';
export { type ErrorRates, editDistance, errorRates } from './error-rates.ts';
