import { Linear } from '../../nn/linear.ts';
import { LSTM } from '../../nn/recurrent.ts';
import { concat, gather, select } from '../../ops/index.ts';
import { expectKey, expectOptions, isFlag, isSize, maybe } from '../../tensor/check.ts';
import { foldIn, type Key, split } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Digest, isReader, Reader, type ReaderOptions, type Side } from './reader.ts';

/** Options of a {@link DeepLSTMReader}. */
export interface DeepLSTMReaderOptions extends ReaderOptions {
  /** Layers, each `hidden` wide. Default 2. */
  layers?: number | undefined;
  /** Whether the document is read before the question. Default false: who knows the question knows what to keep. */
  documentFirst?: boolean | undefined;
}

/**
 * The deep LSTM reader (Hermann et al. 2015, §3.2), which does not look: layers of LSTMs read question and document as one text. Every layer sees the symbols beside the outputs
 * of the layer below, and the answer is chosen by the last states of all layers, side by side.
 *
 * The two are joined without padding between them: where a text has ended, the states stay until the next one begins.
 */
export class DeepLSTMReader extends Reader {
  readonly layers: readonly LSTM[];
  override readonly output: Linear;
  private readonly documentFirst: boolean;

  constructor(options: DeepLSTMReaderOptions, key: Key) {
    expectOptions('DeepLSTMReader', options, { ...isReader, layers: maybe(isSize), documentFirst: maybe(isFlag) });
    expectKey('DeepLSTMReader', key);
    const { hidden, embedding = hidden, layers = 2, documentFirst = false, candidates } = options;
    const keys = split(key, 3);
    super('DeepLSTMReader', options, keys[0]);
    const widthOf = (layer: number) => (layer === 0 ? embedding : embedding + hidden);
    this.layers = Array.from({ length: layers }, (_, i) => new LSTM({ input: widthOf(i), hidden }, foldIn(keys[1], i)));
    this.output = new Linear({ input: layers * hidden, output: candidates, bias: false }, keys[2]);
    this.documentFirst = documentFirst;
  }

  /** @internal */
  protected override digest(document: Side, question: Side): Digest {
    const order = this.documentFirst ? [document, question] : [question, document];
    const mask = concat(order.map((side) => side.mask), 1); // biome-ignore format: one line
    const symbols = concat(
      order.map(({ input }) => (input instanceof Tensor ? input : gather(input.table, input.index))),
      1,
    );
    let below: Tensor | undefined;
    const last: Tensor[] = [];
    for (const layer of this.layers) {
      const { output, state } = layer.forward(below ? concat([symbols, below], 2) : symbols, { mask });
      last.push(select(state.h, 0, 0));
      below = output;
    }
    return { vector: concat(last, 1), weights: null };
  }
}
