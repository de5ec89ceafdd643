// `npm run docs`: the site, into build/site. Installs what it needs into a folder of its own, which nothing else does; arguments go to TypeDoc.
import { execFileSync, execSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from '../../scripts/installed.mjs';
import { levelled } from './headings.mjs';

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
  join(here, 'node_modules/@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2'),
  join(site, 'assets/stix-two-math.woff2'),
);
for (const path of readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html'))) {
  // Icons are in each page (assets/icons.js puts them there); another file's are refused where pages are files.
  const page = readFileSync(join(site, path), 'utf8').replace(/href="[./]*assets\/icons\.svg#/g, 'href="#');
  writeFileSync(join(site, path), levelled(page));
}
console.log(`docs: ${site}/index.html`);
