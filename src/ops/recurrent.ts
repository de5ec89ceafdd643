export { gru, gruCell } from './gru.ts';
export { lstm, lstmCell } from './lstm.ts';
export type { Embedded, SequenceOptions, Weights } from './sequence.ts';
