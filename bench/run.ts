// npm run bench [-- FAMILY…] [--case TEXT] [--json | --markdown | --docs] [--threads N] [--build relaxed] [--peers] [--computing]
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { init, wasmBackend } from 'saccade';
import type { Case, Figure } from './case.ts';
import { families } from './cases/index.ts';
import { type Clock, computing, elapsed, type Peer, timeBy } from './contender.ts';
import { limitsOf } from './limit.ts';
import { type Field, measure, observe, type Result } from './measure.ts';
import { lineOf, replaced, tables } from './report.ts';
import { PLAIN, type Setting, verdicts } from './target.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    case: { type: 'string' },
    json: { type: 'boolean' },
    markdown: { type: 'boolean' },
    docs: { type: 'boolean' },
    computing: { type: 'boolean', default: false },
    peers: { type: 'boolean' },
    threads: { type: 'string' },
    build: { type: 'string', default: 'deterministic' },
  },
});
const { build } = options;
for (const name of positionals) {
  if (!(name in families)) throw new RangeError(`bench: family must be one of ${Object.keys(families).join(', ')}, got ${name}`);
}
if (build !== 'deterministic' && build !== 'relaxed') throw new RangeError(`bench: --build must be deterministic or relaxed, got ${build}`);
const threads = Number(options.threads ?? 1);
if (options.computing && threads > 1)
  throw new RangeError('bench: --computing must be left out with --threads: it adds up what all of them compute');
if (!(Number.isInteger(threads) && threads >= 1))
  throw new RangeError(`bench: --threads must be a whole number above 0, got ${options.threads}`);

const clock = options.computing ? computing : elapsed;
timeBy(clock);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Frees what the case before left: its operands live outside every scope. */
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
  ? await ((await import(place)) as { start: (now: Clock, computing: boolean) => Promise<Peer[]> }).start(clock, options.computing)
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
for (const family of positionals.length ? positionals : Object.keys(families)) {
  for (const item of families[family] ?? []) {
    if (options.case && !item.name.includes(options.case)) continue;
    await cleaned();
    measured.push({ item, result: 'once' in item ? await observe(family, item) : await measure(family, item, field) });
    if (!quiet) console.log(lineOf(lineAt(measured.at(-1) as (typeof measured)[number])));
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
  const path = new URL('../../docs/performance.md', import.meta.url);
  const parts = [['machine', `${machine}.`] as const, ...told];
  writeFileSync(
    path,
    parts.reduce((text, [name, part]) => replaced(text, name, part), readFileSync(path, 'utf8')),
  );
}
