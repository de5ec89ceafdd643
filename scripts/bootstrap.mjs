// Prepares a fresh clone: dependencies, kernels, package, programs. Does nothing when everything is up to date. `--bench` also builds what
// only the benches need.
import { execFileSync, execSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from './installed.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`saccade: Node must be 20 or newer, got ${process.version}`);
  process.exit(1);
}

// Output of tools goes to the error stream, since programs with --json use the other one.
try {
  if (!installed('.')) execSync('npm ci --no-audit --no-fund', { stdio: ['inherit', 2, 2] });
  const bench = process.argv.filter((argument) => argument === '--bench');
  execFileSync(process.execPath, ['scripts/build.mjs', ...bench], { stdio: ['inherit', 2, 2] });
} catch {
  process.exit(1); // the failed step has printed why
}
