// `npm run mutants -- --kernels`: makes each change of test/mutants/kernels.json in a copy of the kernels, builds it without optimisation
// and runs the tests of the kernels. A change that no test notices is alive, and the run fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * A change made by hand that the tests of the named kernels must notice: a sign, a bound, a lane, a stride, or the order of a sum, which is
 * a promise. `code` occurs once in the file.
 * @typedef {{ file: string, code: string, becomes: string, kernels: string }} Mutant
 */

/** @type {readonly Mutant[]} */
const mutants = JSON.parse(readFileSync('test/mutants/kernels.json', 'utf8'));
const folder = 'build/mutants/kernels';
/** `--from 21` continues an interrupted run; names select files. */
const { values, positionals: only } = parseArgs({ options: { from: { type: 'string', default: '1' } }, allowPositionals: true });
const from = Number(values.from);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const [mark] = WebAssembly.Module.customSections(new WebAssembly.Module(readFileSync('build/saccade.wasm')), 'saccade');

/**
 * A custom section: id 0, then its contents, each with its length in front. All lengths here are below 128. @param {string} name @param
 * {Buffer} text
 */
function section(name, text) {
  const body = Buffer.concat([Buffer.of(name.length), Buffer.from(name), text]);
  if (body.length > 127 || text.length === 0) throw new Error(`mutants: the mark must take 1 to 127 bytes, got ${body.length}`);
  return Buffer.concat([Buffer.of(0, body.length), body]);
}

/** Builds the kernels with one change. @param {Mutant} mutant @returns {string} the module as a source file */
function built({ file, code, becomes }) {
  const copy = join(folder, 'assembly');
  rmSync(copy, { recursive: true, force: true });
  cpSync('assembly', copy, { recursive: true });
  const path = join(copy, `${file}.ts`);
  const text = readFileSync(path, 'utf8');
  if (text.split(code).length !== 2)
    throw new Error(`mutants: code must stand once in ${file}, got ${text.split(code).length - 1} of ${code}`);
  writeFileSync(
    path,
    text.replace(code, () => becomes),
  );
  const wasm = join(folder, 'mutant.wasm');
  const flags = ['--enable', 'simd', '--importMemory', '--runtime', 'stub', '--noAssert', '--optimizeLevel', '0', '-o', wasm];
  execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', join(copy, 'index.ts'), ...flags], { stdio: 'inherit' });
  const marked = Buffer.concat([readFileSync(wasm), section('saccade', Buffer.from(/** @type {ArrayBuffer} */ (mark)))]);
  const source = resolve(folder, 'mutant.ts');
  writeFileSync(source, `export const deterministic = '${marked.toString('hex')}';\n`);
  return source;
}

/** Whether the tests of these kernels pass. @param {string} source @param {string} kernels */
function passes(source, kernels) {
  const titles = kernels ? ['-t', `deterministic.*(${kernels})`] : [];
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/mutants/kernels.config.ts',
    '--bail',
    '1',
    '--maxWorkers',
    '1',
    ...titles,
  ];
  const { status, stdout } = spawnSync(process.execPath, args, {
    env: { ...process.env, NO_COLOR: '1', KERNELS: source },
    encoding: 'utf8',
    timeout: 300_000, // detects endless loops too
  });
  if (status === 0 && !/Tests .*\d+ passed/.test(stdout)) throw new Error(`mutants: kernels must have tests, got none for ${kernels}`);
  return status === 0;
}

if (!passes(built({ file: 'index', code: '// The kernel table.', becomes: '// The table.', kernels: '' }), '')) {
  throw new Error('mutants: the tests must pass before anything is changed, got a failure');
}
let alive = 0;
let tried = 0;
for (const [i, mutant] of mutants.entries()) {
  if (i + 1 < from) continue;
  if (only.length > 0 && !only.some((name) => mutant.file.includes(name))) continue;
  const survives = passes(built(mutant), mutant.kernels);
  tried++;
  if (survives) alive++;
  console.log(`${survives ? 'ALIVE ' : 'killed'} ${i + 1}/${mutants.length} ${mutant.file}: ${mutant.becomes.split('\n').at(-1)?.trim()}`);
}
console.log(`${tried - alive} of ${tried} killed`);
process.exit(alive > 0 ? 1 : 0);
