// `npm run test:engines`: the identity program in every engine, row by row. `--only NAME` selects rows by the beginning of their names,
// `--json` is for programs, `--install` installs what is missing, `--docs` writes the table, `--update` makes this Node's hash the expected
// one.
import { execSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleProgram, program, root } from './build.mjs';
import { missing, rows } from './rows.mjs';

const { values: asked } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    install: { type: 'boolean' },
    docs: { type: 'boolean' },
    update: { type: 'boolean' },
  },
});
const file = join(root, 'test/engines/expected.json');

/**
 * @typedef {object} Outcome
 * @property {string} engine
 * @property {number} threads
 * @property {'same' | 'different' | 'failed' | 'missing'} outcome
 * @property {string} [version]
 * @property {number} [seconds]
 * @property {string} [hash]
 * @property {string[]} [differing] parts
 * @property {string} [why]
 */

if (asked.update) await update();
else await test();

async function update() {
  await bundleProgram();
  /** @type {typeof import('./program/main.ts')} */
  const { run } = await import(pathToFileURL(program).href);
  const before = JSON.parse(readFileSync(file, 'utf8'));
  const result = await run();
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  const readme = join(root, 'README.md');
  writeFileSync(readme, readFileSync(readme, 'utf8').replace(before.hash, result.hash));
  const changed = differing(result.parts, before.parts);
  console.log(`expected hash ${result.hash === before.hash ? 'unchanged' : `now ${result.hash}`}; ${changed.length} parts changed`);
  for (const name of changed) console.log(`  ${name}`);
  if (changed.length > 0) console.log('Name what changed and why in CHANGELOG.md.');
}

/** @param {Record<string, string>} parts @param {Record<string, string>} wanted */
function differing(parts, wanted) {
  return [...new Set([...Object.keys(wanted), ...Object.keys(parts)])].filter((name) => parts[name] !== wanted[name]);
}

async function test() {
  const { only } = asked;
  const chosen = rows.filter(({ name }) => !only || only.some((start) => name.toLowerCase().startsWith(start.toLowerCase())));
  if (chosen.length === 0)
    throw new RangeError(`engines: --only must begin a row's name (${rows.map(({ name }) => name).join(', ')}), got ${only}`);
  if (asked.install) install(chosen);
  await bundleProgram();
  const expected = JSON.parse(readFileSync(file, 'utf8'));
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const row of chosen) {
    for (const threads of row.threads) {
      const outcome = await tried(row, threads, expected);
      outcomes.push(outcome);
      (asked.json ? console.error : console.log)(lineOf(outcome));
    }
  }
  const count = (/** @type {Outcome['outcome'][]} */ ...kinds) => outcomes.filter(({ outcome }) => kinds.includes(outcome)).length;
  const failed = count('different', 'failed') + (process.env.CI === 'true' ? count('missing') : 0);
  if (asked.json) console.log(JSON.stringify({ hash: expected.hash, rows: outcomes, passed: count('same'), failed }, null, 2));
  else console.log(`\n${expected.hash}\n${count('same')} the same, ${count('different', 'failed')} not, ${count('missing')} not run here`);
  if (asked.docs) writeFileSync(join(root, 'docs/engines.md'), page(expected.hash, outcomes));
  if (failed > 0) process.exitCode = 1;
}

/** @param {import('./rows.mjs').Row} row @param {number | undefined} threads @param {{ hash: string, parts: Record<string, string> }} expected @returns {Promise<Outcome>} */
async function tried(row, threads, expected) {
  const which = { engine: row.name, threads: threads ?? 1 };
  if (missing(row).length > 0) return { ...which, outcome: 'missing', why: row.install };
  try {
    const version = await row.version();
    const began = performance.now();
    const { hash, parts } = await row.run(threads);
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    if (hash === expected.hash) return { ...which, outcome: 'same', version, seconds, hash };
    return { ...which, outcome: 'different', version, seconds, hash, differing: differing(parts, expected.parts) };
  } catch (error) {
    return { ...which, outcome: 'failed', why: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {Outcome} outcome */
function lineOf({ engine, threads, outcome, version = '', seconds, hash = '', differing: parts = [], why = '' }) {
  const told =
    outcome === 'same' ? '' : ` ${outcome === 'different' ? parts.join(', ') : outcome === 'missing' ? `install with: ${why}` : why}`;
  const time = seconds === undefined ? '' : `${seconds.toFixed(1)} s`;
  return `${engine.padEnd(40)} ${version.padEnd(16)} ${String(threads).padStart(2)} ${time.padStart(7)}  ${outcome.padEnd(9)} ${hash.slice(0, 16)}${told}`;
}

/** Runs the install lines of missing engines, each at most three times. @param {import('./rows.mjs').Row[]} chosen */
function install(chosen) {
  const wanted = chosen.filter((row) => missing(row).length > 0).flatMap((row) => row.install.split(' && '));
  const packages = wanted.filter((line) => line.startsWith('apt-get')).flatMap((line) => line.split('--no-install-recommends ')[1] ?? []);
  const apt =
    packages.length === 0 ? [] : ['apt-get update', `apt-get install -y --no-install-recommends ${[...new Set(packages)].join(' ')}`];
  for (const line of [...apt, ...new Set(wanted.filter((each) => !each.startsWith('apt-get')))]) {
    for (let tries = 1; ; tries++) {
      console.error(line);
      try {
        execSync(line, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
        break;
      } catch {
        if (tries === 3) break; // the row reports that it is missing, with the line that installs it
      }
    }
  }
}

/** @param {string} hash @param {Outcome[]} outcomes */
function page(hash, outcomes) {
  const engines = [...new Set(outcomes.map(({ engine }) => engine))].map((engine) => {
    const own = outcomes.filter((outcome) => outcome.engine === engine);
    const version = own.find((outcome) => outcome.version)?.version ?? '';
    const same = own.filter(({ outcome }) => outcome === 'same').map(({ threads }) => threads);
    const not = own.filter(({ outcome }) => outcome !== 'same').map(({ threads, outcome }) => `${threads}: ${outcome}`);
    return `| ${engine} | ${version} | ${[...same, ...not].join(', ')} | ${own.map(({ seconds = '–' }) => seconds).join(' / ')} |`;
  });
  return `# Engines

Written by \`npm run test:engines -- --docs\`. Each engine runs [the identity program](../test/engines/program/main.ts): every op forward and
backward on awkward shapes and at the edges of float32, 200 training steps of a sequence model with attention (dropout, Adam, clipping, a
schedule) with a save and a reload halfway, and beam search. All of it makes one SHA-256:

    ${hash}

| engine | version | threads that give this hash | seconds |
|---|---|---|---|
${engines.join('\n')}
`;
}
