// The tests of the kernels, on the build that the environment names instead of the package's.
import { defineConfig } from 'vitest/config';

const kernels = process.env.KERNELS ?? '';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  resolve: { alias: [{ find: /^\.\/generated\/deterministic\.ts$/, replacement: kernels }] },
  test: {
    include: ['test/kernels/parity.test.ts', 'test/kernels/order.test.ts'],
    testTimeout: 120_000,
    setupFiles: ['test/setup.ts'],
  },
});
