/** Models as ONNX files, for ONNX Runtime and others. @module */

export type { OnnxWeights } from './external.ts';
export type { Graph as OnnxGraph, OnnxCall, OnnxOp, OnnxValue } from './graph.ts';
export type { OnnxAttribute, Type as OnnxType } from './model.ts';
export type { OnnxOptions } from './options.ts';
export type { OnnxInput } from './run.ts';
export { Share as OnnxShare, Size as OnnxSize } from './size.ts';
export {
  decoderToOnnx,
  type OnnxDecoder,
  type OnnxDecoderOptions,
  type OnnxInputs,
  type OnnxSteps,
  type OnnxStepsOptions,
  type OnnxTensors,
  stepsToOnnx,
} from './steps.ts';
export { toOnnx } from './to-onnx.ts';
