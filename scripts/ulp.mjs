// Every float32 through every elementary function, both builds, against float64: prints the worst error and fails above 2 ulp.
// `npm run test:ulp`, or `node scripts/ulp.mjs [--build=relaxed] [exp tanh …]` after a build. Minutes per function.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The bound every function keeps. */
export const BOUND = 2;

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
const SPACING = Float64Array.from({ length: 2048 }, (_, exponent) => 2 ** (Math.max(exponent - 1023, -126) - 23));

/**
 * How far `got` is from `truth` (float64), in units of the distance between float32s at `truth`. NaN for NaN and the infinity that
 * `truth` rounds to are 0; anything else not finite is Infinity.
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
 * Float64 truths, each to about 1e-15 relative. Below 2^-12 the first terms of the series are exact enough (what is left out is below
 * 2^-48 of the result) and far out the limit is, which is what makes 2^32 calls a matter of a minute.
 * @param {{ erf(x: number): number, sigmoid(x: number): number }} reference
 * @returns {Record<string, { truth: (x: number) => number, domain?: number }>}
 */
export function functions({ erf, sigmoid }) {
  const tiny = 2 ** -12;
  const small = (/** @type {number} */ x) => x < tiny && x > -tiny;
  return {
    exp: { truth: (x) => (small(x) ? 1 + x * (1 + x * (1 / 2 + x / 6)) : x > 100 ? Infinity : x < -120 ? 0 : Math.exp(x)) },
    log: { truth: Math.log },
    tanh: { truth: (x) => (small(x) ? x - x ** 3 / 3 : x > 30 ? 1 : x < -30 ? -1 : Math.tanh(x)) },
    sigmoid: { truth: (x) => (small(x) ? 0.5 + x / 4 - x ** 3 / 48 : x > 60 ? 1 : x < -120 ? 0 : sigmoid(x)) },
    softplus: { truth: (x) => (x > 60 ? x : x < -120 ? 0 : Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))) },
    erf: { truth: (x) => (small(x) ? (2 / Math.sqrt(Math.PI)) * (x - x ** 3 / 3) : x > 8 ? 1 : x < -8 ? -1 : erf(x)) },
    sin: { truth: (x) => (small(x) ? x - x ** 3 / 6 : Math.sin(x)), domain: 2 ** 20 },
    cos: { truth: (x) => (small(x) ? 1 - (x * x) / 2 : Math.cos(x)), domain: 2 ** 20 },
  };
}

const CHUNK = 2 ** 20;

/** @param {BufferSource} bytes @returns {Promise<{ memory: WebAssembly.Memory, kernels: Record<string, (out: number, x: number, n: number) => void> }>} */
async function load(bytes) {
  const memory = new WebAssembly.Memory({ initial: 200, maximum: 65_536 });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory, abort: () => {} } });
  return { memory, kernels: /** @type {never} */ (instance.exports) };
}

/**
 * The worst error of one function over all 2^32 inputs, and where.
 * @param {{ memory: WebAssembly.Memory, kernel: (out: number, x: number, n: number) => void, truth: (x: number) => number, domain?: number | undefined, progress?: (part: number) => void }} job
 */
function worst({ memory, kernel, truth, domain = Infinity, progress }) {
  const at = 65_536;
  const [bits, xs] = [new Uint32Array(memory.buffer, at, CHUNK), new Float32Array(memory.buffer, at, CHUNK)];
  const ys = new Float32Array(memory.buffer, at + 4 * CHUNK, CHUNK);
  let [error, where, value] = [0, 0, 0];
  for (let first = 0; first < 2 ** 32; first += CHUNK) {
    for (let i = 0; i < CHUNK; i++) bits[i] = first + i;
    if (Math.abs(/** @type {number} */ (xs[0])) > domain) continue;
    kernel(at + 4 * CHUNK, at, CHUNK);
    for (let i = 0; i < CHUNK; i++) {
      const x = /** @type {number} */ (xs[i]);
      if (x > domain || x < -domain) continue;
      const off = ulps(/** @type {number} */ (ys[i]), truth(x));
      if (off > error) [error, where, value] = [off, x, /** @type {number} */ (ys[i])];
    }
    progress?.((first + CHUNK) / 2 ** 32);
  }
  return { error, where, value };
}

async function main() {
  const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const only = process.argv.find((word) => word.startsWith('--build='))?.slice(8);
  /** @type {typeof import('../src/runtime/reference/elementwise.ts')} */
  const reference = await import(new URL('../dist/runtime/reference/elementwise.js', import.meta.url).href);
  let failed = false;
  for (const build of only ? [only] : ['deterministic', 'relaxed']) {
    const bytes = readFileSync(new URL(`../build/saccade${build === 'relaxed' ? '.relaxed' : ''}.wasm`, import.meta.url));
    if (!WebAssembly.validate(bytes)) {
      console.log(`${build}: skipped, this engine has no relaxed SIMD (Node 20: node --experimental-wasm-relaxed-simd)`);
      continue;
    }
    const { memory, kernels } = await load(bytes);
    for (const [name, { truth, domain }] of Object.entries(functions(reference))) {
      if (names.length && !names.includes(name)) continue;
      const started = performance.now();
      const progress = (/** @type {number} */ part) => {
        if (process.stderr.isTTY) process.stderr.write(`\r${build} ${name} ${(100 * part).toFixed(1)} %`);
      };
      const kernel = /** @type {(out: number, x: number, n: number) => void} */ (kernels[name]);
      const { error, where, value } = worst({ memory, kernel, truth, domain, progress });
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
      console.log(`${build} ${name}: worst ${error.toFixed(3)} ulp, at ${where} (${value} for ${truth(where)}), ${seconds} s`);
      if (!(error <= BOUND)) failed = true;
    }
  }
  if (failed) {
    console.error(`ulp: every error must be at most ${BOUND} ulp, got a larger one`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
