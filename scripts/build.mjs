// Builds what is stale: the kernels (asc, both builds) with their generated types, the package, the examples and benches.
// `node scripts/build.mjs` does nothing when nothing changed; `--bench` builds the modules that only benches run, too.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const generated = 'src/runtime/generated';

/** @param {string[]} paths @returns {string} a hash over the files below them, names included */
function fingerprint(paths) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === 'node_modules') continue;
      const name = join(path, entry.name);
      if (entry.isDirectory()) visit(name);
      else hash.update(`${name}\0`).update(readFileSync(name));
    }
  };
  for (const path of paths.filter((path) => existsSync(path))) {
    if (statSync(path).isDirectory()) visit(path);
    else hash.update(`${path}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/**
 * Runs `build` unless the stamp says that the same sources were built already and the results are still there. A build that fails
 * leaves no stamp and ends the run: its tool has said why.
 * @param {string} name @param {string[]} sources @param {string[]} results @param {() => void | Promise<void>} build
 * @param {string} also what it depends on beside files
 */
async function step(name, sources, results, build, also = '') {
  const stamp = `build/.${name}`;
  const now = fingerprint([...sources, 'scripts/build.mjs']) + also;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now && results.every((result) => existsSync(result))) return;
  rmSync(stamp, { force: true });
  const started = performance.now();
  try {
    await build();
  } catch (error) {
    console.error(`build: ${name} failed${error instanceof Error && !('status' in error) ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
  writeFileSync(stamp, now);
  console.log(`built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** @param {string} script @param {...string} args */
const run = (script, ...args) => void execFileSync(process.execPath, [join('node_modules', script), ...args], { stdio: 'inherit' });

/** Runs the assembler, for several modules side by side. @param {...string} args */
async function assemble(...args) {
  const [code] = await once(spawn(process.execPath, ['node_modules/assemblyscript/bin/asc.js', ...args], { stdio: 'inherit' }), 'exit');
  if (code !== 0) throw Object.assign(new Error('asc'), { status: code });
}

/** The kernel table as a TypeScript interface, and the names of each kernel's arguments, from the declarations asc writes. */
function kernelTypes() {
  const declarations = readFileSync('build/saccade.d.ts', 'utf8');
  const functions = [...declarations.matchAll(/export function (\w+)\(([^)]*)\): \w+;/g)];
  const lines = functions.map(([, name, list = '']) => {
    const names = [...list.matchAll(/(\w+):/g)].map((match) => `'${match[1]}'`);
    return { signature: `  ${name}(${list}): void;\n`, names: `  ${name}: [${names.join(', ')}],\n` };
  });
  const from = '// Generated from assembly/index.ts.\n';
  return {
    types: `${from}export interface Kernels {\n${lines.map((line) => line.signature).join('')}}\n`,
    parameters: `${from}export const parameters = {\n${lines.map((line) => line.names).join('')}} as const;\n`,
  };
}

/** A custom section, which engines pass over: id 0, then lengths as LEB128. @param {string} name @param {string} text */
function customSection(name, text) {
  /** @param {Buffer} bytes */
  const withLength = (bytes) => {
    const length = [];
    for (let rest = bytes.length; length.length === 0 || rest > 0; rest >>>= 7) length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  return Buffer.concat([Buffer.of(0), withLength(Buffer.concat([withLength(Buffer.from(name)), Buffer.from(text)]))]);
}

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

mkdirSync('build', { recursive: true });
mkdirSync(generated, { recursive: true });

const builds = /** @type {const} */ ([
  ['deterministic', 'saccade'],
  ['relaxed', 'saccade.relaxed'],
]);

await step(
  'kernels',
  ['assembly', 'asconfig.json', 'node_modules/assemblyscript/package.json'],
  [
    ...builds.flatMap(([target, file]) => [`${generated}/${target}.ts`, `build/${file}.wasm`]),
    `${generated}/kernels.ts`,
    `${generated}/parameters.ts`,
  ],
  async () => {
    await Promise.all(builds.map(([target]) => assemble('--config', 'asconfig.json', '--target', target)));
    const { types, parameters } = kernelTypes();
    const table = createHash('sha256').update(types).digest('hex').slice(0, 8);
    for (const [target, file] of builds) {
      const wasm = Buffer.concat([readFileSync(`build/${file}.wasm`), customSection('saccade', `${version} ${target} ${table}`)]);
      writeFileSync(`build/${file}.wasm`, wasm);
      const base64 = wasm.toString('base64');
      writeFileSync(`${generated}/${target}.ts`, `// Generated: build/${file}.wasm.\nexport const ${target} =\n  '${base64}';\n`);
    }
    const mark = `\n/** The package's version, and a hash over the table: what a build is marked with. */\nexport const version = '${version}';\nexport const table = '${table}';\n`;
    writeFileSync(`${generated}/kernels.ts`, types + mark);
    writeFileSync(`${generated}/parameters.ts`, parameters);
  },
  version,
);

/**
 * The modules in few files, which load several times faster than one by one: the entries with what they share; what is loaded when it is
 * asked for; the worker that threads are, beside them, where the module that starts it looks; and for pages without a bundler the whole
 * with the wasm in it.
 */
async function bundled() {
  const external = [/^node:/, /\.wasm$/];
  /** @param {string} name */
  const module = (name) => `build/modules/${name}.js`;
  const entries = await rolldown({
    input: { index: module('index'), reference: module('reference'), workerd: module('workerd') },
    platform: 'neutral',
    external,
  });
  await entries.write({ dir: 'dist', chunkFileNames: '[name].js' });
  await entries.close();
  const banner = `/*! Saccade ${version} | MIT License, Copyright (c) 2026 The Saccade authors */`;
  for (const { input, file } of [
    { input: module('index'), file: 'dist/saccade.min.js' },
    { input: module('runtime/threads/worker'), file: 'dist/worker.js' },
  ]) {
    const build = await rolldown({ input, platform: 'browser', external });
    await build.write({ file, minify: true, codeSplitting: false, banner });
    await build.close();
  }
}

const packaged = ['dist/index.js', 'dist/reference.js', 'dist/saccade.min.js', 'dist/worker.js', 'dist/saccade.wasm'];

await step('package', ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json'], packaged, async () => {
  for (const place of ['dist', 'build/modules']) rmSync(place, { recursive: true, force: true });
  run('typescript/bin/tsc', '-p', 'tsconfig.build.json');
  for (const [, file] of builds) copyFileSync(`build/${file}.wasm`, `dist/${file}.wasm`);
  copyFileSync('src/saccade.d.wasm.ts', 'dist/wasm.d.ts');
  await bundled();
});

const programs = ['examples', 'bench'].filter((place) => existsSync(place)).map((place) => `build/${place}`);

await step('programs', ['examples', 'bench', 'dist', 'tsconfig.json', 'tsconfig.programs.json'], programs, () => {
  for (const place of ['build/examples', 'build/bench']) rmSync(place, { recursive: true, force: true });
  if (programs.length > 0) run('typescript/bin/tsc', '-p', 'tsconfig.programs.json');
});

/** Modules that only benches run: bench/NAME.as.ts becomes build/limits/NAME.wasm and NAME.relaxed.wasm. */
async function limits() {
  const flags = ['--enable', 'simd', '-O3', '--noAssert', '--runtime', 'stub', '--importMemory'];
  const sources = readdirSync('bench').filter((name) => name.endsWith('.as.ts'));
  const modules = sources.flatMap((source) => {
    const path = `build/limits/${source.replace('.as.ts', '')}`;
    return [
      [source, '-o', `${path}.wasm`],
      [source, '--enable', 'relaxed-simd', '-o', `${path}.relaxed.wasm`],
    ];
  });
  const results = modules.map((module) => module.at(-1) ?? '');
  await step('limits', [...sources.map((name) => `bench/${name}`), 'assembly/simd'], results, async () => {
    await Promise.all(modules.map(([source, ...rest]) => assemble(`bench/${source}`, ...flags, ...rest)));
  });
}

if (process.argv.includes('--bench')) await limits();
