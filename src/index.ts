export { init } from './runtime/init.ts';
