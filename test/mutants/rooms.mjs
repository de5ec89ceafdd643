/** Tables of all modules. */
const tables = ['test/nn/options.test.ts', 'test/nn/initialisation.test.ts', 'test/equations/modules.test.ts'];

/** Rows of those tables that are about none of the given modules. @param {string} modules */
const notAbout = (modules) => new RegExp(`^test/(nn|equations)/\\w+\\.test\\.ts > (?!.*\\b(${modules})\\b)`);

/**
 * The rooms whose mutants are tried, each with the tests about it: a mutant that only other rooms' tests would kill counts as alive. The
 * identity hash belongs to none of them, since it shows that something changed, not that it is wrong. Tables of all modules have rows of
 * higher rooms, which would take most of the time: rows whose title matches `without` are left out.
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
  memory: {
    mutate: ['src/memory/**/*.ts', 'src/models/memory/**/*.ts'],
    tests: ['test/memory', 'test/models/memory-networks.test.ts', ...tables],
    without: notAbout('Memory\\w*|NeuralTuringMachine|Tape\\w*|EntityNetwork'),
  },
  meta: {
    mutate: ['src/models/meta/**/*.ts'],
    tests: ['test/models/few-shot.test.ts', 'test/models/snail.test.ts', ...tables],
    without: notAbout('Snail\\w*|AttentionBlock|DenseBlock|TCBlock|ConvEmbedding|PrototypicalNetwork'),
  },
  vision: {
    mutate: ['src/models/vision/**/*.ts'],
    tests: [
      ...['draw', 'drawing', 'images', 'recurrent-attention', 'decoding', 'translators'].map((name) => `test/models/${name}.test.ts`),
      ...tables,
    ],
    without: notAbout('Draw|ImageClassifier|RecurrentAttention|SelfAttention2d|ShowAttendTell|SpatialTransformer'),
  },
  io: { mutate: ['src/io/**/*.ts'], tests: ['test/io'] },
};

/** The share of its mutants that each room must kill. */
export const LEAST = 0.85;
