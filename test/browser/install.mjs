// Installs and unpacks the Chromium for tests, if it is missing: `npm test` runs this first; `npm start` does not need it.
import { execFileSync, execSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from '../../scripts/installed.mjs';
import { bundled, folder, unpacked } from './chromium.mjs';

const unpack = "const { default: chromium } = await import('@sparticuz/chromium'); await chromium.executablePath();";

if (bundled) {
  if (!installed(folder)) execSync('npm ci --no-audit --no-fund', { cwd: folder, stdio: 'inherit' });
  if (!existsSync(unpacked)) {
    // In a separate process, with the instruction to unpack the system libraries too, and to use a folder that `npm ci` clears with the
    // package.
    const beside = `${unpacked}.${process.pid}`;
    const env = { ...process.env, AWS_LAMBDA_JS_RUNTIME: 'nodejs22.x', TMPDIR: beside };
    mkdirSync(beside);
    execFileSync(process.execPath, ['--input-type=module', '-e', unpack], { cwd: folder, env, stdio: 'inherit' });
    if (existsSync(unpacked)) rmSync(beside, { recursive: true });
    else renameSync(beside, unpacked);
  }
  console.log(`browser ${join(unpacked, 'chromium')}`);
}
