// Module hooks for tests outside vitest: TypeScript without its types, and the names that the root's vitest.config.ts gives.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transformWithOxc } from 'vite';

const root = new URL('../../', import.meta.url);
const names = new Map([
  ['vitest', new URL('collect.mjs', import.meta.url).href],
  ['saccade', new URL('src/all.ts', root).href],
  ['saccade/reference', new URL('src/reference.ts', root).href],
]);

/** Stryker's counter of what ran takes most of the time where loops are short: it can be turned off. */
const [COUNTER, SWITCHED] = ['function cover() {', 'function cover() { if (ns.uncounted) return;'];

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const url = names.get(specifier);
  return url ? { url, shortCircuit: true } : next(specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = await transformWithOxc((await readFile(path, 'utf8')).replace(COUNTER, SWITCHED), path, { sourcemap: false });
  return { format: 'module', source: code, shortCircuit: true };
}
