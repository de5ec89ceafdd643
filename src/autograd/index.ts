/** Gradients. @module */

export { backward, type GradOptions, grad } from './backward.ts';
export { checkpoint } from './checkpoint.ts';
export { infer } from './infer.ts';
export { parameter } from './parameter.ts';
export { noGrad, record } from './record.ts';
