import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { serve } from '../../browser/serve.mjs';
import { program } from '../build.mjs';
import { inPage } from './browser.mjs';

/** Finds a free port. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (!address || typeof address === 'string') throw new Error(`webkit: a port must be free, got ${address}`);
  return address.port;
}

/** One command of the WebDriver protocol (W3C WebDriver, §5). @param {string} url @param {unknown} [body] @param {string} [method] */
async function command(url, body, method = 'POST') {
  const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  const { value } = /** @type {{ value: any }} */ (await response.json());
  if (value?.error) throw new Error(`webkit: ${url.split('/').at(-1)} must succeed, got ${value.error}: ${value.message}`);
  return value;
}

/**
 * Runs the program in WebKitGTK's own small browser.
 * @param {string} driver @param {string} browser @param {number} [threads]
 * @returns {Promise<import('../program/main.ts').Result>}
 */
export async function runInWebKit(driver, browser, threads) {
  const port = await freePort();
  const env = { ...process.env, JSC_useSharedArrayBuffer: '1', WEBKIT_DISABLE_COMPOSITING_MODE: '1', LIBGL_ALWAYS_SOFTWARE: '1' };
  const started = spawn('xvfb-run', ['-a', driver, `--port=${port}`, '--host=127.0.0.1'], { env, stdio: 'ignore', detached: true });
  const server = await serve(dirname(program));
  try {
    const base = `http://127.0.0.1:${port}`;
    for (let tries = 0; !(await fetch(`${base}/status`).catch(() => null)); tries++) {
      if (tries > 100) throw new Error('webkit: the driver must answer, got nothing for 20 s');
      await setTimeout(200);
    }
    const options = { binary: browser, args: ['--automation'] };
    const { sessionId } = await command(`${base}/session`, { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } });
    const session = `${base}/session/${sessionId}`;
    await command(`${session}/timeouts`, { script: 600_000 });
    await command(`${session}/url`, { url: server.url });
    const script = `const done = arguments[0]; ${inPage(threads)}.then((result) => done({ result }), (error) => done({ error: String(error) }));`;
    const told = () => command(`${session}/execute/async`, { script, args: [] });
    // The driver loses an answer now and then, whatever the program said: it is asked once more.
    const { result, error } = await told().catch((lost) => {
      if (!String(lost).includes('Could not parse script result')) throw lost;
      return told();
    });
    await command(session, undefined, 'DELETE');
    if (error) throw new Error(`webkit: the program must end, got ${error}`);
    return result;
  } finally {
    server.close();
    if (started.pid) process.kill(-started.pid); // xvfb-run, its server and the driver
  }
}
