// Bundles the identity program into one module that needs only WebAssembly from its host, with the package's worker beside it.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = fileURLToPath(new URL('.', import.meta.url));
export const root = join(here, '../..');
export const program = join(root, 'build/engines/program.mjs');

/** Globals that the program brings itself, the same in every engine. */
export const shell = ['atob', 'TextEncoder', 'TextDecoder', 'performance'];

/**
 * @param {'esm' | 'iife'} [format] `iife` leaves the exports in a variable `program`
 * @returns {Promise<string>} the bundle's text
 */
export async function bundleProgram(format = 'esm') {
  const build = await rolldown({
    input: join(here, 'program/main.ts'),
    platform: 'neutral',
    external: /^node:/, // files, which the program does not use
    resolve: { mainFields: ['module', 'main'], conditionNames: ['import', 'default'] },
    transform: { inject: Object.fromEntries(shell.map((name) => [name, [join(here, 'program/shell.ts'), name]])) },
    plugins: [
      {
        name: 'one build',
        load: (id) => (/generated\/relaxed\.ts$/.test(id) ? 'export const relaxed = undefined;' : null),
      },
    ],
  });
  const { output } = await build.write({
    format,
    name: 'program',
    file: format === 'esm' ? program : program.replace('.mjs', '.iife.js'),
    codeSplitting: false,
  });
  await build.close();
  copyFileSync(join(root, 'dist/worker.js'), join(program, '../worker.js'));
  const [chunk, ...others] = output;
  if (others.length > 0) throw new Error(`engines: the program must be one file, got ${output.map(({ fileName }) => fileName).join(', ')}`);
  return chunk.code;
}
