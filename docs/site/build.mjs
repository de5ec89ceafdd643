// `npm run docs`: the site, into build/site. Installs what it needs into a folder of its own, which nothing else does.
import { execFileSync, execSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { installed } from '../../scripts/installed.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const site = fileURLToPath(new URL('../../build/site', import.meta.url));

if (!installed(here)) execSync('npm ci --no-audit --no-fund', { cwd: here, stdio: ['inherit', 2, 2] });
rmSync(site, { recursive: true, force: true });
try {
  execFileSync(process.execPath, ['node_modules/typedoc/bin/typedoc', ...process.argv.slice(2)], { cwd: here, stdio: 'inherit' });
} catch {
  process.exit(1); // TypeDoc has said why
}
copyFileSync(
  `${here}/node_modules/@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2`,
  `${site}/assets/stix-two-math.woff2`,
);
console.log(`docs: ${site}/index.html`);
