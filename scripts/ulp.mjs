// Runs every float32 through every elementary function, in both builds, and compares with float64: prints the worst error and fails above 2
// ulp. `npm run test:ulp`, or `npm run test:ulp -- exp tanh --threads=1`. About a minute per function and thread.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** The bound of every function. */
export const BOUND = 2;

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
const SPACING = Float64Array.from({ length: 2048 }, (_, exponent) => 2 ** (Math.max(exponent - 1023, -126) - 23));

/**
 * The distance of `got` from `truth` (float64), in units of the spacing of float32 at `truth`. It is 0 for NaN if NaN is expected and for the
 * infinity that `truth` rounds to; any other value that is not finite gives Infinity.
 * @param {number} got @param {number} truth
 */
export function ulps(got, truth) {
  if (got === truth) return 0;
  if (Math.abs(got) === Infinity || Math.abs(truth) >= 2 ** 128 - 2 ** 103) return Math.fround(truth) === got ? 0 : Infinity;
  word[0] = truth;
  const exponent = (Number(halves[1]) >>> 20) & 2047;
  const error = Math.abs(got - truth) / Number(SPACING[exponent]);
  if (!Number.isNaN(error)) return error;
  return Number.isNaN(got) && Number.isNaN(truth) ? 0 : Infinity;
}

/**
 * Float64 truths with a relative error of about 1e-15. Below 2^-12 the first terms of the series are accurate enough (the rest is below 2^-48
 * of the result), and far out the limit is; so 2^32 calls take a minute.
 * @param {{ erf(x: number): number, sigmoid(x: number): number }} reference
 * @returns {Record<string, { truth: (x: number) => number, domain?: number }>}
 */
export function functions({ erf, sigmoid }) {
  const tiny = 2 ** -12;
  const small = (/** @type {number} */ x) => x < tiny && x > -tiny;
  return {
    exp: { truth: (x) => (small(x) ? 1 + x * (1 + x * (1 / 2 + x / 6)) : x > 100 ? Infinity : x < -120 ? 0 : Math.exp(x)) },
    log: { truth: Math.log },
    tanh: { truth: (x) => (small(x) ? x - (x * x * x) / 3 : x > 30 ? 1 : x < -30 ? -1 : Math.tanh(x)) },
    sigmoid: { truth: (x) => (small(x) ? 0.5 + x / 4 - (x * x * x) / 48 : x > 60 ? 1 : x < -120 ? 0 : sigmoid(x)) },
    softplus: { truth: (x) => (x > 60 ? x : x < -120 ? 0 : Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))) },
    erf: { truth: (x) => (small(x) ? (2 / Math.sqrt(Math.PI)) * (x - (x * x * x) / 3) : x > 8 ? 1 : x < -8 ? -1 : erf(x)) },
    sin: { truth: (x) => (small(x) ? x - (x * x * x) / 6 : Math.sin(x)), domain: 2 ** 20 },
    cos: { truth: (x) => (small(x) ? 1 - (x * x) / 2 : Math.cos(x)), domain: 2 ** 20 },
  };
}

const CHUNK = 2 ** 20;
/** Inputs per task. */
const PART = 2 ** 26;

/** @typedef {(out: number, x: number, n: number) => void} Kernel */
/** @typedef {{ error: number, where: number, value: number }} Worst */
/** @typedef {{ bytes: Uint8Array, build: string }} Build */

/** @param {Build} build @returns {Promise<{ build: string, memory: WebAssembly.Memory, kernels: Record<string, Kernel> }>} */
async function load({ build, bytes }) {
  const memory = new WebAssembly.Memory({ initial: 200, maximum: 65_536 });
  const { instance } = await WebAssembly.instantiate(/** @type {Uint8Array<ArrayBuffer>} */ (bytes), { env: { memory, abort: () => {} } });
  return { build, memory, kernels: /** @type {never} */ (instance.exports) };
}

/**
 * The worst errors of one function over {@link PART} inputs from bit pattern `first` on, one per build. A value that equals the rounded truth is
 * within half an ulp and not measured further, so the worst error is at least ½.
 * @param {Awaited<ReturnType<typeof load>>[]} builds @param {string} name @param {{ truth: (x: number) => number, domain?: number }} of @param {number} first
 */
function worstOf(builds, name, { truth, domain = Infinity }, first) {
  const at = 65_536;
  const sides = builds.map(({ memory, kernels }) => ({
    kernel: /** @type {Kernel} */ (kernels[name]),
    bits: new Uint32Array(memory.buffer, at, CHUNK),
    xs: new Float32Array(memory.buffer, at, CHUNK),
    ys: new Float32Array(memory.buffer, at + 4 * CHUNK, CHUNK),
    worst: /** @type {Worst} */ ({ error: 0.5, where: 0, value: 0 }),
  }));
  const truths = new Float64Array(CHUNK);
  for (let from = first; from < first + PART; from += CHUNK) {
    sides.forEach(({ bits, xs, kernel }, side) => {
      for (let i = 0; i < CHUNK; i++) bits[i] = from + i;
      kernel(at + 4 * CHUNK, at, CHUNK);
      if (side === 0) for (let i = 0; i < CHUNK; i++) truths[i] = truth(/** @type {number} */ (xs[i]));
    });
    for (const { xs, ys, worst } of sides) {
      for (let i = 0; i < CHUNK; i++) {
        const y = /** @type {number} */ (ys[i]);
        const wanted = /** @type {number} */ (truths[i]);
        if (Math.fround(wanted) === y) continue;
        const x = /** @type {number} */ (xs[i]);
        const off = x > domain || x < -domain ? 0 : ulps(y, wanted);
        if (off > worst.error) Object.assign(worst, { error: off, where: x, value: y });
      }
    }
  }
  return sides.map(({ worst }) => worst);
}

async function reference() {
  const module = await import(new URL('../build/modules/runtime/reference/elementwise.js', import.meta.url).href);
  return functions(/** @type {typeof import('../src/runtime/reference/elementwise.ts')} */ (module));
}

/** A worker: the worst errors for each `{ name, first }` it is sent. */
async function work() {
  const builds = await Promise.all(/** @type {Build[]} */ (workerData.ulp).map(load));
  const all = await reference();
  parentPort?.on('message', (/** @type {{ name: string, first: number }} */ { name, first }) => {
    const of = /** @type {{ truth: (x: number) => number, domain?: number }} */ (all[name]);
    parentPort?.postMessage(worstOf(builds, name, of, first));
  });
}

/**
 * One function over all 2^32 inputs, a part at a time to whichever worker is free.
 * @param {Worker[]} workers @param {string} name @param {number} builds @returns {Promise<Worst[]>}
 */
function everywhere(workers, name, builds) {
  const found = Array.from({ length: builds }, () => /** @type {Worst} */ ({ error: 0, where: 0, value: 0 }));
  let [next, done] = [0, 0];
  return new Promise((resolve, reject) => {
    for (const worker of workers) {
      const give = () => {
        if (next < 2 ** 32) worker.postMessage({ name, first: next });
        next += PART;
      };
      worker.removeAllListeners();
      worker.on('error', reject);
      worker.on('message', (/** @type {Worst[]} */ worsts) => {
        worsts.forEach((worst, i) => {
          if (worst.error > /** @type {Worst} */ (found[i]).error) found[i] = worst;
        });
        done += PART;
        if (process.stderr.isTTY) process.stderr.write(`\r${name} ${((100 * done) / 2 ** 32).toFixed(0)} %`);
        if (done === 2 ** 32) resolve(found);
        else give();
      });
      give();
    }
  });
}

async function main() {
  const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const threads = Number(process.argv.find((word) => word.startsWith('--threads='))?.slice(10) ?? availableParallelism());
  setFlagsFromString('--experimental-wasm-relaxed-simd'); // Node 20
  const all = await reference();
  for (const name of names) if (!(name in all)) throw new RangeError(`ulp: a function must be one of ${Object.keys(all)}, got ${name}`);
  const builds = ['deterministic', 'relaxed']
    .map((build) => ({
      build,
      bytes: new Uint8Array(readFileSync(new URL(`../build/saccade${build === 'relaxed' ? '.relaxed' : ''}.wasm`, import.meta.url))),
    }))
    .filter(({ bytes, build }) => {
      const runs = WebAssembly.validate(bytes);
      if (!runs) console.log(`${build}: skipped, this engine has no relaxed SIMD`);
      return runs;
    });
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url), { workerData: { ulp: builds } }));
  for (const [name, { truth }] of Object.entries(all)) {
    if (names.length && !names.includes(name)) continue;
    const started = performance.now();
    const found = await everywhere(workers, name, builds.length);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    found.forEach(({ error, where, value }, i) => {
      console.log(`${builds[i]?.build} ${name}: worst ${error.toFixed(3)} ulp, at ${where} (${value} for ${truth(where)}), ${seconds} s`);
      if (error <= BOUND) return;
      console.error(`ulp: every error must be at most ${BOUND} ulp, got ${error}`);
      process.exitCode = 1;
    });
  }
  for (const worker of workers) void worker.terminate();
}

if (!isMainThread && workerData?.ulp) await work();
else if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
