// Each bundler with its defaults; the result is a folder to serve.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addFiles, folderOf, tool } from './project.mjs';

/** A warning of a bundler is a failure, since a user would have to configure it away. */
function expectQuiet(warnings) {
  if (warnings.length > 0) throw new Error(`bundle: must come without warnings, got ${warnings.join(' | ').slice(0, 400)}`);
}

const entries = (project) => ['page.js', 'worker.js'].map((name) => join(project.folder, name));

export const bundlers = {
  async vite(project) {
    const { build } = await tool('vite');
    const folder = folderOf(project, 'vite');
    const warnings = [];
    const log = {
      info() {},
      warn: (text) => warnings.push(text),
      warnOnce: (text) => warnings.push(text),
      error: (text) => warnings.push(text),
    };
    const customLogger = { ...log, clearScreen() {}, hasErrorLogged: () => false, hasWarned: false };
    const rolldownOptions = { checks: { pluginTimings: false } }; // depends on the speed of the machine, not on the package
    await build({ root: project.folder, configFile: false, base: './', customLogger, build: { outDir: folder, rolldownOptions } });
    expectQuiet(warnings);
    cpSync(join(project.folder, 'frame.html'), join(folder, 'frame.html'));
    for (const name of ['model.safetensors', 'saccade.wasm']) cpSync(join(project.folder, name), join(folder, name));
    return folder;
  },

  async webpack(project) {
    const { default: webpack } = await tool('webpack');
    const folder = folderOf(project, 'webpack');
    const options = { mode: 'production', context: project.folder, entry: './page.js', output: { path: folder, filename: 'page.js' } };
    const stats = await new Promise((resolve, reject) => {
      webpack(options, (error, result) => (error ? reject(error) : resolve(result)));
    });
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    // The embedded kernels make the file longer than webpack's limit for a page's scripts; it only warns.
    expectQuiet(
      [...errors, ...warnings].map(({ message }) => message).filter((text) => !/size limit|code splitting|limit the size/.test(text)),
    );
    addFiles(project, folder);
    return folder;
  },

  async esbuild(project) {
    const { build } = await tool('esbuild');
    const folder = folderOf(project, 'esbuild');
    const options = { entryPoints: entries(project), outdir: folder, bundle: true, format: 'esm', minify: true, logLevel: 'silent' };
    const { warnings } = await build({ ...options, absWorkingDir: project.folder });
    expectQuiet(warnings.map(({ text }) => text));
    addFiles(project, folder);
    return folder;
  },

  async rollup(project) {
    const [{ rollup }, { nodeResolve }] = await Promise.all([tool('rollup'), tool('@rollup/plugin-node-resolve')]);
    const folder = folderOf(project, 'rollup');
    const warnings = [];
    const bundle = await rollup({ input: entries(project), plugins: [nodeResolve()], onwarn: ({ message }) => warnings.push(message) });
    await bundle.write({ dir: folder });
    await bundle.close();
    expectQuiet(warnings);
    addFiles(project, folder);
    return folder;
  },

  /** No bundler: the files as they are, and the package's one file. */
  async plain(project) {
    const folder = folderOf(project, 'plain');
    for (const name of ['page.js', 'worker.js', 'run.js']) cpSync(join(project.folder, name), join(folder, name));
    cpSync(join(project.folder, 'node_modules/saccade/dist/saccade.min.js'), join(folder, 'saccade.min.js'));
    const program = readFileSync(join(project.folder, 'program.js'), 'utf8');
    writeFileSync(join(folder, 'program.js'), program.replace(/'saccade(\/\w+)?'/g, "'./saccade.min.js'"));
    addFiles(project, folder);
    return folder;
  },
};
