// Static files under a strict Content-Security-Policy, with Chromium or Firefox to load them.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { Missing, tool } from './project.mjs';

export const strict = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** Serves `folder`; `policy` is its Content-Security-Policy. */
export async function serve(folder, policy = strict) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const path = join(folder, normalize(pathname === '/' ? '/index.html' : pathname));
    if (!existsSync(path) || !statSync(path).isFile()) return response.writeHead(404).end('none');
    const type = types[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-security-policy': policy });
    return createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections(); // browsers keep theirs open
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}

const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const open = new Map();

/** One browser for all rows. */
export async function browser(name) {
  const running = open.get(name);
  if (running) return running;
  const path = { chromium: '/usr/bin/chromium', firefox: '/usr/bin/firefox-esr' }[name];
  if (!existsSync(path)) throw new Missing(`apt-get install -y ${path.split('/').pop()}`);
  const { default: playwright } = await tool('playwright-core');
  const started =
    name === 'chromium'
      ? await playwright.chromium.launch({ executablePath: path, args: chromiumFlags })
      : await playwright.firefox.launch({ channel: 'moz-firefox', executablePath: path });
  open.set(name, started);
  return started;
}

export async function closeBrowsers() {
  for (const running of open.values()) await running.close();
}

/** The text that the page at `url`, or its frame, writes into its `output`. */
export async function outputOf(name, url) {
  const page = await (await browser(name)).newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  try {
    await page.goto(url);
    const place = url.includes('frame.html') ? page.frameLocator('iframe') : page;
    const output = place.locator('output:not(:empty)');
    await output.waitFor({ state: 'attached', timeout: 60_000 }).catch(() => {
      throw new Error(`page: must write its result, got ${errors.join(' | ') || 'nothing in a minute'}`);
    });
    return JSON.parse(await output.textContent());
  } finally {
    await page.close();
  }
}
