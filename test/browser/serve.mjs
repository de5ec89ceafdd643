// Serves files to a browser on this machine, with isolation, so that pages may share memory between threads.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

/** @type {Record<string, string>} */
const types = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

export const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/**
 * Serves the files of `folder`; a path that is none but ends in `/` is an empty page.
 * @param {string} folder
 * @param {{ headers?: Record<string, string> }} [options] sent with each answer; isolation by default
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serve(folder, { headers = isolated } = {}) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const inside = join(folder, normalize(path));
    const file = path.endsWith('/') ? join(inside, 'index.html') : inside;
    if (file.startsWith(normalize(folder)) && existsSync(file) && statSync(file).isFile()) {
      response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', ...headers });
      createReadStream(file).pipe(response);
    } else if (path.endsWith('/')) {
      response.writeHead(200, { 'Content-Type': types['.html'], ...headers });
      response.end('<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>saccade</title>');
    } else {
      response.writeHead(404);
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error(`serve: server must have a port, got ${address}`);
  return { url: `http://localhost:${address.port}/`, close: () => void server.close(() => {}) };
}
