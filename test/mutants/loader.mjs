// Module hooks for tests outside vitest: they strip types from TypeScript and resolve the names of the root's vitest.config.ts.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transformWithOxc } from 'vite';

const root = new URL('../../', import.meta.url);
const names = new Map([
  ['vitest', new URL('collect.mjs', import.meta.url).href],
  ['saccade', new URL('src/all.ts', root).href],
  ['saccade/reference', new URL('src/reference.ts', root).href],
]);

/**
 * Rewrites Stryker's counter of executed places to a cheaper form: numbers in a list instead of properties, and nothing at all without a
 * list.
 * @param {string} code
 */
const countedFast = (code) =>
  code
    .replace(
      /function cover\(\) \{[\s\S]*?\n {2}\}\n/,
      'function cover() { const c = ns.counts; if (c) for (let i = 0; i < arguments.length; i++) c[arguments[i]]++; }\n',
    )
    .replace(/(stryCov_\w+\()("\d+"(?:, "\d+")*)\)/g, (_, call, ids) => `${call}${ids.replaceAll('"', '')})`);

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const url = names.get(specifier);
  return url ? { url, shortCircuit: true } : next(specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = await transformWithOxc(countedFast(await readFile(path, 'utf8')), path, { sourcemap: false });
  return { format: 'module', source: code, shortCircuit: true };
}
