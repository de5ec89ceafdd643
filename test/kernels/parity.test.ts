import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { type Backend, backend, type View } from '../../src/runtime/backend.ts';
import { Heap } from '../../src/runtime/heap.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';
import { type Argument, draws, type KernelRow, LENGTHS, type Range } from './row.ts';
import { rows } from './table.ts';

const SENTINELS = 8;
const SENTINEL = 12345;

/** Lays the arguments out, each range between sentinels and `shift` elements off alignment, calls the kernel, reads all back. */
function run(on: Backend, row: KernelRow, args: Argument[], shift: number, alias?: readonly [number, number]): Map<number, number[]> {
  const places = new Map<number, { at: number; block: number; size: number; range: Range }>();
  const blocks: [number, number][] = [];
  args.forEach((argument, i) => {
    if (typeof argument === 'number') return;
    if (alias && alias[0] === i) return;
    const size = argument.values.length;
    const capacity = (size + 2 * SENTINELS + 4) * on.unit;
    const block = on.heap.allocate(capacity);
    blocks.push([block, capacity]);
    places.set(i, { block, at: block + (SENTINELS + shift) * on.unit, size, range: argument });
  });
  for (const { at, size, range } of places.values()) {
    const around = on.view(at - SENTINELS * on.unit, size + 2 * SENTINELS, range.dtype);
    around.fill(SENTINEL);
    around.set(range.values, SENTINELS);
  }
  if (alias)
    places.set(alias[0], {
      ...(places.get(alias[1]) as never as { at: number; block: number; size: number }),
      range: args[alias[0]] as Range,
    });
  (on.kernels[row.kernel] as (...args: number[]) => void)(
    ...args.map((argument, i) => (typeof argument === 'number' ? argument : (places.get(i)?.at as number))),
  );
  const result = new Map<number, number[]>();
  for (const [i, { at, size, range }] of places) {
    const around: View = on.view(at - SENTINELS * on.unit, size + 2 * SENTINELS, range.dtype);
    for (let s = 0; s < SENTINELS; s++) {
      expect(around[s], `sentinel before argument ${i}`).toBe(SENTINEL);
      expect(around[SENTINELS + size + s], `sentinel after argument ${i}`).toBe(SENTINEL);
    }
    const overwritten = alias && i === alias[1];
    if (range.role === 'in' && !overwritten) {
      expect(Array.from(around.slice(SENTINELS, SENTINELS + size)), `argument ${i} unchanged`).toEqual(range.values);
    } else if (range.role === 'out' || range.role === 'inout') {
      result.set(i, Array.from(around.slice(SENTINELS, SENTINELS + size)));
    }
  }
  for (const [block, capacity] of blocks) on.heap.free(block, Heap.capacity(capacity));
  return result;
}

function compare(got: Map<number, number[]>, wanted: Map<number, number[]>, row: KernelRow, what: string): void {
  const { relative = 2.4e-7, absolute = 0 } = row.tolerance ?? {};
  for (const [i, values] of wanted) {
    values.forEach((value, j) => {
      const actual = got.get(i)?.[j] as number;
      if (Object.is(actual, value) || actual === Math.fround(value) || actual === value || (Number.isNaN(actual) && Number.isNaN(value)))
        return;
      const difference = Math.abs(actual - value);
      if (!(difference <= relative * Math.abs(value) + absolute)) {
        expect.fail(`${what}: argument ${i}[${j}] must be ${value} ± ${relative}·|·| + ${absolute}, got ${actual} (off by ${difference})`);
      }
    });
  }
}

const title = (row: KernelRow) => (row.name ? `${row.kernel}: ${row.name}` : row.kernel);

// Node 20 has relaxed SIMD behind a flag.
if (Number(process.versions.node.split('.')[0]) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
const builds = [backend(), await wasmBackend({ build: 'relaxed' })];

describe.each(builds)('every kernel of the $build build equals its float64 reference', (build) => {
  const reference = referenceBackend();
  for (const row of rows) {
    it(title(row), () => {
      for (const n of row.lengths ?? LENGTHS) {
        const args = row.args(n, draws(n));
        const wanted = run(reference, row, args, 0);
        for (const shift of [0, 1, 2, 3]) compare(run(build, row, args, shift), wanted, row, `n = ${n}, shift ${shift}`);
        for (const alias of row.alias ?? []) compare(run(build, row, args, 1, alias), wanted, row, `n = ${n}, alias ${alias}`);
      }
    });
  }
});

describe('the kernel table', () => {
  it('has a row for every kernel', () => {
    const named = new Set<string>(rows.map((row) => row.kernel));
    const all = Object.keys(referenceBackend().kernels);
    expect(all.filter((kernel) => !named.has(kernel))).toEqual([]);
  });
});
