// Rows of the models under fronts: labels, copying, forecasts.
import { AttentionClassifier } from '../../src/models/attention-classifier.ts';
import { AttentionForecaster } from '../../src/models/attention-forecaster.ts';
import { AttentionSeq2Seq } from '../../src/models/seq2seq/attention-seq2seq.ts';
import { Copy } from '../../src/models/seq2seq/copy.ts';
import { not, softmax, stack } from '../../src/ops/index.ts';
import type { Key } from '../../src/tensor/random.ts';
import { beside, type ModuleRow, padding, real, row, sentences } from '../nn/row.ts';

const [S, T, SYMBOLS] = [5, 4, 7];
const keyed = (key: Key | undefined) => (key ? { key } : {});

/** Logits of two symbols beyond the vocabulary, too: `copying.test.ts` has what the suite of translators says of the others. */
export const copying = (key: Key, options = {}): AttentionSeq2Seq =>
  new AttentionSeq2Seq({ source: SYMBOLS, target: SYMBOLS, hidden: 4, embedding: 3, copy: 2, ...options }, key);

const forecasters = { '': {}, quantiles: { quantiles: 3, observed: true } };

export const frontRows: ModuleRow[] = [
  ...[true, false].map((bidirectional) =>
    row({
      module: 'AttentionClassifier',
      ...(bidirectional ? {} : { name: 'one way' }),
      build: (key) => new AttentionClassifier({ input: 3, hidden: 4, labels: 5, bidirectional, dropout: 0.2 }, key),
      call: (model, examples, key) => {
        const { logits, weights, values } = model.forward(real(examples, [S, 3], 1), { mask: padding(examples, S), ...keyed(key) });
        return beside(logits, weights, model.effects({ weights, values }));
      },
      dropout: true,
    }),
  ),
  row({
    module: 'Copy',
    build: (key) => new Copy({ hidden: 4, symbols: SYMBOLS - 2, unseen: 2, unknown: 3 }, key),
    call: (model, examples) => {
      const [logits, vector] = [real(examples, [T, SYMBOLS - 2], 1), real(examples, [T, 4], 2)];
      return model.forward(logits, vector, softmax(real(examples, [T, S], 3)), sentences(examples, S, SYMBOLS, 4));
    },
  }),
  row({
    module: 'AttentionSeq2Seq',
    name: 'copying',
    build: (key) => copying(key, { dropout: 0.2 }),
    call: (model, examples, key) => model.forward(sentences(examples, S, SYMBOLS, 1), sentences(examples, T, SYMBOLS, 2), keyed(key)),
    dropout: true,
  }),
  ...Object.entries(forecasters).map(([name, options]) =>
    row({
      module: 'AttentionForecaster',
      ...(name ? { name } : {}),
      build: (key) => new AttentionForecaster({ channels: 2, seasons: SYMBOLS, hidden: 4, embedding: 3, dropout: 0.2, ...options }, key),
      call: (model, examples, key) => {
        const seasons = { past: sentences(examples, S, SYMBOLS, 1), future: sentences(examples, T, SYMBOLS, 2) };
        const seen = name ? { observed: seenBy(examples) } : {};
        const { output, weights } = model.forward(real(examples, [S, 2], 1), seasons, { ...seen, ...keyed(key) });
        return beside(output, weights);
      },
      dropout: true,
    }),
  ),
];

/** Bool `[B, S, 2]`: the first channel as padding is, the second the other way round. */
function seenBy(examples: readonly number[]) {
  const first = padding(examples, S);
  return stack([first, not(first)], 2);
}
