// `npm run size`: the size of the bundle, and the share of each room. The embedded wasm is counted separately.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { minifySync } from 'rolldown/utils';
import { kernelSizes } from './wasm-size.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entry = '\0entry';

/** The sources of the package's names: `saccade/ops` before `saccade`, since the first match counts. */
const sources = {
  ...Object.fromEntries(
    readdirSync(join(root, 'src'))
      .filter((room) => existsSync(join(root, 'src', room, 'index.ts')))
      .map((room) => [`saccade/${room}`, join(root, 'src', room, 'index.ts')]),
  ),
  'saccade/all': join(root, 'src/all.ts'),
  saccade: join(root, 'src/index.ts'),
};

/** @param {string | Uint8Array} data */
export const compressed = (data) => gzipSync(data, { level: 9 }).length;

/**
 * Bundles `code`, which imports from 'saccade', as a bundler would. Returns the modules that remain, the minified text, and the part of it that
 * is loaded initially: for instance, threads are loaded on demand.
 * @param {string} code
 */
export async function bundle(code) {
  const build = await rolldown({
    input: entry,
    platform: 'neutral',
    external: (id) => id.startsWith('node:') || /\/generated\/(deterministic|relaxed)/.test(id),
    resolve: { alias: sources, mainFields: ['module', 'main'], conditionNames: ['import', 'default'] },
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
  const initial = new Set(chunks.filter((chunk) => chunk.isEntry).flatMap((chunk) => [chunk.fileName, ...chunk.imports]));
  const modules = chunks.flatMap((chunk) =>
    Object.entries(chunk.modules).map(([id, module]) => ({ id, module, first: initial.has(chunk.fileName) })),
  );
  return {
    initial: chunks
      .filter((chunk) => initial.has(chunk.fileName))
      .map((chunk) => chunk.code)
      .join('\n'),
    text: chunks.map((chunk) => chunk.code).join('\n'),
    modules: modules
      .filter(({ id, module }) => id !== entry && module.renderedLength > 0)
      .map(({ id, module, first }) => ({ path: relative(root, id).replaceAll('\\', '/'), code: module.code ?? '', first })),
  };
}

/** The budgets of the parts in bytes, compressed, since that is what crosses the wire. */
export const budget = { everything: 260_000, mechanism: 18_000, files: 21_860, wasm: 40_000 };

const learning = 'init, key, tensor, bahdanau, Adam, parameters, backward, scope, mseLoss';

/** One mechanism with its training. */
export const mechanism = `export { ${learning} } from 'saccade';`;

/** The same with saving and loading. Two thirds of the difference is reading, with every check of untrusted files. */
export const files = `export { ${learning}, loadTensors, saveTensors } from 'saccade';`;

/** The export to ONNX alone, and what it may take. */
export const onnx = { code: `export { toOnnx } from 'saccade/onnx';`, budget: 24_000 };

export const wasm = ['saccade.wasm', 'saccade.relaxed.wasm'].map((name) => ({ name, bytes: readFileSync(join(root, 'build', name)) }));

/** Compressed bytes of the modules of each room. @param {readonly { path: string, code: string }[]} modules */
function byRoom(modules) {
  /** @type {Map<string, string>} */
  const rooms = new Map();
  for (const { path, code } of modules) {
    const room = path.startsWith('src/')
      ? path
          .split('/')
          .slice(0, path.split('/').length > 2 ? 2 : 1)
          .join('/')
      : path;
    rooms.set(room, `${rooms.get(room) ?? ''}\n${code}`);
  }
  return new Map([...rooms].map(([room, code]) => [room, compressed(minified(code))]));
}

// The minifier's compression would drop what a part alone does not use.
const minified = (/** @type {string} */ code) => minifySync('part.js', code, { module: true, compress: false }).code;

/** The parts of one mechanism with Adam and files: each belongs to the first that its path matches. @type {[string, RegExp][]} */
const parts = [
  ['the loader', /^src\/runtime\/(init|wasm|module|mark)/],
  ['memory', /^src\/(runtime|tensor\/scope)/],
  ['printing', /^src\/tensor\/print/],
  ['tensors', /^src\/tensor/],
  ['the tape', /^src\/autograd/],
  ['ops', /^src\/ops/],
  ['modules', /^src\/nn/],
  ['attention', /^src\/attention/],
  ['the optimiser', /^src\/train/],
  ['reading of headers', /^src\/io\/(header|format|words)/],
  ['reading of tensors', /^src\/io\/(reading|tensors)/],
  ['every element type', /^src\/io\/(elements|half)/],
  ['checksums', /^src\/io\/(checksum|digest)/],
  ['writing', /^src\/io/],
];

/**
 * What each part adds to the rest, compressed. The sum is less than the whole, since parts share words.
 * @param {readonly { path: string, code: string }[]} modules
 */
export function costs(modules) {
  const texts = modules.map(({ path, code }) => ({ part: parts.find(([, of]) => of.test(path))?.[0], text: minified(code) }));
  const without = (/** @type {string | null} */ part) => compressed(texts.flatMap((one) => (one.part === part ? [] : one.text)).join('\n'));
  const whole = without(null);
  return new Map(parts.map(([part]) => [part, whole - without(part)]));
}

async function main() {
  const all = await bundle("export * from 'saccade/all';");
  const one = await bundle(mechanism);
  const saved = await bundle(files);
  const graphs = await bundle(onnx.code);
  const number = (/** @type {number} */ bytes) => bytes.toLocaleString('en').padStart(10);
  const [wide, narrow] = [byRoom(all.modules), byRoom(saved.modules.filter(({ first }) => first))];
  console.log(`compressed, each room by itself${''.padEnd(5)} everything  one mechanism, files`);
  for (const [room, bytes] of [...wide].sort((a, b) => b[1] - a[1]))
    console.log(room.padEnd(36), number(bytes), '    ', number(narrow.get(room) ?? 0));
  console.log('\none mechanism, Adam, safetensors: what each part adds to the rest');
  for (const [part, bytes] of costs(saved.modules.filter(({ first }) => first))) console.log(part.padEnd(36), number(bytes));
  console.log(`\n${'wasm by kernel'.padEnd(36)}  its own     shared`);
  for (const { name, own, shared } of kernelSizes(wasm[0]?.bytes ?? new Uint8Array()))
    console.log(name.padEnd(36), number(own), number(shared));
  let over = false;
  console.log(`\n${''.padEnd(36)}   minified   compressed    budget`);
  const line = (/** @type {string} */ name, /** @type {string | Uint8Array} */ data, /** @type {number} */ most) => {
    over ||= compressed(data) > most;
    console.log(name.padEnd(36), number(data.length), `  ${number(compressed(data))}`, number(most));
  };
  line('everything', all.text, budget.everything);
  line('one mechanism, Adam', one.initial, budget.mechanism);
  line('one mechanism, Adam, safetensors', saved.initial, budget.files);
  line('toOnnx', graphs.initial, onnx.budget);
  for (const { name, bytes } of wasm) line(name, bytes, budget.wasm);
  if (over) {
    console.error('size: over budget');
    process.exitCode = 1;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
