import { key, noGrad, scope, type Tensor } from 'saccade';
import { TextEncoder } from 'saccade/models';
import { toOnnx } from 'saccade/onnx';
import { referenceBackend, withBackend } from 'saccade/reference';
import type { Case } from '../case.ts';
import { tokens } from './step.ts';

const LAYERS = 6;
const WIDTH = 384;
const HEADS = 12;
const HIDDEN = 1536;
const SYMBOLS = 1000; // rows that are looked up: how many there are makes no difference
const [BATCH, LENGTH] = [8, 32];

/** As wide and deep as MiniLM-L6, which most sentence encoders in use are; its weights are drawn. */
const made = () => new TextEncoder({ symbols: SYMBOLS, size: WIDTH, layers: LAYERS, heads: HEADS, hidden: HIDDEN, length: LENGTH }, key(1));

/** A vector for each token of texts `[B, T]`. */
const encoded = (texts: Tensor): Tensor => {
  const model = made();
  return noGrad(() => model.forward(texts));
};

/** Multiplications of the products for one token: of maps and nets, and of scores and what they read. */
const products = LAYERS * (4 * WIDTH * WIDTH + 2 * WIDTH * HIDDEN + 2 * WIDTH * LENGTH);

export const encoder: Case[] = [
  {
    name: `${LAYERS} layers, ${WIDTH} wide, ${HEADS} heads, batch ${BATCH}×${LENGTH}`,
    bound: 'compute',
    unit: 'ms',
    work: 2 * BATCH * LENGTH * products,
    setup: () => {
      const [model, texts] = [made(), tokens(2, [BATCH, LENGTH], SYMBOLS)];
      return () => noGrad(() => model.forward(texts));
    },
    proof: () => {
      const text = () => tokens(3, [1, 4], SYMBOLS);
      const wanted = withBackend(referenceBackend(), () => scope(() => encoded(text()).toArray()));
      return { got: encoded(text()).toArray(), wanted };
    },
    tolerance: 1e-5,
    task: {
      op: 'encoder',
      shapes: [],
      tokens: () => tokens(2, [BATCH, LENGTH], SYMBOLS).toArray(),
      tokenShape: [BATCH, LENGTH],
      /** The same model with the same weights, as an ONNX file. */
      graph: () => {
        const module = made();
        return toOnnx(({ tokens: texts }) => module.forward(texts), {
          inputs: { tokens: { shape: ['batch', 'time'], dtype: 'int32', below: SYMBOLS } },
          module,
        });
      },
    },
    target: { peers: 1.25 },
  },
];
