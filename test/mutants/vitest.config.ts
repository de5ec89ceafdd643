import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** The root's configuration with the tests of one room, named by `npm run mutants`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: (process.env.SACCADE_MUTANTS ?? '').split(',') },
});
