import { concat, crossEntropy, Embedding, type Key, key, Linear, LSTM, Module, matmul, softmax, split, type Tensor, tanh } from 'saccade';
import type { Case } from '../case.ts';
import { proofOf, step, tokens, training } from './step.ts';

const SOURCE = { length: 12, symbols: 35 };
const TARGET = { length: 10, symbols: 13 };
const WIDTH = 64;

/**
 * The model of TensorFlow.js's date-conversion example: an LSTM reads the date; another, from its last state, writes the ISO form with the
 * true letters as input, and each of its outputs attends to the encoder's by dot product.
 */
class Dates extends Module {
  readonly sourceEmbedding: Embedding;
  readonly targetEmbedding: Embedding;
  readonly encoder: LSTM;
  readonly decoder: LSTM;
  readonly combine: Linear;
  readonly output: Linear;

  constructor(seed: Key) {
    super();
    const keys = split(seed, 6);
    this.sourceEmbedding = new Embedding({ symbols: SOURCE.symbols, size: WIDTH }, keys[0]);
    this.targetEmbedding = new Embedding({ symbols: TARGET.symbols, size: WIDTH }, keys[1]);
    this.encoder = new LSTM({ input: WIDTH, hidden: WIDTH }, keys[2]);
    this.decoder = new LSTM({ input: WIDTH, hidden: WIDTH }, keys[3]);
    this.combine = new Linear({ input: 2 * WIDTH, output: WIDTH }, keys[4]);
    this.output = new Linear({ input: WIDTH, output: TARGET.symbols }, keys[5]);
  }

  /** Tokens [B, 12] and [B, 10] to logits [B, 10, 13]. */
  forward(source: Tensor, target: Tensor): Tensor {
    const read = this.encoder.forward(this.sourceEmbedding.lookup(source));
    const { output } = this.decoder.forward(this.targetEmbedding.lookup(target), { state: read.state }); // [B, 10, 64]
    const weights = softmax(matmul(output, read.output, { transposeB: true })); // [B, 10, 12]
    const context = matmul(weights, read.output);
    return this.output.forward(tanh(this.combine.forward(concat([context, output], 2))));
  }
}

const lesson = (batch: number) => () => {
  const source = tokens(2, [batch, SOURCE.length], SOURCE.symbols);
  const target = tokens(3, [batch, TARGET.length], TARGET.symbols);
  const wanted = tokens(4, [batch, TARGET.length], TARGET.symbols);
  const model = new Dates(key(1));
  return { model, loss: () => crossEntropy(model.forward(source, target), wanted) };
};

/**
 * Multiplications of the products, forward: each symbol's row once, the states' except the first, which is zero, and those after the
 * decoder.
 */
const products = (batch: number) =>
  (SOURCE.symbols + TARGET.symbols) * 4 * WIDTH * WIDTH +
  batch * (SOURCE.length - 1 + TARGET.length) * 4 * WIDTH * WIDTH +
  batch * TARGET.length * (2 * SOURCE.length * WIDTH + 2 * WIDTH * WIDTH + WIDTH * TARGET.symbols);

const BATCH = 128;

export const dates: Case[] = [
  {
    ...training,
    name: `batch ${BATCH}`,
    work: 3 * 2 * products(BATCH),
    setup: () => step(lesson(BATCH)),
    proof: () => proofOf(lesson(16)),
    task: { op: 'dates', shapes: [], training: true, batch: BATCH, source: SOURCE, target: TARGET, width: WIDTH },
    target: { most: 16 },
  },
];
