// The four fronts in a browser: learnt, kept, opened after a reload, asked, in the page and in its worker, and again after the server has gone. All of it with the
// bits of Node.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { browser, serve, strict } from './browser.mjs';
import { folderOf, tool } from './project.mjs';

const inNode = `
  import { fit, open } from './fronts/jobs.js';
  const files = new Map();
  const store = { write: async (name, bytes) => files.set(name, bytes), read: async (name) => files.get(name) };
  console.log(JSON.stringify([await fit(store), await open(store)]));
`;

async function built(project) {
  const { build } = await tool('vite');
  const outDir = folderOf(project, 'fronts-site');
  await build({
    root: join(project.folder, 'fronts'),
    configFile: false,
    base: './',
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
}

function expectSame(where, got, expected) {
  if (!isDeepStrictEqual(got, expected))
    throw new Error(`fronts: ${where} must give ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
}

export const fronts = (engine) => async (project) => {
  const [expected, again] = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', inNode], { cwd: project.folder, encoding: 'utf8' }),
  );
  expectSame('Node, after loading,', again, expected);
  const site = await serve(await built(project), strict);
  const page = await (await browser(engine)).newPage();
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  const ask = async (what) => JSON.parse(await page.evaluate(`jobs.${what}().then(JSON.stringify)`));
  const loaded = () => page.getByText('loaded').waitFor({ timeout: 60_000 });
  try {
    await page.goto(site.url);
    await loaded();
    for (const where of ['inWorker', 'inPage']) expectSame(`${where}, fit,`, await ask(`${where}.fit`), expected);
    expectSame('progress', await page.evaluate('jobs.progress'), ['orders', 'dates', 'hours', 'waves']);
    await page.reload();
    await loaded();
    for (const where of ['inWorker', 'inPage']) expectSame(`${where}, after a reload,`, await ask(`${where}.open`), expected);
    site.close();
    const gone = await page.evaluate(`fetch('./index.html').then(() => 'there', () => 'gone')`);
    expectSame('the server', gone, 'gone');
    for (const where of ['inWorker', 'inPage'])
      for (const what of ['fit', 'open']) expectSame(`${where}, ${what}, offline,`, await ask(`${where}.${what}`), expected);
    expectSame('errors', errors, []);
  } finally {
    site.close();
    await page.close();
  }
  return 'fit, save, reload, predict; page and worker; offline; the bits of Node; strict CSP';
};
