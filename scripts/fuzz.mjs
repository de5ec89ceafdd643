// `npm run fuzz -- --programs N --seed S`: draws programs over all ops, runs them on the built package and compares values, gradients and
// memory with the float64 interpreter of test/programs. Prints the smallest failing program as code, and how to run it again.
import './bootstrap.mjs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Option, program } from 'commander';
import { rolldown } from 'rolldown';

/** @param {string} text */
const whole = (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`fuzz: numbers must be whole and not negative, got ${text}`);
  return value;
};

program
  .name('fuzz')
  .option('--programs <n>', 'how many to draw', whole, 100_000)
  .option('--seed <n>', 'what they are drawn from', whole, Math.floor(Date.now() / 1000))
  .option('--path <path>', 'of a failure: runs that program alone')
  .addOption(new Option('--sizes <sizes>', 'of tensors').choices(['small', 'large']).default('small'))
  .option('--threads <n>', 'compares the bits of so many threads with those of one', whole, 1)
  .option('--workers <n>', 'processes side by side, each with seeds of its own', whole, 1)
  .parse();
const { programs, seed, path, sizes, threads, workers } = program.opts();

/** Programs between two lines of progress; each batch has its own seed. */
const LOT = 10_000;

if (workers > 1 && path === undefined) {
  const share = Math.ceil(programs / workers);
  const lots = Math.ceil(share / LOT);
  const ended = Array.from({ length: workers }, (_, i) => {
    const given = ['--programs', share, '--seed', seed + i * lots, '--sizes', sizes, '--threads', threads].map(String);
    const child = spawn(process.execPath, ['scripts/fuzz.mjs', ...given], { stdio: 'inherit' });
    return new Promise((resolve) => void child.on('exit', (code) => resolve(code ?? 1)));
  });
  process.exit(Math.max(...(await Promise.all(ended))));
}

const bundle = await rolldown({ input: 'test/programs/fuzz.ts', platform: 'node', external: ['fast-check'] });
await bundle.write({ file: 'build/programs.mjs', format: 'esm' });
const { compare, fuzz, sizesOf } = await import(pathToFileURL(join(process.cwd(), 'build/programs.mjs')).href);
const saccade = await import(pathToFileURL(join(process.cwd(), 'dist/all.js')).href);
await saccade.init();

/** Runs each program on one thread and on several. */
async function threaded() {
  const [one, several] = await Promise.all([1, threads].map((count) => saccade.wasmBackend({ threads: count, grain: 0 })));
  return { run: compare(saccade, one, several), close: () => several.close?.() };
}

const { run, close } = threads > 1 ? await threaded() : { run: undefined, close: () => {} };
const started = performance.now();
let failed = false;
for (let done = 0, lot = 0; done < programs && !failed; lot++) {
  const report = fuzz(saccade, {
    programs: path ? 1 : Math.min(LOT, programs - done),
    seed: seed + lot,
    path,
    options: { sizes: sizesOf[sizes] },
    run,
  });
  failed = report.failure !== undefined;
  done += report.programs;
  const rate = Math.round((1000 * done) / (performance.now() - started));
  if (report.failure) console.error(report.failure.message);
  else console.log(`${done} programs agree, ${rate} a second, seeds ${seed} to ${seed + lot}`);
  if (path) break;
}
close();
process.exitCode = failed ? 1 : 0;
