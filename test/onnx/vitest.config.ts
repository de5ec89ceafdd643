// `npm run test:onnx`: what needs ONNX Runtime.
import { defineConfig } from 'vitest/config';
import config from '../../vitest.config.ts';

export default defineConfig({
  ...config,
  test: { ...config.test, include: ['test/onnx/runtime/*.test.ts'], exclude: ['**/node_modules/**'] },
});
