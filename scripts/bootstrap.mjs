// Brings a fresh clone to where its programs run: dependencies, kernels, package, programs. Does nothing when nothing is stale.
// `--bench` builds what only the benches need, too.
import { execFileSync, execSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from './installed.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`saccade: Node must be 20 or newer, got ${process.version}`);
  process.exit(1);
}

// What they say goes to the error stream: programs with --json have the other one.
try {
  if (!installed('.')) execSync('npm ci --no-audit --no-fund', { stdio: ['inherit', 2, 2] });
  const bench = process.argv.filter((argument) => argument === '--bench');
  execFileSync(process.execPath, ['scripts/build.mjs', ...bench], { stdio: ['inherit', 2, 2] });
} catch {
  process.exit(1); // the failed step has said why
}
