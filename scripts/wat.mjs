// npm run wat KERNEL [relaxed]: one kernel's code as WebAssembly text.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';

const [kernel, target = 'deterministic'] = process.argv.slice(2);
if (!kernel) throw new Error('wat: a kernel must be named, got none (npm run wat KERNEL [relaxed])');
mkdirSync('build', { recursive: true });
const out = ['--outFile', 'build/wat.wasm', '--textFile', 'build/wat.wat', '--bindings', ''];
execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', '--config', 'asconfig.json', '--target', target, ...out], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
// One function starts at each line that is indented once; names end in `/file/function`.
const functions = readFileSync('build/wat.wat', 'utf8')
  .split(/^(?= \()/m)
  .filter((part) => part.startsWith(' (func '));
const found = functions.filter(
  (part) =>
    part
      .match(/^ \(func \$(\S+)/)?.[1]
      ?.replace(/<.*/, '')
      .split('/')
      .at(-1) === kernel,
);
if (found.length === 0)
  throw new Error(`wat: a function of the kernels must be named, got ${kernel} (inlined functions have no code of their own)`);
console.log(found.join(''));
