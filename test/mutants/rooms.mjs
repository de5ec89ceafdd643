/**
 * The rooms whose mutants are tried, each against the tests that are about it: a mutant that only tests of other rooms would kill counts as
 * alive. The identity hash is in none of them, since it says that something changed and not that it is wrong.
 * Tables of all modules have rows of rooms further up, which would take most of the time: those that `without` finds in a title are left out.
 * @type {Record<string, { mutate: string[]; tests: string[]; without?: RegExp }>}
 */
export const rooms = {
  autograd: { mutate: ['src/autograd/**/*.ts'], tests: ['test/autograd'] },
  nn: {
    mutate: ['src/nn/**/*.ts'],
    tests: ['test/nn', 'test/equations/modules.test.ts'],
    without: /(Attention|Seq2Seq|Network|Heads?|Score|Predictive|Encoder|Bridge|Baseline|Model)\b|Attention: /,
  },
  attention: {
    mutate: ['src/attention/**/*.ts'],
    tests: [
      'test/attention',
      'test/nn/options.test.ts',
      'test/nn/initialisation.test.ts',
      'test/equations/mechanisms.test.ts',
      'test/equations/modules.test.ts',
      'test/equations/composed.test.ts',
    ],
    without: /(Seq2Seq|Network|Encoder|Bridge|Model)\b/,
  },
  decode: { mutate: ['src/decode/**/*.ts'], tests: ['test/decode', 'test/models'] },
  models: { mutate: ['src/models/**/*.ts'], tests: ['test/models', 'test/equations/modules.test.ts'] },
  train: { mutate: ['src/train/**/*.ts'], tests: ['test/train', 'test/equations/losses.test.ts'] },
  io: { mutate: ['src/io/**/*.ts'], tests: ['test/io'] },
};

/** The share of its mutants that each room must kill. */
export const LEAST = 0.85;
