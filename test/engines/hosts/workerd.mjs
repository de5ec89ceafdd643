import { copyFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program, root } from '../build.mjs';
import { MARK, resultOf } from './shell.mjs';

const config = `using Workerd = import "/workerd/workerd.capnp";
const unitTests :Workerd.Config = (services = [(name = "identity", worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "program.mjs", esModule = embed "program.mjs"),
    (name = "saccade.wasm", wasm = embed "saccade.wasm")
  ],
  compatibilityDate = "2026-11-01"
))]);
`;

// Compiling is forbidden at run time, so the module is compiled in advance.
const worker = `import module from './saccade.wasm';
import { run } from './program.mjs';
export default { async test() { console.log('${MARK}' + JSON.stringify(await run({ module }))); } };
`;

/** Runs the program as a test of a Worker. @param {string} workerd */
export function runInWorkerd(workerd) {
  const folder = dirname(program);
  writeFileSync(join(folder, 'worker.capnp'), config);
  writeFileSync(join(folder, 'worker.mjs'), worker);
  copyFileSync(join(root, 'build/saccade.wasm'), join(folder, 'saccade.wasm'));
  return resultOf([workerd, 'test', join(folder, 'worker.capnp')]);
}
