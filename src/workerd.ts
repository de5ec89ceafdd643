// What Workers import: every name of index.ts, with an `init` that takes the kernels compiled, since none may be compiled there.
import { init as load } from './runtime/init.ts';
import kernels from './saccade.wasm';

export * from './all.ts';

/** As everywhere: loads the kernels; `init({ build: 'relaxed', module })` needs the other file, `saccade/saccade.relaxed.wasm`. */
export const init: typeof load = (options = {}) =>
  load(options.module || options.bytes || options.build === 'relaxed' ? options : { ...options, module: kernels });
