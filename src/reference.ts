export { withBackend } from './runtime/backend.ts';
export { referenceBackend } from './runtime/reference/index.ts';
