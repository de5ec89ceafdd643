import {
  add,
  causal,
  crossEntropy,
  Embedding,
  gelu,
  type Key,
  key,
  LayerNorm,
  Linear,
  Module,
  MultiHead,
  slice,
  split,
  type Tensor,
} from 'saccade';
import type { Case } from '../case.ts';
import { proofOf, step, tokens, training } from './step.ts';

const LAYERS = 4;
const WIDTH = 128;
const HEADS = 4;
const LENGTH = 64;
const SYMBOLS = 65;

/** One pre-norm layer (Radford et al. 2019): causal attention, then a hidden layer four times as wide with GELU. */
class Layer extends Module {
  readonly attentionNorm = new LayerNorm({ size: WIDTH });
  readonly hiddenNorm = new LayerNorm({ size: WIDTH });
  readonly attention: MultiHead;
  readonly widen: Linear;
  readonly narrow: Linear;

  constructor(seed: Key) {
    super();
    const keys = split(seed, 3) as [Key, Key, Key];
    this.attention = new MultiHead({ query: WIDTH, key: WIDTH, heads: HEADS, window: causal }, keys[0]);
    this.widen = new Linear({ input: WIDTH, output: 4 * WIDTH }, keys[1]);
    this.narrow = new Linear({ input: 4 * WIDTH, output: WIDTH }, keys[2]);
  }

  /** x [B, T, D] */
  forward(x: Tensor): Tensor {
    const z = this.attentionNorm.forward(x);
    const y = add(x, this.attention.forward(z, z, z, { weights: false }).output);
    return add(y, this.narrow.forward(gelu(this.widen.forward(this.hiddenNorm.forward(y)))));
  }
}

/** A character-level language model as small as nanoGPT's for the CPU. */
class GPT extends Module {
  readonly symbols: Embedding;
  readonly positions: Embedding;
  readonly layers: Layer[];
  readonly norm = new LayerNorm({ size: WIDTH });
  readonly output: Linear;

  constructor(seed: Key) {
    super();
    const [a, b, c, ...rest] = split(seed, 3 + LAYERS) as [Key, Key, Key, ...Key[]];
    this.symbols = new Embedding({ symbols: SYMBOLS, size: WIDTH }, a);
    this.positions = new Embedding({ symbols: LENGTH, size: WIDTH }, b);
    this.output = new Linear({ input: WIDTH, output: SYMBOLS, bias: false }, c);
    this.layers = rest.map((of) => new Layer(of));
  }

  /** Tokens [B, T] to logits [B, T, 65]. */
  forward(tokens: Tensor): Tensor {
    const length = tokens.shape[1] as number;
    const start = add(this.symbols.forward(tokens), slice(this.positions.weight, 0, 0, length));
    const y = this.layers.reduce((x, layer) => layer.forward(x), start);
    return this.output.forward(this.norm.forward(y));
  }
}

const lesson = (batch: number) => () => {
  const text = tokens(2, [batch, LENGTH + 1], SYMBOLS);
  const [input, target] = [slice(text, 1, 0, LENGTH), slice(text, 1, 1)];
  const model = new GPT(key(1));
  return { model, loss: () => crossEntropy(model.forward(input), target) };
};

/** Multiplications of the products for one symbol, forward; attention's of the causal half. */
const products = LAYERS * (12 * WIDTH * WIDTH + 2 * WIDTH * ((LENGTH + 1) / 2)) + WIDTH * SYMBOLS;

const BATCH = 12;

export const gpt: Case[] = [
  {
    ...training,
    name: `${LAYERS} layers, ${WIDTH} wide, ${HEADS} heads, batch ${BATCH}×${LENGTH}`,
    work: 3 * 2 * BATCH * LENGTH * products,
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
    target: { most: 100, peers: 3 },
  },
];
