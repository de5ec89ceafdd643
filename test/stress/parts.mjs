import { allocations } from './allocations.mjs';
import { indices } from './indices.mjs';
import { kills } from './kills.mjs';
import { modules } from './modules.mjs';
import { mutants } from './mutants.mjs';
import { saves } from './saves.mjs';
import { steps } from './steps.mjs';

/**
 * @typedef {{ count: number, seed?: number, report: (line: string) => void }} Options
 * @typedef {{ what: string, long: number, short: number, run: (options: Options) => string | Promise<string> }} Part
 */

/** What `npm run stress` does to the package; `count` is counted in what the part is about. @type {Record<string, Part>} */
export const parts = {
  indices: { what: 'hostile indices between sentinels', long: 1, short: 1, run: indices },
  allocations: { what: 'out of memory at each allocation in turn', long: 1e6, short: 60, run: allocations },
  modules: { what: 'the same in a training step of every module', long: 1e6, short: 3, run: modules },
  saves: { what: 'each system call of a save fails in turn', long: 10_000, short: 60, run: saves },
  mutants: { what: 'safetensors files changed at random', long: 10_000_000, short: 40_000, run: mutants },
  kills: { what: 'processes killed while they save', long: 1000, short: 4, run: kills },
  steps: { what: 'training steps in flat memory', long: 1_000_000, short: 2000, run: steps },
};
