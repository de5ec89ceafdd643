// The limits of the machine, measured by kernels that do nothing else (peak.as.ts, the same for every build).
import { readFileSync } from 'node:fs';
import type { Bound } from './case.ts';

interface Limits {
  compute(out: number, a: number, b: number, depth: number, times: number): void;
  copy(out: number, x: number, n: number): void;
  read(out: number, x: number, n: number): void;
  fill(out: number, n: number): void;
  exp(out: number, x: number, n: number, times: number): void;
}

/** Work of one kind at the machine's limit, with its amount in the units of the case. */
export interface Limit {
  run: () => void;
  work: number;
}

const PAGE = 65_536;
const DEPTH = 256;
/** Elements that stay in the first-level cache. */
const NEAR = 2048;
/** Beyond this amount, a rate that does not depend on the amount stays the same. */
const ENOUGH = { compute: 2e8, exp: 4e6 };
const memory = new WebAssembly.Memory({ initial: 16, maximum: 16_384 });

function instance(build: 'deterministic' | 'relaxed'): Limits {
  const file = new URL(build === 'relaxed' ? '../limits/peak.relaxed.wasm' : '../limits/peak.wasm', import.meta.url);
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env: { memory } }).exports as unknown as Limits;
}

/** Makes the first `bytes` after the first page usable. */
function reserve(bytes: number): void {
  const needed = Math.ceil(bytes / PAGE) + 2 - memory.buffer.byteLength / PAGE;
  if (needed > 0) memory.grow(needed);
}

/** The limits of a build, by kind of work. */
export function limitsOf(build: 'deterministic' | 'relaxed'): (bound: Bound, work: number) => Limit {
  const limits = instance(build);
  /** The number of elements, in blocks of 16, for that many bytes. */
  const block = (bytes: number) => Math.ceil(bytes / 64) * 16;
  const kinds: Record<Bound, (work: number) => Limit> = {
    compute(flop) {
      const tile = 2 * 4 * 8 * DEPTH;
      const times = Math.max(1, Math.round(Math.min(flop, ENOUGH.compute) / tile));
      return { run: () => limits.compute(1024, PAGE, PAGE + 16 * DEPTH, DEPTH, times), work: times * tile };
    },
    copy(bytes) {
      const n = block(bytes / 2);
      reserve(8 * n);
      return { run: () => limits.copy(PAGE, PAGE + 4 * n, n), work: 8 * n };
    },
    read(bytes) {
      const n = block(bytes);
      reserve(4 * n);
      return { run: () => limits.read(1024, PAGE, n), work: 4 * n };
    },
    fill(bytes) {
      const n = block(bytes);
      reserve(4 * n);
      return { run: () => limits.fill(PAGE, n), work: 4 * n };
    },
    exp(elements) {
      const times = Math.max(1, Math.round(Math.min(elements, ENOUGH.exp) / NEAR));
      return { run: () => limits.exp(1024, PAGE, NEAR, times), work: times * NEAR };
    },
  };
  return (bound, work) => kinds[bound](work);
}
