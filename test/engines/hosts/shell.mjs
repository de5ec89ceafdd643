import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from '../build.mjs';
import { given } from './browser.mjs';

/** Precedes the result, which is one line of JSON. */
export const MARK = 'saccade-result ';

/**
 * Runs a command to its end and finds the result in its output.
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<import('../program/main.ts').Result>}
 */
export function resultOf([file = '', ...args], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const line = said.split('\n').find((text) => text.includes(MARK));
      if (line && code === 0) resolve(JSON.parse(line.slice(line.indexOf(MARK) + MARK.length)));
      else reject(new Error(`engine: the program must print a result, got exit ${signal ?? code}: ${said.trim().slice(-600)}`));
    });
  });
}

/** Runs the program in an engine that takes a module as its argument. @param {string[]} command @param {number} [threads] */
export function runInShell(command, threads) {
  const entry = join(dirname(program), `shell${threads ? `.${threads}` : ''}.mjs`);
  writeFileSync(
    entry,
    `import { run } from './program.mjs';
const say = typeof print === 'function' && typeof window === 'undefined' ? print : console.log;
say('${MARK}' + JSON.stringify(await run(${given(threads)})));
`,
  );
  return resultOf([...command, entry]);
}
