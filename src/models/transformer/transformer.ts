import { assign } from '../../nn/buffer.ts';
import { Module } from '../../nn/module.ts';
import { uniform } from '../../ops/index.ts';
import { anything, expectKey, expectNames, expectOptions, isFlag, maybe, type Names, type Rules } from '../../tensor/check.ts';
import { foldIn, type Key, split } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DecoderWeights } from './decoder-layer.ts';
import { isLayer, type TransformerEncoderLayerOptions } from './parts.ts';
import { TransformerDecoder, type TransformerDecoderOptions, TransformerEncoder, type TransformerEncoderOptions } from './stack.ts';

/** What a {@link Transformer} is made with. */
export interface TransformerOptions extends Omit<TransformerEncoderLayerOptions, 'window'> {
  /** Layers of the encoder and of the decoder. */
  layers: number;
  /** Whether a norm stands behind the last layer of each. Default true, as in PyTorch. */
  lastNorm?: boolean | undefined;
  /** What is otherwise in the encoder: its window, the number of its layers, … */
  encoder?: Partial<TransformerEncoderOptions> | undefined;
  /** What is otherwise in the decoder. */
  decoder?: Partial<TransformerDecoderOptions> | undefined;
}

/** What a {@link Transformer} may be told of one call. Masks are bool, true = may attend. */
export interface TransformerCall {
  /** Where the encoder may look: `[B, S]`, which counts for the decoder too, `[B, S, S]` or `[1, S, S]`. */
  sourceMask?: Tensor | undefined;
  /** Where the decoder may look in the target, besides its window: `[B, T]`, `[B, T, T]` or `[1, T, T]`. */
  targetMask?: Tensor | undefined;
  /** Where the decoder may look in the source: `[B, S]`, `[B, T, S]` or `[1, T, S]`. Default `sourceMask` where that is `[B, S]`. */
  crossMask?: Tensor | undefined;
  /** Given in training: what dropout draws from. */
  key?: Key | undefined;
}

/** Where each head of each layer looked, first layer first. */
export interface TransformerWeights {
  /** `[B, H, S, S]`. */
  encoder: Tensor[];
  /** Of each layer of the decoder. */
  decoder: DecoderWeights[];
}

const calling: Names<TransformerCall & { weights?: boolean }> = { sourceMask: 1, targetMask: 1, crossMask: 1, key: 1, weights: 1 };

const { window: _, ...common } = isLayer;

/** Rules of {@link TransformerOptions}. What the two stacks are told apart is checked by them. */
export const isTransformer: Rules<TransformerOptions> = {
  ...common,
  layers: anything,
  lastNorm: /* @__PURE__ */ maybe(isFlag),
  encoder: anything,
  decoder: anything,
};

/**
 * Encoder and decoder (Vaswani et al. 2017), without embeddings: what stands before and behind them is the user's, see {@link Seq2SeqTransformer}.
 * Parameters are named, laid out and drawn as in PyTorch's `nn.Transformer` (all matrices by Glorot and Bengio 2010, eq. 16), which has both last norms
 * whatever the layers do. Unlike there the decoder looks back alone unless its window is another, and a mask of source places counts for both.
 */
export class Transformer extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(options: TransformerOptions, key: Key) {
    super();
    expectOptions('Transformer', options, isTransformer);
    expectKey('Transformer', key);
    const { encoder, decoder, lastNorm = true, ...both } = options;
    const [forEncoder, forDecoder, forAll] = split(key, 3);
    this.encoder = new TransformerEncoder({ ...both, lastNorm, ...encoder }, forEncoder);
    const width = encoder?.size === undefined ? {} : { source: encoder.size };
    this.decoder = new TransformerDecoder({ ...both, lastNorm, ...width, ...decoder }, forDecoder);
    drawnByGlorot(this, forAll);
  }

  /** Vectors of sources `[B, S, D]` and of targets `[B, T, D]` to those of what comes next `[B, T, D]`; with `weights`, which change no bit of it, where all heads looked too. */
  forward(source: Tensor, target: Tensor, options: TransformerCall & { weights: true }): { output: Tensor; weights: TransformerWeights };
  forward(source: Tensor, target: Tensor, options?: TransformerCall & { weights?: false | undefined }): Tensor;
  forward(
    source: Tensor,
    target: Tensor,
    options: TransformerCall & { weights?: boolean | undefined } = {},
  ): Tensor | { output: Tensor; weights: TransformerWeights } {
    expectNames('Transformer', options, calling);
    const { sourceMask, targetMask, key, weights } = options;
    const { crossMask = sourceMask?.rank === 2 ? sourceMask : undefined } = options;
    const [forEncoder, forDecoder] = key ? split(key) : [];
    const [first, second] = [{ mask: sourceMask, key: forEncoder }, { mask: targetMask, crossMask, key: forDecoder }]; // biome-ignore format: a pair
    if (!weights) return this.decoder.forward(target, this.encoder.forward(source, first), second);
    const read = this.encoder.forward(source, { ...first, weights });
    const written = this.decoder.forward(target, read.output, { ...second, weights });
    return { output: written.output, weights: { encoder: read.weights, decoder: written.weights } };
  }
}

/** Draws every matrix of a module anew from Glorot's uniform distribution, as `nn.Transformer` does. */
function drawnByGlorot(module: Module, key: Key): void {
  scope(() => {
    for (const [i, x] of [...module.stateDict().values()].entries()) {
      const [height = 0, width = 0] = x.shape;
      const bound = Math.sqrt(6 / (height + width));
      if (x.rank === 2) assign(x, uniform(foldIn(key, i), x.shape, { low: -bound, high: bound }));
    }
  });
}
