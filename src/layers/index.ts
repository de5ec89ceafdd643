/** Models that Keras and TensorFlow.js saved. @module */

export type { Layer, Signal } from './layer.ts';
export { type LayersFile, type LayersFiles, loadLayersModel } from './load.ts';
export { type LayersInput, LayersModel } from './model.ts';
export type { Weight, WeightSpec } from './weights.ts';
