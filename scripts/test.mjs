// `npm test`: installs and builds what is missing, including a browser, then runs every check; the first failure ends the run. Arguments go
// to vitest; `--no-tests` stops after the static checks.
import { spawnSync } from 'node:child_process';
import './bootstrap.mjs';

const args = process.argv.slice(2);

/** @param {string} script @param {...string} rest */
function run(script, ...rest) {
  const { status } = spawnSync(process.execPath, [`node_modules/${script}`, ...rest], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.');
run('typescript/bin/tsc', '-p', 'tsconfig.json');
run('typescript/bin/tsc', '-p', 'assembly');
if (!args.includes('--no-tests')) {
  run('../test/browser/install.mjs');
  run('../test/onnx/install.mjs');
  run('vitest/vitest.mjs', 'run', ...args);
}
