import { crossEntropy, key, matmul, noGrad, scope, slice, type Tensor, tensor } from 'saccade';
import { LanguageModel } from 'saccade/models';
import { type Case, drawn, resultOf, sizeOf } from '../case.ts';
import { product } from '../plain.ts';
import { proofOf, step, tokens, training } from './step.ts';

const LAYERS = 4;
const WIDTH = 128;
const HEADS = 4;
const LENGTH = 64;
const SYMBOLS = 65;

/** A character-level language model of the size of nanoGPT's for the CPU. */
const sizes = { symbols: SYMBOLS, size: WIDTH, layers: LAYERS, heads: HEADS, length: LENGTH };

const lesson = (batch: number) => () => {
  const text = tokens(2, [batch, LENGTH + 1], SYMBOLS);
  const [input, target] = [slice(text, 1, 0, LENGTH), slice(text, 1, 1)];
  const model = new LanguageModel(sizes, key(1));
  return { model, loss: () => crossEntropy(model.forward(input).logits, target) };
};

/** Multiplications of the products for one symbol, forward; attention counts the causal half. */
const multiplications = LAYERS * (12 * WIDTH * WIDTH + 2 * WIDTH * ((LENGTH + 1) / 2)) + WIDTH * SYMBOLS;

const BATCH = 12;
const ROWS = BATCH * LENGTH;

/** The maps `[out, in]` of a layer, and that to the symbols. */
const maps = [
  [3 * WIDTH, WIDTH],
  [WIDTH, WIDTH],
  [4 * WIDTH, WIDTH],
  [WIDTH, 4 * WIDTH],
] as const;
const last = [SYMBOLS, WIDTH] as const;

/** So many whole heads have as many products as the causal half of all. */
const WHOLE = Math.round((BATCH * HEADS * (LENGTH + 1)) / (2 * LENGTH));

const operand = (shape: readonly number[], seed: number) => tensor(drawn(sizeOf(shape), seed), { shape });

/** A map's product, and those of its two gradients. Nothing is a parameter, whose panels would be kept. */
function ofMap([out, input]: readonly [number, number]): () => Tensor {
  const [x, weight, g] = [operand([ROWS, input], 1), operand([out, input], 2), operand([ROWS, out], 3)];
  return () => {
    matmul(g, weight);
    matmul(g, x, { transposeA: true });
    return matmul(x, weight, { transposeB: true });
  };
}

/** The two products of attention, and the four of their gradients; scores that are computed again count for nothing. */
function ofHeads(): () => void {
  const [q, k, v, g] = [1, 2, 3, 4].map((seed) => operand([WHOLE, LENGTH, WIDTH / HEADS], seed)) as [Tensor, Tensor, Tensor, Tensor];
  const weights = operand([WHOLE, LENGTH, LENGTH], 5);
  return () => {
    matmul(q, k, { transposeB: true });
    matmul(weights, v);
    matmul(g, v, { transposeB: true });
    matmul(weights, g, { transposeA: true });
    matmul(weights, k);
    matmul(weights, q, { transposeA: true });
  };
}

/** Every product of a step and nothing else, each layer's on memory of its own. */
function products(): () => Tensor {
  const layers = Array.from({ length: LAYERS }, () => [...maps.map(ofMap), ofHeads()]).flat();
  const output = ofMap(last);
  return () =>
    noGrad(() =>
      scope(() => {
        for (const one of layers) one();
        return output();
      }),
    );
}

const OF_PRODUCTS = 'its products alone';
const work = 3 * 2 * ROWS * multiplications;
const SHOWN = 8;

export const gpt: Case[] = [
  {
    name: OF_PRODUCTS,
    bound: 'compute',
    unit: 'ms',
    work,
    setup: products,
    proof: () => {
      const [x, weight] = [drawn(ROWS * WIDTH, 1), drawn(SYMBOLS * WIDTH, 2)];
      const sizes = { m: ROWS, k: WIDTH, n: SYMBOLS, first: ROWS - SHOWN, transposeB: true };
      return { got: Array.from(resultOf(products)).slice(-SHOWN * SYMBOLS), wanted: product(x, weight, sizes) };
    },
    tolerance: 2e-6,
  },
  {
    ...training,
    name: `${LAYERS} layers, ${WIDTH} wide, ${HEADS} heads, batch ${BATCH}×${LENGTH}`,
    work,
    setup: () => step(lesson(BATCH)),
    proof: () => proofOf(lesson(1)),
    task: {
      op: 'gpt',
      shapes: [],
      training: true,
      layers: LAYERS,
      width: WIDTH,
      heads: HEADS,
      batch: BATCH,
      length: LENGTH,
      symbols: SYMBOLS,
    },
    target: { most: 100, fraction: 0.87, like: [OF_PRODUCTS, 1 / 1.15], peers: 3.5, twoThreads: 1.8 },
  },
];
