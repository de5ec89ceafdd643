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

/** The page is held for no frame by its worker. The machine may stop it at any moment; what its own work takes is in every round, so the quietest of three tells. */
async function expectFree(ask) {
  const rounds = [];
  for (let round = 0; round < 3; round++) {
    const { bytes, longest, ...told } = await ask('held');
    expectSame('a worker that learns', told, { steps: 12, messages: 14 }); // the call, twelve steps, the result
    if (bytes < 50_000) throw new Error(`fronts: the worker must send a model of 50,000 bytes, got ${bytes}`);
    rounds.push(longest);
  }
  const longest = Math.min(...rounds);
  if (longest >= 16) throw new Error(`fronts: the page must be held for less than 16 ms, got ${longest} at least`);
  return longest;
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
  let longest = 0;
  const ask = async (what) => JSON.parse(await page.evaluate(`jobs.${what}().then(JSON.stringify)`));
  const loaded = () => page.getByText('loaded').waitFor({ timeout: 60_000 });
  try {
    await page.goto(site.url);
    await loaded();
    for (const where of ['inWorker', 'inPage']) expectSame(`${where}, fit,`, await ask(`${where}.fit`), expected);
    expectSame('progress', await page.evaluate('jobs.progress'), ['orders', 'dates', 'hours', 'waves']);
    longest = await expectFree(ask);
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
  return `fit, save, reload, predict; page and worker; offline; the bits of Node; the page held ${longest.toFixed(1)} ms at most; strict CSP`;
};
