// Node, Deno and Bun: `shell.js MODE`, with files read as they read them.
import { readFile } from 'node:fs/promises';
import { run } from './run.js';

const [mode] = process.argv.slice(2);
const read = (name) => readFile(new URL(name, import.meta.url));
const result = await run(mode, await read('model.safetensors'), await read('node_modules/saccade/dist/saccade.wasm'));

const { loadFile } = await import('saccade');
const { tensors } = await loadFile(new URL('model.safetensors', import.meta.url).pathname);
console.log(JSON.stringify({ ...result, file: tensors.size }));
