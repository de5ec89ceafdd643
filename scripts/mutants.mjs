// `npm run mutants`: changes the code of a room in thousands of small ways and checks whether its tests notice (Stryker). Surviving mutants
// are compared with the list of those that change nothing (test/mutants/harmless.json, each with its reason). `--kernels` does the same to
// the kernels, by a list of changes made by hand.
import { execSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { LEAST, rooms } from '../test/mutants/rooms.mjs';
import { installed } from './installed.mjs';

const folder = 'test/mutants';
const docs = 'docs/testing.md';

/**
 * @typedef {{ mutatorName: string, replacement: string, status: string, location: { start: { line: number, column: number }, end: { line: number, column: number } } }} Mutant
 * @typedef {{ file: string, code: string, becomes: string, reason: string }} Harmless
 * @typedef {{ room: string, mutants: number, killed: number, harmless: number, alive: string[], commit: string }} Score
 */

const program = new Command('npm run mutants --')
  .description('Breaks the code on purpose, and says which breaches no test noticed.')
  .addOption(new Option('--room <names...>', 'only these rooms').choices(Object.keys(rooms)))
  .option('--file <path>', 'only this file of the room; a run of the room takes its results up')
  .option('--fresh', 'try every mutant again, also those of code and tests that did not change')
  .option('--static', 'also what runs only while modules are imported, which takes a new process for each')
  .option('--concurrency <number>', 'processes side by side', '2')
  .option('--kernels', 'the kernels, by the list of changes made by hand')
  .option('--kept', 'try nothing: the scores of the last run, and of its commit')
  .option('--docs', `write the scores into ${docs}`)
  .parse();

/** @type {{ room?: string[], file?: string, fresh?: true, static?: true, concurrency: string, kernels?: true, kept?: true, docs?: true }} */
const options = program.opts();

/** The output of git. @param {string} words */
const git = (words) => execSync(`git ${words}`, { encoding: 'utf8' }).trim();

if (options.docs) {
  const changed = git('status --porcelain')
    .split('\n')
    .filter((line) => line && !line.endsWith(` ${docs}`));
  if (options.file)
    throw new Error('mutants: docs must be written of whole rooms, got --file; run the room, which takes the results of its files up');
  if (changed.length > 0 && !options.kept)
    throw new Error(`mutants: docs must be written of a commit, got changes:\n${changed.join('\n')}`);
}

if (options.kernels) {
  const { status } = spawnSync(process.execPath, ['scripts/kernel-mutants.mjs'], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

/** @type {Harmless[]} */
const harmless = JSON.parse(readFileSync(`${folder}/harmless.json`, 'utf8'));

/** The source text of a mutant. @param {string[]} lines @param {Mutant['location']} location */
function textOf(lines, { start, end }) {
  const inside = lines.slice(start.line - 1, end.line);
  inside[inside.length - 1] = (inside.at(-1) ?? '').slice(0, end.column - 1);
  inside[0] = (inside[0] ?? '').slice(start.column - 1);
  return inside.join('\n');
}

/** The named test files, and those in named folders. @param {string[]} tests */
function filesOf(tests) {
  return tests.flatMap((path) => {
    if (path.endsWith('.ts')) return path;
    const inside = readdirSync(path, { recursive: true, encoding: 'utf8' });
    return inside.filter((file) => file.endsWith('.test.ts')).map((file) => `${path}/${file}`);
  });
}

/** Runs a room's mutants. @param {string} room */
function run(room) {
  const { mutate, tests, without } = /** @type {{ mutate: string[], tests: string[], without?: RegExp }} */ (rooms[room]);
  const report = `build/mutants/${room}.json`;
  const commit = `${git('rev-parse --short HEAD')}${options.static ? ', with what runs on import' : ''}`;
  const config = `build/mutants/${room}.config.json`;
  mkdirSync('build/mutants', { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: 'once',
      plugins: [resolve(`${folder}/runner.mjs`)],
      mutate: options.file ? [options.file] : mutate,
      coverageAnalysis: 'perTest',
      ignoreStatic: !options.static,
      tsconfigFile: 'none', // the compiler of this repository has no API to rewrite it with
      concurrency: Number(options.concurrency),
      timeoutMS: 60_000, // in addition to the CPU time of a mutant's tests, since other processes may run too
      dryRunTimeoutMinutes: 60,
      incremental: true,
      force: Boolean(options.fresh),
      incrementalFile: `build/mutants/${room}.incremental.json`,
      tempDirName: 'build/mutants/sandbox',
      ignorePatterns: ['/build/mutants', '/out', '/docs', '/bench', '/test/hosts', '/test/engines'],
      reporters: ['json', 'dots'],
      jsonReporter: { fileName: report },
      disableTypeChecks: false,
    }),
  );
  rmSync(report, { force: true });
  const args = [`${folder}/node_modules/@stryker-mutator/core/bin/stryker.js`, 'run', config];
  spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, SACCADE_MUTANTS: filesOf(tests).join(), SACCADE_WITHOUT: without?.source ?? '', SACCADE_BRIEF: '1' },
  });
  if (!existsSync(report)) throw new Error(`mutants: the run of ${room} ended without a report; its output above says why`);
  writeFileSync(`build/mutants/${room}.commit`, commit);
}

/** Runs a room's mutants, unless kept ones are requested, and reads the results. @param {string} room @returns {Score} */
function scoreOf(room) {
  if (!options.kept) run(room);
  /** @type {{ files: Record<string, { source: string, mutants: Mutant[] }> }} */
  const { files } = JSON.parse(readFileSync(`build/mutants/${room}.json`, 'utf8'));
  const of = readFileSync(`build/mutants/${room}.commit`, 'utf8');
  const score = { room, mutants: 0, killed: 0, harmless: 0, alive: /** @type {string[]} */ ([]), commit: of };
  for (const [file, { source, mutants }] of Object.entries(files)) {
    if (options.file && file !== options.file) continue; // kept from earlier runs
    const lines = source.split('\n');
    for (const { status, location, replacement } of mutants) {
      if (status === 'CompileError' || status === 'RuntimeError' || status === 'Ignored') continue;
      score.mutants++;
      const code = textOf(lines, location);
      if (status === 'Killed' || status === 'Timeout') score.killed++;
      else if (harmless.some((known) => known.file === file && known.code === code && known.becomes === replacement)) score.harmless++;
      else score.alive.push(`${file}:${location.start.line}:${location.start.column}\n  - ${code}\n  + ${replacement}`);
    }
  }
  return score;
}

const percent = (/** @type {Score} */ { killed, mutants, harmless: spared }) => (100 * killed) / Math.max(1, mutants - spared);

if (!installed(folder)) execSync('npm ci --no-audit --no-fund', { cwd: folder, stdio: ['inherit', 2, 2] });
const scores = (options.room ?? Object.keys(rooms)).map(scoreOf);
for (const { alive } of scores) for (const one of alive) console.log(one);
for (const score of scores) {
  const { room, mutants, killed, harmless: spared, alive } = score;
  console.log(`${room}: ${percent(score).toFixed(1)} % (${killed} of ${mutants} killed, ${spared} harmless, ${alive.length} alive)`);
}

if (options.docs) {
  const mark = /<!-- mutants -->([\s\S]*?)<!-- end of mutants -->/;
  const text = readFileSync(docs, 'utf8');
  const before = (mark.exec(text)?.[1] ?? '').split('\n').filter((line) => /^\| (?!room)/.test(line));
  const rows = new Map(before.map((line) => [line.split(' | ')[0]?.slice(2) ?? '', line])); // rooms that were not run keep their row
  for (const score of scores) {
    const { room, mutants, killed, harmless: spared, commit } = score;
    rows.set(room, `| ${room} | ${mutants} | ${killed} | ${spared} | ${percent(score).toFixed(1)} % | ${commit} |`);
  }
  const head = ['| room | mutants | killed | harmless | killed of those that matter | commit |', '|---|---|---|---|---|---|'];
  const table = [...head, ...rows.values()].join('\n');
  writeFileSync(
    docs,
    text.replace(mark, () => `<!-- mutants -->\n\n${table}\n\n<!-- end of mutants -->`),
  );
}
if (!options.file && scores.some((score) => percent(score) < 100 * LEAST)) process.exitCode = 1;
