// Files that outlive the page, in Chromium: read again by pages that did not write them, and by IndexedDB itself.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserFiles } from '../../src/io/browser.ts';
import { type Browser, launchChromium } from './chromium.mjs';
import { serve } from './serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'saccade-files-'));
let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;

/** What `body` gives in a page of its own, which has the class as `BrowserFiles`. */
async function inPage(body: string): Promise<unknown> {
  const page = await browser.newPage();
  await page.goto(server.url);
  return page.evaluate(`(async () => {
    const { BrowserFiles } = await import('./package/io.js');
    ${body}
  })().catch((error) => error.name + ': ' + error.message)`);
}

/** The pages of one test share a context, whose files they are. */
async function inOneContext(bodies: readonly string[]): Promise<unknown[]> {
  const page = await browser.newPage();
  const got: unknown[] = [];
  for (const [i, body] of bodies.entries()) {
    await page.goto(`${server.url}?${i}`);
    got.push(
      await page.evaluate(`(async () => {
        const { BrowserFiles } = await import('./package/io.js');
        const files = new BrowserFiles();
        ${body}
      })().catch((error) => error.name + ': ' + error.message)`),
    );
  }
  return got;
}

describe('BrowserFiles', () => {
  beforeAll(async () => {
    cpSync(new URL('../../dist/', import.meta.url), join(folder, 'package'), { recursive: true });
    [browser, server] = await Promise.all([launchChromium(), serve(folder)]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps files for later pages, replaces them and deletes them', async () => {
    const got = await inOneContext([
      `return (await files.read('a')) === undefined && files.names();`,
      `await files.write('b', Uint8Array.of(1, 2)); await files.write('a', Uint8Array.of(3)); await files.write('b', Uint8Array.of(4, 5, 6));`,
      `return [await files.names(), [...await files.read('a')], [...await files.read('b')]];`,
      `await files.delete('a'); await files.delete('none'); return files.names();`,
      `return new BrowserFiles('another').names();`,
      `return files.read('a').then((bytes) => bytes === undefined);`,
    ]);
    expect(got).toEqual([[], undefined, [['a', 'b'], [3], [4, 5, 6]], ['b'], [], true]);
  });

  it('writes the bytes as they are at the call, of a view no more than it shows', async () => {
    const [, kept] = await inOneContext([
      `const all = Uint8Array.of(0, 1, 2, 3, 4);
       const written = files.write('view', all.subarray(1, 3));
       all.fill(9);
       await written;`,
      `const bytes = await files.read('view'); return [...bytes, bytes.buffer.byteLength];`,
    ]);
    expect(kept).toEqual([1, 2, 2]);
  });

  it('keeps the old file where a write fails, and says why', async () => {
    const [, told, kept] = await inOneContext([
      `await files.write('model', Uint8Array.of(1));`,
      `const put = IDBObjectStore.prototype.put;
       IDBObjectStore.prototype.put = function (...given) { const request = put.apply(this, given); this.transaction.abort(); return request; };
       await files.write('model', Uint8Array.of(2));`,
      `return [...await files.read('model')];`,
    ]);
    expect(told).toMatch(/^Error: BrowserFiles: the browser must allow write\("model"\), got AbortError/);
    expect(kept).toEqual([1]);
  });

  it('says what it was given wrongly', async () => {
    expect(await inPage(`await new BrowserFiles('x').write('a', [1]);`)).toBe(
      'TypeError: BrowserFiles: bytes must be a Uint8Array, got object',
    );
    expect(await inPage(`await new BrowserFiles('x').read(3);`)).toBe('RangeError: BrowserFiles: name must be a string, got 3');
    expect(await inPage(`new BrowserFiles(3);`)).toBe('RangeError: BrowserFiles: database must be a string, got 3');
    await expect(new BrowserFiles().read('a')).rejects.toThrow('BrowserFiles: indexedDB must be there, got a host without');
  });
});
