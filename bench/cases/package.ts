// The size of the package, and its start-up time.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Figure } from '../case.ts';

/** Where the package is found by its own name. */
const cwd = new URL('../../../', import.meta.url);

/** Milliseconds of a separate process. */
function milliseconds(...args: string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`package: the program must run, got ${stderr}`);
  return performance.now() - start;
}

const first =
  "import { init, tensor, add } from 'saccade'; await init(); if (add(tensor([1]), tensor([2])).item() !== 3) throw new Error('3');";
const wasm = new URL('../../saccade.wasm', import.meta.url);

export const weight: Figure[] = [
  {
    name: 'import to first result, less `node -e 0`',
    unit: 'ms',
    rounds: 15,
    once: () => milliseconds('--input-type=module', '-e', first),
    less: () => milliseconds('-e', '0'),
    target: { most: 25 },
  },
  { name: 'wasm', unit: 'KB', rounds: 1, once: () => readFileSync(wasm).length / 1000 },
  {
    name: 'wasm, compressed',
    unit: 'KB',
    rounds: 1,
    once: () => gzipSync(readFileSync(wasm), { level: 9 }).length / 1000,
    target: { most: 40 },
  },
];
