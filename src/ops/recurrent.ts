export { gru, gruCell } from './gru.ts';
export { lstm, lstmCell } from './lstm.ts';
export type { SequenceOptions, Weights } from './sequence.ts';
