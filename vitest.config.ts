import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: [
      { find: /^saccade$/, replacement: new URL('./src/index.ts', import.meta.url).pathname },
      { find: /^saccade\/reference$/, replacement: new URL('./src/reference.ts', import.meta.url).pathname },
      { find: /^saccade\/(\w+)$/, replacement: `${new URL('./src', import.meta.url).pathname}/$1/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/onnx/runtime/**'], // npm run test:onnx
    testTimeout: 120_000,
    maxWorkers: '100%', // by default a core is left idle, of two one
    setupFiles: ['test/setup.ts'],
  },
});
