// `npm run size`: what each room adds to the bundle, and the bundle itself. The embedded wasm counts on its own.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entry = '\0entry';

/** @param {string | Uint8Array} data */
export const compressed = (data) => gzipSync(data, { level: 9 }).length;

/**
 * Bundles `code`, which imports from 'saccade', as a bundler would: the modules that stay with their sizes, and the minified text.
 * @param {string} code
 */
export async function bundle(code) {
  const build = await rolldown({
    input: entry,
    platform: 'neutral',
    external: (id) => id.startsWith('node:') || /\/generated\/(deterministic|relaxed)/.test(id),
    resolve: { alias: { saccade: join(root, 'src/index.ts') }, mainFields: ['module', 'main'], conditionNames: ['import', 'default'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? code : null),
      },
    ],
  });
  const { output } = await build.generate({ minify: true });
  await build.close();
  const chunks = output.filter((part) => part.type === 'chunk');
  const modules = chunks.flatMap((chunk) => Object.entries(chunk.modules));
  return {
    text: chunks.map((chunk) => chunk.code).join('\n'),
    modules: modules
      .filter(([id, { renderedLength }]) => id !== entry && renderedLength > 0)
      .map(([id, { renderedLength }]) => ({ path: relative(root, id).replaceAll('\\', '/'), bytes: renderedLength })),
  };
}

async function main() {
  const { text, modules } = await bundle("export * from 'saccade';");
  /** @type {Map<string, number>} */
  const rooms = new Map();
  for (const { path, bytes } of modules) {
    const room = path.startsWith('src/') ? path.split('/').slice(0, 2).join('/') : (path.split('/').slice(0, 3).join('/') ?? path);
    rooms.set(room, (rooms.get(room) ?? 0) + bytes);
  }
  const line = (/** @type {string} */ name, /** @type {number} */ bytes, note = '') =>
    console.log(`${name.padEnd(42)} ${String(bytes).padStart(8)} ${note}`);
  console.log('bytes before minifying, by room');
  for (const [room, bytes] of [...rooms].sort((a, b) => b[1] - a[1])) line(room, bytes);
  console.log('\nminified');
  line('bundle', text.length, `(${compressed(text)} compressed)`);
  for (const name of ['saccade.wasm', 'saccade.relaxed.wasm']) {
    const wasm = readFileSync(join(root, 'build', name));
    line(name, wasm.length, `(${compressed(wasm)} compressed)`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
