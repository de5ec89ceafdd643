// A file of 320 MB goes into a module without passing through JavaScript's memory as a whole.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadInto } from '../../src/io/into.ts';
import { StateMap } from '../../src/nn/index.ts';
import { Module, param } from '../../src/nn/module.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { empty } from '../../src/tensor/tensor.ts';

const [ROWS, COLUMNS, MEGABYTE] = [10_000, 8_000, 2 ** 20];

class Large extends Module {
  readonly weight = param(() => empty([ROWS, COLUMNS]));
}

/** A file of zeros, but for one element. */
async function sparse(path: string, shape: readonly number[], at: number, value: number): Promise<void> {
  const header = JSON.stringify({ weight: { dtype: 'F32', shape, data_offsets: [0, ROWS * COLUMNS * 4] } });
  const file = await open(path, 'w');
  await file.write(new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer), 0, 8, 0);
  await file.write(new TextEncoder().encode(header), 0, header.length, 8);
  await file.truncate(8 + header.length + ROWS * COLUMNS * 4);
  await file.write(new Uint8Array(Float32Array.of(value).buffer), 0, 4, 8 + header.length + 4 * at);
  await file.close();
}

function sumOf(elements: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < elements.length; i++) sum += elements[i] as number;
  return sum;
}

it.skipIf(process.env.SACCADE_BRIEF)('and takes some megabytes on the way', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'saccade-'));
  try {
    const path = join(folder, 'large.safetensors');
    const model = new Large();
    model.weight.peek().fill(7);
    const { reserved } = memoryReport();
    for (const transpose of [false, true]) {
      const place = 1234 * COLUMNS + 567; // of the module's element
      await sparse(path, transpose ? [COLUMNS, ROWS] : [ROWS, COLUMNS], transpose ? 567 * ROWS + 1234 : place, 3.5);
      const used = () => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
      const before = used();
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, used() - before);
      }, 1);
      const map = new StateMap([{ from: 'weight', to: 'weight', ...(transpose && { transpose }) }]);
      await loadInto(model, path, { map, staged: false });
      clearInterval(watch);
      expect(most).toBeGreaterThan(0);
      expect(most / MEGABYTE).toBeLessThan(16);
      expect(model.weight.peek()[place]).toBe(3.5);
      expect(sumOf(model.weight.peek())).toBe(3.5);
    }
    expect(memoryReport().reserved).toBe(reserved);
    model.weight.storage.free();
  } finally {
    await rm(folder, { recursive: true });
  }
});
