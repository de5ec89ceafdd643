// Installs what reads ONNX files in tests, where it is missing: the small reader for `npm test`, with `--runtime` ONNX Runtime too.
import { execSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from '../../scripts/installed.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const folders = [folder, ...(process.argv.includes('--runtime') ? [join(folder, 'runtime')] : [])];

// The library for the processor is in the package; its script would fetch one for graphics cards.
for (const cwd of folders) {
  if (!installed(cwd)) execSync('npm ci --ignore-scripts --no-audit --no-fund', { cwd, stdio: ['inherit', 2, 2] });
}
