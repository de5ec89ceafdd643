// `saccade/autograd`. Gradients.

export { backward, grad } from './backward.ts';
export { checkpoint } from './checkpoint.ts';
export { infer } from './infer.ts';
export { parameter } from './parameter.ts';
export { noGrad, record } from './record.ts';
