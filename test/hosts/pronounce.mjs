// @saccade/pronounce as a user has it: packed, installed beside the packed saccade, in Node, and in a page and its worker by Vite's and webpack's defaults.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { browser, serve, strict } from './browser.mjs';
import { folderOf, root, tool } from './project.mjs';

const WORDS = ['saccade', 'attention', 'Café-noir', 'through'];
const quiet = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };

const program = `
import { pronounce } from '@saccade/pronounce';

const words = ${JSON.stringify(WORDS)};
const here = await Promise.all(words.map((word) => pronounce(word)));
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const there = await new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message ?? 'worker: must load, got an error'));
  worker.postMessage(words);
});
document.querySelector('output').textContent = JSON.stringify({ here, there });
`;

const worker = `
import { pronounce } from '@saccade/pronounce';

addEventListener('message', async ({ data }) => postMessage(await Promise.all(data.map((word) => pronounce(word)))));
`;

const html = '<!doctype html><meta charset="utf-8"><title>words</title><output></output>';

/** Packs the package, checks its size, and installs it in the project. */
function install(project) {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project.folder], {
    ...quiet,
    cwd: join(root, 'packages/pronounce'),
  });
  const [{ filename, files, size }] = JSON.parse(packed);
  if (size > 1_000_000) throw new Error(`pronounce: the tarball must be under 1 MB, got ${size} bytes`);
  const missing = ['LICENSE', 'NOTICE', 'README.md', 'dist/index.js', 'dist/index.d.ts'].filter(
    (name) => !files.some(({ path }) => path === name),
  );
  if (missing.length > 0) throw new Error(`pronounce: the tarball must hold ${missing}, got ${files.map(({ path }) => path)}`);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${filename}`, project.tarball], {
    ...quiet,
    cwd: project.folder,
  });
  return size;
}

const bundles = {
  async vite(folder, outDir) {
    const { build } = await tool('vite');
    await build({ root: folder, configFile: false, base: './', logLevel: 'error', build: { outDir, emptyOutDir: true, target: 'es2022' } });
  },
  async webpack(folder, path) {
    const { default: webpack } = await tool('webpack');
    const options = { mode: 'production', context: folder, entry: './page.js', output: { path, filename: 'page.js' } };
    const stats = await new Promise((resolve, reject) => webpack(options, (error, result) => (error ? reject(error) : resolve(result))));
    const { errors } = stats.toJson({ all: false, errors: true });
    if (errors.length > 0) throw new Error(`webpack: ${errors[0].message}`);
    writeFileSync(join(path, 'index.html'), `${html}<script type="module" src="./page.js"></script>`);
  },
};

async function inPage(folder) {
  const site = await serve(folder, strict);
  const page = await (await browser('chromium')).newPage();
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  try {
    await page.goto(site.url);
    const output = page.locator('output:not(:empty)');
    await output.waitFor({ state: 'attached', timeout: 60_000 }).catch(() => {
      throw new Error(`pronounce: the page must write its result, got ${errors.join(' | ') || 'nothing in a minute'}`);
    });
    return JSON.parse(await output.textContent());
  } finally {
    site.close();
    await page.close();
  }
}

export async function pronounce(project) {
  const size = install(project);
  const code = `import { pronounce } from '@saccade/pronounce'; console.log(JSON.stringify(await Promise.all(${JSON.stringify(WORDS)}.map((word) => pronounce(word)))));`;
  const expected = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { ...quiet, cwd: project.folder }));
  const folder = folderOf(project, 'words');
  writeFileSync(join(folder, 'page.js'), program);
  writeFileSync(join(folder, 'worker.js'), worker);
  writeFileSync(join(folder, 'index.html'), `${html}<script type="module" src="./page.js"></script>`);
  for (const [name, bundle] of Object.entries(bundles)) {
    const site = folderOf(project, `words-${name}`);
    mkdirSync(site, { recursive: true });
    await bundle(folder, site);
    const { here, there } = await inPage(site);
    for (const [where, got] of Object.entries({ here, there })) {
      const plain = JSON.parse(JSON.stringify(got));
      if (!isDeepStrictEqual(plain, expected))
        throw new Error(`pronounce: ${name}, ${where} must give ${JSON.stringify(expected)}, got ${JSON.stringify(plain)}`);
    }
  }
  return `${size.toLocaleString('en')} bytes; Node, and page and worker by Vite and webpack in Chromium; the same bits; strict CSP`;
}
