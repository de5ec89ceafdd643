// runtime

// autograd
export { noGrad } from './autograd/record.ts';
// ops
export { add, exp, linear, matmul, tanh } from './ops/index.ts';
export { init } from './runtime/init.ts';
// tensor
export { tensor } from './tensor/create.ts';
export { scope } from './tensor/scope.ts';
export type { Tensor } from './tensor/tensor.ts';
