// Installs the peers according to the lockfile here, unless they are installed. They are large (750 MB) and not part of the package.
import { execSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('.', import.meta.url));
const packages = (file) => JSON.parse(readFileSync(`${cwd}${file}`, 'utf8')).packages;
const record = 'node_modules/.package-lock.json';
const installed = () => {
  const have = packages(record);
  return Object.entries(packages('package-lock.json')).every(([path, { version }]) => path === '' || version === have[path]?.version);
};
if (!existsSync(`${cwd}${record}`) || !installed()) execSync('npm ci --no-audit --no-fund', { cwd, stdio: 'inherit' });
