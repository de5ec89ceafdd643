// Every public name: what a page without a bundler loads.

export * from './attention/index.ts';
export * from './autograd/index.ts';
export * from './data/index.ts';
export * from './decode/index.ts';
export * from './fronts/index.ts';
export * from './index.ts';
export * from './io/index.ts';
export * from './layers/index.ts';
export * from './memory/index.ts';
export * from './metrics/index.ts';
export * from './models/index.ts';
export { Draw } from './models/index.ts'; // the model; `saccade/attention` has a type of that name
export * from './nn/index.ts';
export * from './onnx/index.ts';
export * from './ops/index.ts';
export * from './plot/index.ts';
export * from './pretrained/index.ts';
export * from './remote/index.ts';
export * from './stores/index.ts';
export * from './tasks/index.ts';
export * from './tensor/index.ts';
export * from './train/index.ts';
export * from './trees/index.ts';
