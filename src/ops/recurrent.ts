export { gru } from './gru.ts';
export { lstm } from './lstm.ts';
export type { SequenceOptions, Weights } from './sequence.ts';
