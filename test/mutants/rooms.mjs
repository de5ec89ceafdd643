/**
 * The rooms whose mutants are tried, each against the tests that are about it: a mutant that only tests of other rooms would kill counts as
 * alive. The identity hash is in none of them, since it says that something changed and not that it is wrong.
 * @type {Record<string, { mutate: string[]; tests: string[] }>}
 */
export const rooms = {
  autograd: { mutate: ['src/autograd/**/*.ts'], tests: ['test/autograd'] },
  nn: { mutate: ['src/nn/**/*.ts'], tests: ['test/nn', 'test/equations/modules.test.ts'] },
  attention: {
    mutate: ['src/attention/**/*.ts'],
    tests: ['test/attention', 'test/equations/mechanisms.test.ts', 'test/equations/modules.test.ts', 'test/equations/composed.test.ts'],
  },
  decode: { mutate: ['src/decode/**/*.ts'], tests: ['test/decode', 'test/models'] },
  models: { mutate: ['src/models/**/*.ts'], tests: ['test/models', 'test/equations/modules.test.ts'] },
  train: { mutate: ['src/train/**/*.ts'], tests: ['test/train', 'test/equations/losses.test.ts'] },
  io: { mutate: ['src/io/**/*.ts'], tests: ['test/io'] },
};

/** The share of its mutants that each room must kill. */
export const LEAST = 0.85;
