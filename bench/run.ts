// npm run bench [-- FAMILY…] [--case TEXT] [--json | --markdown]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { init } from 'saccade';
import { families } from './cases/index.ts';
import { measure, type Result } from './measure.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, markdown: { type: 'boolean' }, case: { type: 'string' } },
});
for (const name of positionals) {
  if (!(name in families)) throw new RangeError(`bench: family must be one of ${Object.keys(families).join(', ')}, got ${name}`);
}
const quiet = options.json || options.markdown;
const figures = (r: Result) => [r.value.toFixed(1), r.median.toFixed(1), r.limit.toFixed(1), r.fraction.toFixed(2)];

await init();
const results: Result[] = [];
if (!quiet) console.log(`${cpus()[0]?.model ?? ''}, Node ${process.versions.node}; one thread, best and median of the rounds`);
for (const family of positionals.length ? positionals : Object.keys(families)) {
  for (const item of families[family] ?? []) {
    if (options.case && !item.name.includes(options.case)) continue;
    const result = measure(family, item);
    results.push(result);
    const [best, median, limit, fraction] = figures(result).map((text) => text.padStart(7));
    if (!quiet)
      console.log(`${family.padEnd(12)} ${result.case.padEnd(24)} ${best} ${median} of ${limit} ${result.unit.padEnd(7)} ${fraction}`);
  }
}
if (options.json) console.log(JSON.stringify(results, null, 2));
if (options.markdown) {
  console.log('| family | case | best | median | limit | fraction | unit |\n|---|---|---|---|---|---|---|');
  for (const r of results) console.log(`| ${r.family} | ${r.case} | ${figures(r).join(' | ')} | ${r.unit} |`);
}
