// `npm run bench`: measures each case beside the machine's limit and the peers.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { init, wasmBackend } from 'saccade';
import type { Case, Figure } from './case.ts';
import { families } from './cases/index.ts';
import { type Clock, computing, elapsed, type Peer, timeBy } from './contender.ts';
import { limitsOf } from './limit.ts';
import { type Field, measure, observe, type Result } from './measure.ts';
import { readmeWith } from './readme.ts';
import { lineOf, replaced, tables } from './report.ts';
import { PLAIN, type Setting, verdicts } from './target.ts';

interface Options {
  case?: string;
  json?: true;
  markdown?: true;
  docs?: true;
  computing?: true;
  peers?: true;
  threads: number;
  build: Setting['build'];
}

const command = new Command('npm run bench --')
  .description('Verifies each case, then times it in turns with what the machine can do at most and with the peers.')
  .addArgument(new Argument('[family...]', 'what to measure; all by default').choices(Object.keys(families)))
  .option('--case <text>', 'only cases whose name has this')
  .addOption(new Option('--build <build>').choices(['deterministic', 'relaxed']).default('deterministic'))
  .addOption(new Option('--threads <number>').default(1).argParser(wholeNumber))
  .option('--peers', 'beside them, those that `npm run bench:peers` installs, and PyTorch where there is one')
  .addOption(new Option('--computing', 'time the processor computed, for a machine that others use, too').conflicts('threads'))
  .option('--json', 'the results as JSON')
  .option('--markdown', 'the tables of the docs')
  .option('--docs', 'writes them to docs/performance.md, and what the README tells of it')
  .parse();
const options = command.opts<Options>();
const names = command.args.length ? command.args : Object.keys(families);
const { build, threads } = options;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!(Number.isSafeInteger(value) && value >= 1)) throw new InvalidArgumentError(`must be a whole number from 1, got ${text}`);
  return value;
}

const clock = options.computing ? computing : elapsed;
timeBy(clock);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Frees the operands of the previous case, which live outside every scope. */
const cleaned = () => {
  collect();
  return new Promise((resolve) => setTimeout(resolve, 20));
};

/** Node before 22 has relaxed SIMD behind a flag. */
if (build === 'relaxed') setFlagsFromString('--experimental-wasm-relaxed-simd');
await init({ build, threads });

const quiet = options.json || options.markdown;
const plain = build === 'relaxed' || threads > 1 ? [{ name: PLAIN, backend: await wasmBackend() }] : [];
const place = new URL('../../bench/peers/index.mjs', import.meta.url).href;
const peers: Peer[] = options.peers
  ? await ((await import(place)) as { start: (now: Clock, computing: boolean) => Promise<Peer[]> }).start(clock, options.computing ?? false)
  : [];
const field: Field = { limit: limitsOf(build), baselines: plain, peers };
const setting: Setting = { threads, build, counted: new Set(peers.filter((peer) => !peer.native).map((peer) => peer.name)) };

const machine = `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}, ${build} build, ${threads} thread${threads > 1 ? 's' : ''}${options.computing ? '; time spent computing' : ''}`;
if (!quiet) console.log(`${machine}; best and median of the rounds, limit and its fraction`);

const measured: { item: Case | Figure; result: Result }[] = [];
const lineAt = ({ item, result }: { item: Case | Figure; result: Result }) => {
  const all = measured.map((other) => other.result);
  return { result, verdicts: item.target ? verdicts(result, item.target, all, setting) : [] };
};
for (const family of names) {
  for (const item of families[family] ?? []) {
    if (options.case && !item.name.includes(options.case)) continue;
    await cleaned();
    measured.push({ item, result: 'once' in item ? await observe(family, item) : await measure(family, item, field) });
    if (quiet) continue;
    console.log(lineOf(lineAt(measured.at(-1) as (typeof measured)[number])));
    const { said } = (measured.at(-1) as (typeof measured)[number]).result;
    if (said) console.log(`${''.padEnd(13)} ${said}`);
  }
}
for (const peer of peers) peer.close?.();
if (options.json)
  console.log(
    JSON.stringify(
      measured.map(lineAt).map(({ result, verdicts }) => ({ ...result, targets: verdicts })),
      null,
      2,
    ),
  );
const told = tables(measured.map(lineAt));
if (options.markdown) console.log(`${machine}.\n\n${[...told.values()].join('\n\n')}`);
if (options.docs) {
  const [page, readme] = ['../../docs/performance.md', '../../README.md'].map((path) => new URL(path, import.meta.url)) as [URL, URL];
  const note = '\n\nTime spent computing, on a machine that had other work to do.';
  const parts = options.computing
    ? Array.from(told, ([name, part]) => [name, part + note] as const)
    : [['machine', `${machine}.`] as const, ...told];
  const performance = parts.reduce((text, [name, part]) => replaced(text, name, part), readFileSync(page, 'utf8'));
  writeFileSync(page, performance);
  writeFileSync(readme, readmeWith(readFileSync(readme, 'utf8'), performance));
}
