import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../src/runtime/heap.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';

const END = 2 ** 32;

/** A backend whose memory has grown to 4 GiB. Nobody touches most of it. */
async function whole() {
  const backend = await wasmBackend();
  for (let size = 2 ** 31; size >= 64; size /= 2) {
    try {
      for (;;) backend.heap.allocate(size);
    } catch (error) {
      expect(error).toBeInstanceOf(OutOfMemoryError);
    }
  }
  expect(backend.heap.report().reserved).toBe(END);
  return backend;
}

describe('the end of 4 GiB', () => {
  it('is written by reductions over a leading axis, where they end there', async () => {
    const { kernels, view } = await whole();
    for (const width of [3, 16, 1000]) {
      const from = END - 2 ** 20;
      const out = END - width * 4;
      view(from, 5 * width, 'float32').fill(-5);
      for (const [kernel, value] of [
        [kernels.sum, -25],
        [kernels.max, -5],
      ] as const) {
        view(out, width, 'float32').fill(12345);
        kernel(out, from, 1, 5, width);
        expect(new Set(view(out, width, 'float32'))).toEqual(new Set([value]));
      }
    }
  });

  it('is in no block', async () => {
    const { heap } = await whole();
    const held = heap.report();
    expect(held.bytes).toBeLessThanOrEqual(END - 64 - 1024);
    expect(held.bytes).toBeGreaterThan(END - 2048);
  });
});
