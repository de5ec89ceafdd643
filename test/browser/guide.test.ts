// The page that docs/start.md makes: built by Vite as it says there, its worker learns in Chromium, keeps the model, and knows it after a reload.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { key, loadTensors, parameters, saveTensors, split } from '../../src/index.ts';
import { read, root } from '../conventions/source.ts';
import { blocks } from '../docs/blocks.ts';
import { type Browser, launchChromium, type Page } from './chromium.mjs';
import { serve } from './serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'saccade-guide-'));
const asked = "document.querySelector('button').click()";
const shown = "document.querySelector('output').value";
let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;

/** What the page answers; it says how far it is before it can. */
async function answer(page: Page): Promise<unknown> {
  for (let i = 0; i < 600; i++) {
    await page.evaluate(asked);
    const value = String(await page.evaluate(shown));
    if (!/^$|learning/.test(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return page.evaluate(shown);
}

/** Asks the page's files in IndexedDB, of which `BrowserFiles` has no part here. */
const asking = (mode: string, request: string) => `new Promise((resolve, reject) => {
  const opening = indexedDB.open('commands');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const request = opening.result.transaction('files', '${mode}').objectStore('files').${request};
    request.onsuccess = () => resolve(request.result && [...request.result]);
    request.onerror = () => reject(request.error);
  };
})`;

/** The model that the page has saved. */
const saved = async (page: Page) => Uint8Array.from((await page.evaluate(asking('readonly', "get('model')"))) as number[]);

/** Puts another file in place of the one that the page has saved. */
const replace = (page: Page, bytes: Uint8Array) => page.evaluate(asking('readwrite', `put(Uint8Array.of(${bytes}), 'model')`));

/** What the same lesson gives in Node. */
async function taught(): Promise<Uint8Array> {
  const [{ classes, vocabulary }, { lesson }, { Classifier }] = await Promise.all(
    ['data', 'lesson', 'model'].map((name) => import(/* @vite-ignore */ join(folder, `${name}.ts`))),
  );
  const [forModel, forTraining] = split(key(7), 2);
  const model = new Classifier({ symbols: vocabulary.size, classes: classes.length }, forModel);
  for await (const _ of lesson(model, forTraining));
  return saveTensors(parameters(model));
}

/** Builds the page with a configuration, or with Vite's own. */
async function built(config: string | false, to: string): Promise<void> {
  const packaged = join(root, 'dist');
  const alias = [
    { find: /^saccade$/, replacement: `${packaged}/index.js` },
    { find: /^saccade\/(\w+)$/, replacement: `${packaged}/$1.js` },
  ];
  const configFile = config && join(folder, config);
  await build({ root: folder, configFile, base: './', logLevel: 'error', resolve: { alias }, build: { outDir: join(folder, to) } });
}

/** Kilobytes, compressed, of the worker and what it loads at first: the kernels. */
function sizeOf(to: string): number {
  const scripts = readdirSync(join(folder, to, 'assets')).map((name) => ({ name, text: readFileSync(join(folder, to, 'assets', name)) }));
  const workers = scripts.filter(({ name }) => name.startsWith('worker')).sort((a, b) => b.text.length - a.text.length);
  const first = [...workers.slice(0, 1), ...scripts.filter(({ name }) => name.startsWith('deterministic'))];
  return first.reduce((sum, { text }) => sum + gzipSync(text).length, 0) / 1000;
}

describe('the page of docs/start.md', () => {
  beforeAll(async () => {
    const named = blocks('docs/start.md', read('docs/start.md')).filter(({ name }) => name);
    // This Chromium ends where a page has a text field.
    for (const { name, code } of named) writeFileSync(join(folder, name ?? ''), code.replace('<input', '<input type="hidden"'));
    await built('vite.config.js', 'built');
    [browser, server] = await Promise.all([launchChromium(), serve(join(folder, 'built'))]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('learns the bits that Node learns, answers, and knows them after a reload', async () => {
    const page = await browser.newPage();
    const errors: unknown[] = [];
    page.on('pageerror', (error) => errors.push(error));
    page.on('console', (message: { text(): string }) => errors.push(message.text()));
    await page.goto(server.url);
    expect(await answer(page)).toBe('music');
    const first = await saved(page);
    expect(Buffer.from(await taught()).equals(first)).toBe(true);
    const marked = saveTensors(loadTensors(first), { metadata: { marked: 'yes' } });
    await replace(page, marked);
    await page.goto(`${server.url}?again`);
    expect(await answer(page)).toBe('music');
    expect(Buffer.from(marked).equals(await saved(page))).toBe(true); // a second lesson would have saved again
    expect(errors).toEqual([]);
  });

  it('weighs what docs/production.md says', async () => {
    await built(false, 'classic');
    const text = read('docs/production.md');
    for (const [to, row] of [
      ['built', /^\| `worker: .* \| (\d+) KB/m],
      ['classic', /^\| Vite's default \| (\d+) KB/m],
    ] as const) {
      const said = Number(row.exec(text)?.[1]);
      expect(Math.abs(sizeOf(to) / said - 1), `${to}: ${sizeOf(to).toFixed(1)} KB`).toBeLessThan(0.1);
    }
  });
});
