/** Gradients. @module */

export { backward, type GradOptions, grad } from './backward.ts';
export { checkpoint } from './checkpoint.ts';
export { infer } from './infer.ts';
export { parameter } from './parameter.ts';
export { type OpCost, type Profile, profile } from './profile.ts';
export { noGrad, record } from './record.ts';
export { rolesOf } from './roles.ts';
export { type Constant, type HostRead, type Trace, type TracedCall, trace } from './trace.ts';
