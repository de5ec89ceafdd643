// Out of memory at each allocation in turn of a training step of every module: test/nn/allocations.test.ts, which has their table, in full.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {{ count: number, report: (line: string) => void }} options `count` allocations of each step at most */
export function modules({ count, report }) {
  const args = ['node_modules/vitest/vitest.mjs', 'run', 'test/nn/allocations.test.ts', '--maxWorkers=1', '--reporter=dot'];
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, args, { cwd: root, env: { ...process.env, SACCADE_ALLOCATIONS: String(count) } });
    let printed = '';
    for (const stream of [running.stdout, running.stderr])
      stream.on('data', (text) => {
        printed += text;
      });
    running.on('error', reject);
    running.on('close', (code) => {
      const figures = /tried (\d+ of \d+ allocations of \d+ training steps)/.exec(printed)?.[1];
      if (code === 0 && figures) resolve(`failed in turn: ${figures}; nothing changed, nothing lost, and the same bits afterwards`);
      else reject(new Error(`modules: every row must pass, got\n${printed}`));
    });
    report(`up to ${count} allocations of each row`);
  });
}
