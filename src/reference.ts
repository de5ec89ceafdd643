export { referenceBackend } from './runtime/reference/index.ts';
