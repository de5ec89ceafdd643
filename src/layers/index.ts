/** Models that Keras and TensorFlow.js saved. @module */

export { type LayersFile, type LayersFiles, loadLayersModel } from './load.ts';
export { type LayersInput, LayersModel } from './model.ts';
export type { WeightSpec } from './weights.ts';
