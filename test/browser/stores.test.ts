import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IndexedDBFiles, OPFSFiles } from '../../src/stores/index.ts';
import { type Browser, launchChromium } from './chromium.mjs';
import { serve } from './serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'saccade-stores-'));
let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;

/** The pages of one test share a context, whose files they are; each has the class as `Files` and one of it as `files`. */
async function inPages(store: string, bodies: readonly string[]): Promise<unknown[]> {
  const page = await browser.newPage();
  const got: unknown[] = [];
  for (const [i, body] of bodies.entries()) {
    await page.goto(`${server.url}?${i}`);
    got.push(
      await page.evaluate(`(async () => {
        const { ${store}: Files } = await import('./package/stores.js');
        const files = new Files();
        ${body}
      })().catch((error) => error.name + ': ' + error.message)`),
    );
  }
  return got;
}

/** A write that is broken off when half of it is there. */
const torn: Readonly<Record<string, string>> = {
  IndexedDBFiles: `const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...given) { const request = put.apply(this, given); this.transaction.abort(); return request; };`,
  OPFSFiles: `const write = FileSystemWritableFileStream.prototype.write;
    FileSystemWritableFileStream.prototype.write = async function (bytes) {
      await write.call(this, bytes.subarray(0, bytes.length / 2));
      throw new DOMException('The quota is used up.', 'QuotaExceededError');
    };`,
};

describe.each(['IndexedDBFiles', 'OPFSFiles'])('%s', (store) => {
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
    const got = await inPages(store, [
      `return (await files.read('a')) === undefined && files.names();`,
      `await files.write('b/../c d', Uint8Array.of(1, 2)); await files.write('..', Uint8Array.of(3)); await files.write('b/../c d', Uint8Array.of(4, 5, 6));`,
      `return [await files.names(), [...await files.read('..')], [...await files.read('b/../c d')]];`,
      `await files.delete('..'); await files.delete('none'); return files.names();`,
      `return new Files('another').names();`,
      `return files.read('..').then((bytes) => bytes === undefined);`,
    ]);
    expect(got).toEqual([[], undefined, [['..', 'b/../c d'], [3], [4, 5, 6]], ['b/../c d'], [], true]);
  });

  it('writes the bytes as they are at the call, of a view no more than it shows', async () => {
    const [, kept] = await inPages(store, [
      `const all = Uint8Array.of(0, 1, 2, 3, 4);
       const written = files.write('view', all.subarray(1, 3));
       all.fill(9);
       await written;`,
      `const bytes = await files.read('view'); return [...bytes, bytes.buffer.byteLength];`,
    ]);
    expect(kept).toEqual([1, 2, 2]);
  });

  it('keeps the old file where a write breaks off, leaves none where there was none, and says why', async () => {
    const [, told, kept] = await inPages(store, [
      `await files.write('model', Uint8Array.of(1));`,
      `${torn[store]}
       const fails = (name) => files.write(name, Uint8Array.of(2, 3)).then(() => 'written', (error) => error.message);
       return [await fails('model'), await fails('other')];`,
      `return [[...await files.read('model')], await files.read('other') === undefined, await files.names()];`,
    ]);
    const why = store === 'OPFSFiles' ? /got QuotaExceededError: .*; there is no room left: delete other files/ : /got AbortError/;
    expect((told as string[])[0]).toMatch(new RegExp(`^${store}: the browser must allow write\\("model"\\), ${why.source}`));
    expect((told as string[])[1]).toContain('write("other")');
    expect(kept).toEqual([[1], true, ['model']]);
  });

  it('works in a worker', async () => {
    const [got] = await inPages(store, [
      `const code = "import { ${store} } from '" + new URL('./package/stores.js', location) + "'; const files = new ${store}();"
         + "await files.write('w', Uint8Array.of(7)); postMessage([...await files.read('w')]);";
       const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), { type: 'module' });
       return new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); worker.onerror = ({ message }) => resolve(message); });`,
    ]);
    expect(got).toEqual([7]);
  });

  it('says what it was given wrongly', async () => {
    const [list, nothing, number, place] = await inPages(store, [
      `await files.write('a', [1]);`,
      `await files.write('a', new Uint8Array(0));`,
      `await files.read(3);`,
      `new Files(3);`,
    ]);
    expect(list).toBe(`TypeError: ${store}: bytes must be a Uint8Array, got object`);
    expect(nothing).toBe(`RangeError: ${store}: bytes must hold something, got none`);
    expect(number).toBe(`RangeError: ${store}: name must be a string, got 3`);
    expect(place).toMatch(new RegExp(`^RangeError: ${store}: (database|folder) must be a string, got 3$`));
  });
});

it('in Node they say what to use instead', async () => {
  await expect(async () => new IndexedDBFiles().read('a')).rejects.toThrow('IndexedDBFiles: indexedDB must be there, got a host without');
  await expect(async () => new OPFSFiles().read('a')).rejects.toThrow(
    'OPFSFiles: navigator.storage.getDirectory must be there, got a host without',
  );
});
