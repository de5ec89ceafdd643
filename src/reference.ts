/** The kernels in float64, and what checks against them. @module */

export { type GradcheckOptions, gradcheck } from './autograd/gradcheck.ts';
export { withBackend } from './runtime/backend.ts';
export { referenceBackend } from './runtime/reference/index.ts';
