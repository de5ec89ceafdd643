// Writes src/runtime/generated/ from the assembler's output: the builds as text, the kernel table as types, and calls by name.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

export const builds = /** @type {const} */ ([
  ['deterministic', 'saccade'],
  ['relaxed', 'saccade.relaxed'],
]);

/** Kernels with at least this many arguments are called by name. */
const MANY = 12;
const from = '// Generated from assembly/index.ts.\n';

/** @typedef {{ name: string, parameters: string[] }} Kernel */

/** @returns {Kernel[]} the exports, from the declarations asc writes */
function kernels() {
  const declarations = readFileSync('build/asc/deterministic.d.ts', 'utf8');
  return [...declarations.matchAll(/export function (\w+)\(([^)]*)\): \w+;/g)].map(([, name = '', list = '']) => ({
    name,
    parameters: [...list.matchAll(/(\w+):/g)].map((match) => match[1] ?? ''),
  }));
}

/** @param {Kernel[]} table */
const types = (table) => {
  const lines = table.map(({ name, parameters }) => `  ${name}(${parameters.map((one) => `${one}: number`).join(', ')}): void;\n`);
  return `${from}export interface Kernels {\n${lines.join('')}}\n`;
};

/** @param {Kernel[]} table */
const names = (table) => {
  const lines = table.map(({ name, parameters }) => `  ${name}: [${parameters.map((one) => `'${one}'`).join(', ')}],\n`);
  return `${from}export const parameters = {\n${lines.join('')}} as const;\n`;
};

/**
 * Suffixes that combine neighbouring parameters into one field: `n0` to `n3` are `lengths`, `x0` to `x3` or `maskBatch` to `maskKey` that
 * operand's strides.
 */
const groups = [
  ['0', '1', '2', '3'],
  ['Batch', 'Head', 'Query', 'Key'],
];

/** @param {string[]} parameters */
function fieldsOf(parameters) {
  /** @type {{ field: string, type: string, values: string[] }[]} */
  const fields = [];
  for (let i = 0; i < parameters.length; i++) {
    const name = parameters[i] ?? '';
    const group = groups.find(([first = '']) => name.endsWith(first)) ?? [];
    const operand = name.slice(0, name.length - (group[0] ?? '').length);
    if (group.length > 0 && group.every((end, k) => parameters[i + k] === operand + end)) {
      const field = operand === 'n' ? 'lengths' : `${operand}Strides`;
      fields.push({ field, type: 'Four', values: group.map((_, k) => `by.${field}[${k}]`) });
      i += group.length - 1;
    } else fields.push({ field: name, type: 'number', values: [`by.${name}`] });
  }
  return fields;
}

/** Kernels with one signature that callers pass as values share one function, which takes the kernel first. */
const families = new Map([['out a b n0 n1 n2 n3 a0 a1 a2 a3 b0 b1 b2 b3', 'binary']]);

/** @param {Kernel[]} table */
const calls = (table) => {
  const long = table.filter(({ parameters }) => parameters.length >= MANY);
  /** @type {Map<string, string>} */
  const functions = new Map();
  for (const { name, parameters } of long) {
    const family = families.get(parameters.join(' '));
    const fields = fieldsOf(parameters);
    const type = fields.map(({ field, type }) => `${field}: ${type}`).join('; ');
    const values = fields.flatMap(({ values }) => values).join(', ');
    const own = { title: name, first: '', kernel: `kernels.${name}` };
    const shared = { title: family ?? '', first: `kernel: Kernels['${name}'], `, kernel: 'kernel' };
    const { title, first, kernel } = family ? shared : own;
    const comment = `/** ${family ? 'A kernel of this signature' : `The kernel ${name}`}, its arguments by name. */\n`;
    functions.set(title, `\n${comment}export function ${title}(${first}by: { ${type} }): void {\n  ${kernel}(${values});\n}\n`);
  }
  const head = `import { type Kernels, kernels } from '../backend.ts';\n\n/** Lengths or strides of four axes. */\ntype Four = readonly [number, number, number, number];\n`;
  return `${from}${head}${[...functions.values()].join('')}`;
};

/** A custom section, which engines ignore: id 0, then lengths as LEB128. @param {string} name @param {string} text */
function customSection(name, text) {
  /** @param {Buffer} bytes */
  const withLength = (bytes) => {
    const length = [];
    for (let rest = bytes.length; length.length === 0 || rest > 0; rest >>>= 7) length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  return Buffer.concat([Buffer.of(0), withLength(Buffer.concat([withLength(Buffer.from(name)), Buffer.from(text)]))]);
}

/** @param {string} version @param {string} generated the folder to write to */
export function writeTable(version, generated) {
  const all = kernels();
  const table = createHash('sha256').update(types(all)).digest('hex').slice(0, 8);
  for (const [target, file] of builds) {
    const mark = customSection('saccade', `${version} ${target} ${table}`);
    const wasm = Buffer.concat([readFileSync(`build/asc/${target}.wasm`), mark]);
    writeFileSync(`build/${file}.wasm`, wasm);
    const hexadecimal = wasm.toString('hex');
    writeFileSync(`${generated}/${target}.ts`, `// Generated: build/${file}.wasm.\nexport const ${target} =\n  '${hexadecimal}';\n`);
  }
  const mark = `\n/** The package's version, and a hash over the table: what a build is marked with. */\nexport const version = '${version}';\nexport const table = '${table}';\n`;
  writeFileSync(`${generated}/kernels.ts`, types(all) + mark);
  writeFileSync(`${generated}/parameters.ts`, names(all));
  writeFileSync(`${generated}/calls.ts`, calls(all));
}
