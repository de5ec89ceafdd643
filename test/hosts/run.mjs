// `npm run test:hosts [-- NAME…]`: the packed package in every host. A row that cannot run here is listed with the line that installs what
// it lacks; under CI=true it fails.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { closeBrowsers, outputOf, serve } from './browser.mjs';
import { bundlers } from './bundlers.mjs';
import { edge } from './edge.mjs';
import { fronts } from './fronts.mjs';
import { packageRows } from './package.mjs';
import { page as example } from './page.mjs';
import { folderOf, install, Missing, toolPath } from './project.mjs';
import { pronounce } from './pronounce.mjs';
import { search } from './search.mjs';
import { bundleWorker, startWorkerd } from './workerd.mjs';

const project = install();
const node = (...args) => execFileSync(process.execPath, args, { cwd: project.folder, encoding: 'utf8' });
node(
  '--input-type=module',
  '-e',
  "import { init } from 'saccade'; import { save } from './program.js'; import { writeFileSync } from 'node:fs'; await init(); writeFileSync('model.safetensors', save());",
);
const modes = ['embedded', 'bytes', 'module'];
const { file, ...expected } = JSON.parse(node('shell.js', 'embedded'));
if (expected.globals.length > 0 || file < 10)
  throw new Error(`node: must load a file and write no global, got ${JSON.stringify(expected)}`);

/** Checks that the numbers are equal to the last bit, that there are no globals, and that the page's policy refused nothing. */
function expectSame(where, result) {
  const { violations = [], ...rest } = result;
  if (violations.length > 0 || !isDeepStrictEqual(rest, expected)) {
    throw new Error(`${where}: must give ${JSON.stringify(expected)}, got ${JSON.stringify(result)}`);
  }
}

const shell =
  (command, ...args) =>
  async () => {
    for (const mode of modes) {
      const said = execFileSync(command(), [...args, 'shell.js', mode], { cwd: project.folder, encoding: 'utf8' });
      const { file: tensors, ...result } = JSON.parse(said);
      expectSame(mode, result);
      if (tensors !== file) throw new Error(`loadFile: must read ${file} tensors, got ${tensors}`);
    }
    return `${modes.join(', ')}; loadFile`;
  };

const page = (bundle) => async () => {
  const site = await serve(await bundle(project));
  try {
    for (const mode of modes) expectSame(mode, await outputOf('chromium', `${site.url}?mode=${mode}`));
    expectSame('worker', await outputOf('chromium', `${site.url}?mode=embedded&where=worker`));
    expectSame('frame', await outputOf('chromium', `${site.url}frame.html`));
  } finally {
    site.close();
  }
  return `${modes.join(', ')}; worker, iframe; strict CSP`;
};

async function refused() {
  const site = await serve(await bundlers.plain(project), "default-src 'self'");
  try {
    const { error = 'no error' } = await outputOf('chromium', `${site.url}?mode=embedded`);
    if (!/^init: the host must allow WebAssembly to be compiled, got .*; a page needs 'wasm-unsafe-eval'/.test(error))
      throw new Error(`csp: must say the way out, got ${error}`);
  } finally {
    site.close();
  }
  return 'says the way out';
}

async function workerd() {
  const folder = folderOf(project, 'workerd');
  await bundleWorker(join(project.folder, 'workerd.js'), folder);
  for (const mode of modes) {
    const server = await startWorkerd(folder);
    try {
      const result = await (await fetch(`${server.url}/${mode}`)).json();
      if (mode !== 'bytes') expectSame(mode, result);
      else if (!/^init: the host must allow .* a Worker init\(\{ module \}\)/.test(result.error))
        throw new Error(`bytes: must say the way out, got ${JSON.stringify(result)}`);
    } finally {
      server.stop();
    }
  }
  return 'embedded, module; bytes says the way out';
}

const rows = {
  node: shell(() => process.execPath),
  deno: shell(() => toolPath('@deno/linux-x64-glibc/deno'), 'run', '--cached-only', '--allow-read'),
  bun: shell(() => toolPath('@oven/bun-linux-x64/bin/bun')),
  'plain page': page(bundlers.plain),
  vite: page(bundlers.vite),
  webpack: page(bundlers.webpack),
  esbuild: page(bundlers.esbuild),
  rollup: page(bundlers.rollup),
  'page without wasm-unsafe-eval': refused,
  workerd,
  'examples/edge': () => edge(project),
  'examples/page in Chromium': () => example('chromium')(project),
  'examples/page in Firefox': () => example('firefox')(project),
  'fronts in Chromium': () => fronts('chromium')(project),
  'fronts in Firefox': () => fronts('firefox')(project),
  '@saccade/pronounce': () => pronounce(project),
  'examples/search': () => search(project),
  ...packageRows(project),
};

const asked = process.argv.slice(2);
let failed = 0;
for (const [name, row] of Object.entries(rows)) {
  if (asked.length > 0 && !asked.some((part) => name.includes(part))) continue;
  const started = performance.now();
  const tell = (mark, text) =>
    console.log(`${mark} ${name.padEnd(32)} ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);
  try {
    tell('✓', await row());
  } catch (error) {
    const missing = error instanceof Missing;
    if (!missing || process.env.CI === 'true') failed++;
    tell(missing ? '–' : '✗', missing ? `missing: ${error.message}` : error.stdout || error.stderr || error.message);
  }
}
await closeBrowsers();
if (!process.env.KEEP) rmSync(project.folder, { recursive: true, force: true });
else console.log(project.folder);
if (failed > 0) console.error(`${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
