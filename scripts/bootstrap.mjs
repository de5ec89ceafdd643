// Brings a fresh clone to where its programs run: dependencies, kernels, package, programs. Does nothing when nothing is stale.
import { execFileSync, execSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`saccade: Node must be 20 or newer, got ${process.version}`);
  process.exit(1);
}

/** Whether what is installed is what the lockfile says (optional packages of other platforms aside). */
function installed() {
  const record = 'node_modules/.package-lock.json';
  if (!existsSync(record)) return false;
  /** @type {(file: string) => Record<string, { version?: string; optional?: boolean }>} */
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const have = packages(record);
  return Object.entries(packages('package-lock.json')).every(
    ([path, wanted]) => path === '' || wanted.version === have[path]?.version || (wanted.optional && !have[path]),
  );
}

try {
  if (!installed()) execSync('npm ci --no-audit --no-fund', { stdio: 'inherit' });
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
} catch {
  process.exit(1); // the failed step has said why
}
