// Builds what is out of date: the kernels (asc, both builds) with their generated types, the package, the examples and benches. `--bench`
// also builds the modules that only benches run.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { builds, writeTable } from './kernel-table.mjs';

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
 * Runs `build` unless the stamp says that the same sources were built already and the results still exist. A failed build leaves no stamp
 * and ends the run; its tool has printed why.
 * @param {string} name @param {string[]} sources @param {string[]} results @param {() => void | Promise<void>} build
 * @param {string} also what it depends on beside files
 */
async function step(name, sources, results, build, also = '') {
  const stamp = `build/.${name}`;
  const now = fingerprint(sources) + also;
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

/** Runs the assembler, in parallel with others. @param {...string} args */
async function assemble(...args) {
  const [code] = await once(spawn(process.execPath, ['node_modules/assemblyscript/bin/asc.js', ...args], { stdio: 'inherit' }), 'exit');
  if (code !== 0) throw Object.assign(new Error('asc'), { status: code });
}

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

mkdirSync('build', { recursive: true });
mkdirSync(generated, { recursive: true });

/** The flags are in asconfig.json, so a change of this script does not make the kernels out of date. */
const modules = builds.map(([target]) => `build/asc/${target}.wasm`);

await step('kernels', ['assembly', 'asconfig.json', 'node_modules/assemblyscript/package.json'], modules, async () => {
  await Promise.all(builds.map(([target]) => assemble('--config', 'asconfig.json', '--target', target)));
});

const table = [...builds.map(([target]) => target), 'kernels', 'parameters', 'calls'].map((name) => `${generated}/${name}.ts`);

await step(
  'table',
  ['build/asc', 'scripts/kernel-table.mjs'],
  [...table, ...builds.map(([, file]) => `build/${file}.wasm`)],
  () => writeTable(version, generated),
  version,
);

/** What a module takes from others: the names, unless it takes all, and their full paths. @param {string} path */
const takenBy = (path) =>
  Array.from(
    readFileSync(path, 'utf8').matchAll(/^(?:import|export)\b([^'"();]*?)(?:\bfrom)? *['"](\.[^'"]+\.js)['"]/gm),
    ([, what = '', to = '']) => ({
      names: /^\s*\{/.test(what)
        ? what
            .replace(/[{}\s]+/g, ' ')
            .split(',')
            .map((name) => name.trim().split(' '))
        : undefined,
      from: resolve(dirname(path), to),
    }),
  );

/**
 * The modules that an entry loads immediately, by their full paths: of a room's index, which only hands names on, those behind the names that are taken.
 * @param {string} entry
 */
function reachable(entry) {
  const found = new Set([resolve(entry)]);
  /** @param {{ names: string[][] | undefined, from: string }} taken */
  const follow = ({ names, from }) => {
    const handedOn = names && from.endsWith('index.js') ? takenBy(from) : [];
    const all = names
      ?.filter(([name]) => name)
      .map(([name]) => handedOn.find((other) => other.names?.some((each) => each.at(-1) === name)));
    if (!all?.length || all.includes(undefined)) found.add(from);
    else for (const other of new Set(all)) if (other) follow({ names: other.names, from: other.from });
  };
  for (const path of found) for (const taken of takenBy(path)) follow(taken);
  return found;
}

const external = [/^node:/, /\.wasm$/];

/**
 * Bundles the modules into few files, which load several times faster than one by one: the modules of `saccade` itself; the others that
 * only sub-paths need, room by room; and those loaded on demand.
 */
async function bundled() {
  /** @param {string} name */
  const module = (name) => `build/modules/${name}.js`;
  const core = reachable(module('index'));
  const rest = reachable(module('all'));
  const rooms = readdirSync('src').filter((name) => existsSync(`src/${name}/index.ts`));
  const indices = new Set(['index', ...rooms.map((room) => `${room}/index`)].map((name) => resolve(module(name)))); // hand on public names alone
  const entries = await rolldown({
    input: {
      index: module('index'),
      all: module('all'),
      reference: module('reference'),
      workerd: module('workerd'),
      ...Object.fromEntries(rooms.map((room) => [room, module(`${room}/index`)])),
    },
    platform: 'neutral',
    external,
  });
  await entries.write({
    dir: 'dist',
    chunkFileNames: '[name].js',
    comments: { jsdoc: false, annotation: true, legal: true }, // a quarter of the text; the declarations keep them
    codeSplitting: {
      includeDependenciesRecursively: false, // an index hands on more than is taken from it
      groups: [
        { name: 'core', test: (id) => core.has(id) && !indices.has(id) },
        // A file for each room: a bundler leaves out files that nothing is imported from, and of a file only what it can prove idle.
        ...rooms.map((room) => ({
          name: `${room}-rest`,
          /** @param {string} id */
          test: (id) => rest.has(id) && !core.has(id) && !indices.has(id) && id.startsWith(resolve(`build/modules/${room}/`)),
        })),
      ],
    },
  });
  await entries.close();
}

/** Bundles everything into one file for pages without a bundler, and the worker of threads. */
async function standing() {
  const banner = `/*! Saccade ${version} | MIT License, Copyright (c) 2026 The Saccade authors */`;
  for (const { input, file } of [
    { input: 'all', file: 'dist/saccade.min.js' },
    { input: 'runtime/threads/worker', file: 'dist/worker.js' },
  ]) {
    const build = await rolldown({ input: `build/modules/${input}.js`, platform: 'browser', external });
    await build.write({ file, minify: true, codeSplitting: false, banner });
    await build.close();
  }
}

const packaged = ['dist/index.js', 'dist/reference.js', 'dist/saccade.min.js', 'dist/worker.js', 'dist/saccade.wasm'];

await step('package', ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/build.mjs'], packaged, async () => {
  for (const place of ['dist', 'build/modules']) rmSync(place, { recursive: true, force: true });
  run('typescript/bin/tsc', '-p', 'tsconfig.build.json');
  for (const [, file] of builds) copyFileSync(`build/${file}.wasm`, `dist/${file}.wasm`);
  copyFileSync('src/saccade.d.wasm.ts', 'dist/wasm.d.ts');
  await bundled();
  await standing();
});

const pronounce = 'packages/pronounce';
const sources = readdirSync(`${pronounce}/src`).filter((name) => name.endsWith('.ts'));
const spoken = ['weights.safetensors', 'exceptions.txt', 'tsconfig.json', ...sources.map((name) => `src/${name}`)].map(
  (name) => `${pronounce}/${name}`,
);

/** Weights and exceptions become modules, since a module is what Node, bundlers and workers find without a path; `saccade` is this folder. */
await step('pronounce', [...spoken, 'dist'], [`${pronounce}/dist/index.js`, `${pronounce}/node_modules/saccade`], () => {
  const generated = {
    weights: { says: 'The file of weights, as base64.', text: readFileSync(`${pronounce}/weights.safetensors`).toString('base64') },
    exceptions: { says: 'Sorted lines of a word and its phones.', text: readFileSync(`${pronounce}/exceptions.txt`, 'utf8') },
  };
  for (const place of ['dist', 'src/generated']) rmSync(`${pronounce}/${place}`, { recursive: true, force: true });
  mkdirSync(`${pronounce}/src/generated`);
  for (const [name, { says, text }] of Object.entries(generated)) {
    const code = `/** ${says} */\nexport const ${name}: string =\n  ${JSON.stringify(text)};\n`;
    writeFileSync(`${pronounce}/src/generated/${name}.ts`, code);
  }
  mkdirSync(`${pronounce}/node_modules`, { recursive: true });
  rmSync(`${pronounce}/node_modules/saccade`, { recursive: true, force: true });
  symlinkSync(resolve('.'), `${pronounce}/node_modules/saccade`, 'junction');
  run('typescript/bin/tsc', '-p', pronounce);
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
