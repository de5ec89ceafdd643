// A service worker has no import(): the kernels come from the file beside the package, or from bytes.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, launchChromium } from './chromium.mjs';
import { serve } from './serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'saccade-service-worker-'));
const dist = new URL('../../dist/', import.meta.url);
let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;

/** What `body` of a service worker's answer gives; it has the package as `S`. */
async function inServiceWorker(name: string, body: string): Promise<unknown> {
  const answer = `self.onmessage = async (event) => {
    const answer = async () => { ${body} };
    event.ports[0].postMessage(await answer().catch((error) => error.message));
  };`;
  writeFileSync(join(folder, `${name}.js`), `import * as S from './package/index.js';\n${answer}`);
  const page = await browser.newPage();
  await page.goto(server.url);
  return page.evaluate(`(async () => {
    const { installing, active } = await navigator.serviceWorker.register('./${name}.js', { type: 'module', scope: './${name}/' });
    const worker = installing ?? active;
    const { port1, port2 } = new MessageChannel();
    const heard = new Promise((resolve) => { port1.onmessage = (event) => resolve(event.data); });
    worker.postMessage('go', [port2]);
    return heard;
  })()`);
}

const sum = 'return S.add(S.tensor([1, 2]), S.tensor([3, 4])).toNested();';

describe('a service worker of Chromium', () => {
  beforeAll(async () => {
    cpSync(dist, join(folder, 'package'), { recursive: true });
    [browser, server] = await Promise.all([launchChromium(), serve(folder)]);
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has no import()', async () => {
    const got = await inServiceWorker('without', `await import('./package/reference.js'); return 'loaded';`);
    expect(got).toMatch(/import\(\) is disallowed on ServiceWorkerGlobalScope/);
  });

  it('runs after init()', async () => {
    expect(await inServiceWorker('plain', `await S.init(); ${sum}`)).toEqual([4, 6]);
  });

  it('runs after init({ bytes })', async () => {
    const bytes = `new Uint8Array(await (await fetch('./package/saccade.wasm')).arrayBuffer())`;
    expect(await inServiceWorker('bytes', `await S.init({ bytes: ${bytes} }); ${sum}`)).toEqual([4, 6]);
  });

  it('is told why it cannot start', async () => {
    rmSync(join(folder, 'package/saccade.relaxed.wasm'));
    expect(await inServiceWorker('relaxed', `await S.init({ build: 'relaxed' }); return 'started';`)).toBe(
      'init: the host must have import() or saccade.relaxed.wasm beside this, got neither; pass init({ bytes })',
    );
    expect(await inServiceWorker('wrong', `await S.init({ bytes: new Uint8Array(3) }); return 'started';`)).toMatch(
      /^init: module must be .*, got CompileError/,
    );
  });
});
