// The page that docs/start.md makes: built by Vite as it says there, its worker learns in Chromium, keeps the model, and knows it after a reload.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read, root } from '../conventions/source.ts';
import { blocks } from '../docs/blocks.ts';
import { type Browser, launchChromium, type Page } from './chromium.mjs';
import { serve } from './serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'saccade-guide-'));
const asked = "document.querySelector('button').click()";
const shown = "document.querySelector('output').value";
let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;

/** What the page shows once it is `wanted`, having been asked again and again. */
async function answer(page: Page, wanted: RegExp): Promise<unknown> {
  for (let i = 0; i < 600; i++) {
    await page.evaluate(asked);
    const value = String(await page.evaluate(shown));
    if (wanted.test(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return page.evaluate(shown);
}

describe('the page of docs/start.md', () => {
  beforeAll(async () => {
    const named = blocks('docs/start.md', read('docs/start.md')).filter(({ name }) => name);
    // This Chromium ends where a page has a text field.
    for (const { name, code } of named) writeFileSync(join(folder, name ?? ''), code.replace('<input', '<input type="hidden"'));
    const packaged = join(root, 'dist');
    const alias = [
      { find: /^saccade$/, replacement: `${packaged}/index.js` },
      { find: /^saccade\/(\w+)$/, replacement: `${packaged}/$1.js` },
    ];
    const configFile = join(folder, 'vite.config.js');
    await build({ root: folder, configFile, base: './', logLevel: 'error', resolve: { alias }, build: { outDir: join(folder, 'built') } });
    [browser, server] = await Promise.all([launchChromium(), serve(join(folder, 'built'))]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('learns, answers, and after a reload answers without learning again', async () => {
    const page = await browser.newPage();
    const errors: unknown[] = [];
    page.on('pageerror', (error) => errors.push(error));
    page.on('console', (message: { text(): string }) => errors.push(message.text()));
    await page.goto(server.url);
    expect(await answer(page, /learning/)).toMatch(/learning, \d+ %/);
    expect(await answer(page, /^[a-z]+$/)).toBe('music');
    await page.goto(`${server.url}?again`);
    const said: unknown[] = [];
    for (let i = 0; i < 100 && said.at(-1) !== 'music'; i++) {
      await page.evaluate(asked);
      said.push(await page.evaluate(shown));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(said.filter((value) => value !== '')).toEqual(['music']);
    expect(errors).toEqual([]);
  });
});
