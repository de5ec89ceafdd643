/** Parts with parameters. @module */

export { BatchNorm } from './batch-norm.ts';
export { assign, buffer, freeze, parameterCount, unfreeze } from './buffer.ts';
export { type Captured, capture } from './capture.ts';
export { type CoreSizes, GRUCell, type HiddenState, LSTMCell, type LSTMState, RNNCell } from './cells.ts';
export { Conv2d, type Conv2dSizes, ConvTranspose2d, type ConvTranspose2dSizes } from './conv2d.ts';
export { Dropout } from './dropout.ts';
export { Embedding, type EmbeddingSizes } from './embedding.ts';
export { LayerNorm } from './layer-norm.ts';
export { Linear } from './linear.ts';
export { Module, param, parameters, type StateDict } from './module.ts';
export { alibiSlopes } from './positions/alibi-slopes.ts';
export { type DistanceBucketOptions, distanceBuckets } from './positions/distance-buckets.ts';
export { positionEncoding } from './positions/position-encoding.ts';
export { type RotaryScaling, type RotaryTableOptions, rotaryTable } from './positions/rotary-table.ts';
export { type SinusoidalOptions, sinusoidalTable } from './positions/sinusoidal.ts';
export { GRU, LSTM, type RecurrentOptions, type RecurrentSizes, RNN } from './recurrent.ts';
export { RMSNorm } from './rms-norm.ts';
export { mapState, type RowState, type State, type StatePart, takeRows } from './state.ts';
export type { StateMapEntry } from './state-entry.ts';
export { StateMap } from './state-map.ts';
export type { Place, Plan } from './state-plan.ts';
export { type Core, type CoreStep, type UnrollOptions, unroll } from './unroll.ts';
