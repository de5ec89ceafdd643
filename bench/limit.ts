// What the machine can do at most, measured by kernels that do nothing else (peak.as.ts).
import { readFileSync } from 'node:fs';

interface Limits {
  compute(out: number, a: number, b: number, depth: number, times: number): void;
  stream(out: number, x: number, n: number): void;
}

/** Runs one unit of work of a kind, as close to the limit as the machine lets. */
export type Limit = () => void;

const DEPTH = 256;
const PAGE = 65_536;
const memory = new WebAssembly.Memory({ initial: 16, maximum: 4096 });
const module = new WebAssembly.Module(readFileSync(new URL('./peak.wasm', import.meta.url)));
const limits = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Limits;

/** Multiply and add, in registers and the first-level cache: `flop` operations (rounded to whole tiles). */
export function computeLimit(flop: number): { run: Limit; work: number } {
  const tile = 2 * 4 * 8 * DEPTH;
  const times = Math.max(1, Math.round(flop / tile));
  return { run: () => limits.compute(1024, PAGE, PAGE + 16 * DEPTH, DEPTH, times), work: times * tile };
}

/** A copy that reads half of `bytes` and writes the other half. */
export function bandwidthLimit(bytes: number): { run: Limit; work: number } {
  const n = Math.ceil(bytes / 8 / 16) * 16;
  const needed = Math.ceil((8 * n) / PAGE) + 2;
  const have = memory.buffer.byteLength / PAGE;
  if (needed > have) memory.grow(needed - have);
  return { run: () => limits.stream(PAGE, PAGE + 4 * n, n), work: 8 * n };
}
