// The package itself: its contents, whether its types are found, and what a bundle of one function contains.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folderOf, root, tool, toolPath } from './project.mjs';

const program = `import { AttentionSeq2Seq, Adam, init, key, parameters, type Tensor, tensor } from 'saccade';
import { Attention, sparse } from 'saccade/attention';
import { beamSearch } from 'saccade/decode';
import { gradcheck } from 'saccade/reference';
import kernels from 'saccade/saccade.wasm';

await init({ module: kernels });
const model = new AttentionSeq2Seq({ source: 9, target: 7, hidden: 8 }, key(7));
const optimizer: Adam = new Adam(parameters(model), { lr: 1e-3 });
const x: Tensor = tensor([1, 2, 3]);
const numbers: Float32Array | Float64Array | Int32Array = x.toArray();
// @ts-expect-error a key is no number
new AttentionSeq2Seq({ source: 9, target: 7, hidden: 8 }, 7);
export { Attention, beamSearch, gradcheck, numbers, optimizer, sparse };
`;

export const packageRows = (project) => ({
  tarball: async () => {
    const allowed = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/(.+\/)?[\w.-]+\.(js|d\.ts|wasm))$/;
    const strange = project.files.filter((path) => !allowed.test(path));
    const needed = [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/saccade.wasm',
      'dist/saccade.min.js',
      'dist/workerd.js',
      'dist/attention.js',
      'dist/attention/index.d.ts',
      'README.md',
      'LICENSE',
    ];
    const missing = needed.filter((path) => !project.files.includes(path));
    if (strange.length + missing.length > 0)
      throw new Error(`tarball: must hold what users need, got too much [${strange}], too little [${missing}]`);
    const installed = join(project.folder, 'node_modules');
    const scripts = project.files.filter((path) => path.endsWith('.js')).map((path) => `saccade/${path}`);
    const code = (path) => readFileSync(join(installed, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g, '');
    const unsafe = scripts.filter((path) => /\beval\s*\(|\bnew Function\b|\bFunction\s*\(['"`]|blob:|createObjectURL/.test(code(path)));
    if (unsafe.length > 0) throw new Error(`tarball: must hold no eval, new Function or blob:, got some in ${unsafe}`);
    return `${project.files.length} files, ${project.size.toLocaleString('en')} bytes; no eval, new Function, blob:`;
  },

  publint: async () => {
    const { publint } = await tool('publint');
    const { messages } = await publint({ pkgDir: join(project.folder, 'node_modules/saccade'), strict: true });
    if (messages.length > 0) throw new Error(`publint: must have nothing to say, got ${JSON.stringify(messages)}`);
    return 'clean';
  },

  'are the types wrong': async () => {
    const attw = join(toolPath('@arethetypeswrong/cli/package.json'), '../dist/index.js');
    const profile = ['--profile', 'esm-only', '--exclude-entrypoints', 'saccade.wasm', 'saccade.relaxed.wasm'];
    execFileSync(process.execPath, [attw, project.tarball, ...profile], { encoding: 'utf8', stdio: 'pipe' });
    return 'clean (ESM)';
  },

  types: async () => {
    const folder = folderOf(project, 'types');
    writeFileSync(join(folder, 'main.mts'), program);
    for (const [module, moduleResolution] of [
      ['esnext', 'bundler'],
      ['node16', 'node16'],
    ]) {
      const compilerOptions = { strict: true, noEmit: true, target: 'es2022', lib: ['es2022', 'dom'], types: [], module, moduleResolution };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.mts'] }));
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8', stdio: 'pipe' });
    }
    return 'strict, bundler and node16, libraries checked';
  },

  'side effects': async () => {
    const { build } = await tool('esbuild');
    const folder = folderOf(project, 'shaken');
    mkdirSync(folder, { recursive: true });
    const bundled = async (contents) => {
      const stdin = { contents, resolveDir: project.folder };
      const { outputFiles, metafile } = await build({
        stdin,
        bundle: true,
        format: 'esm',
        minify: true,
        write: false,
        metafile: true,
        outdir: folder,
        splitting: true,
        logLevel: 'silent',
      });
      const [entry] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
      const inputs = Object.entries(entry.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
      return { size: gzipSync(outputFiles[0].contents).length, inputs: inputs.map(([path]) => path.replace('node_modules/', '')) };
    };
    const nothing = await bundled("import 'saccade';");
    if (nothing.inputs.length > 0) throw new Error(`side effects: an import without names must leave nothing, got ${nothing.inputs}`);
    const { size, inputs } = await bundled("export { fnv1a } from 'saccade/data';");
    const strange = inputs.filter((path) => !/saccade\/dist\/(core|data)\.js$|^<stdin>$/.test(path));
    if (strange.length > 0 || size > 300)
      throw new Error(`side effects: a bundle of fnv1a must hold it alone, got ${size} bytes ${strange}`);
    return `import 'saccade' leaves nothing, fnv1a ${size} bytes`;
  },
});
