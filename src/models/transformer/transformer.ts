import { assign } from '../../nn/buffer.ts';
import { Module } from '../../nn/module.ts';
import { uniform } from '../../ops/index.ts';
import { anything, expectCall, expectKey, expectOptions, isFlag, maybe, type Names, type Rules } from '../../tensor/check.ts';
import { foldIn, type Key, split } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DecoderWeights } from './decoder-layer.ts';
import { isLayer, type TransformerEncoderLayerOptions } from './parts.ts';
import { TransformerDecoder, type TransformerDecoderOptions, TransformerEncoder, type TransformerEncoderOptions } from './stack.ts';

/** Options of a {@link Transformer}. */
export interface TransformerOptions extends Omit<TransformerEncoderLayerOptions, 'window'> {
  /** How many layers the encoder has, and the decoder. */
  layers: number;
  /** Whether a norm stands behind the last layer of each. Default true, as in PyTorch. */
  lastNorm?: boolean | undefined;
  /** Options of the encoder alone: its window, another number of layers, … */
  encoder?: Partial<TransformerEncoderOptions> | undefined;
  /** Options of the decoder alone. */
  decoder?: Partial<TransformerDecoderOptions> | undefined;
}

/** Options of one call of a {@link Transformer}. Masks are bool, true = may attend. */
export interface TransformerCall {
  /** The places that the encoder may attend to: `[B, S]`, which counts for the decoder too, `[B, S, S]` or `[1, S, S]`. */
  sourceMask?: Tensor | undefined;
  /** The places of the target that the decoder may attend to within its window: `[B, T]`, `[B, T, T]` or `[1, T, T]`. */
  targetMask?: Tensor | undefined;
  /** The places of the source that the decoder may attend to: `[B, S]`, `[B, T, S]` or `[1, T, S]`. Default: `sourceMask`, if that is `[B, S]`. */
  crossMask?: Tensor | undefined;
  /** The key that dropout draws from, in training. */
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

/** Rules of {@link TransformerOptions}. The stacks check their own. */
export const isTransformer: Rules<TransformerOptions> = {
  ...common,
  layers: anything,
  lastNorm: /* @__PURE__ */ maybe(isFlag),
  encoder: anything,
  decoder: anything,
};

/**
 * Encoder and decoder (Vaswani et al. 2017), without embeddings: {@link Seq2SeqTransformer} has them.
 * Parameters are named, laid out and drawn as in PyTorch's `nn.Transformer` (all matrices by Glorot and Bengio 2010, eq. 16), which has both last norms
 * in any case. Unlike there the decoder is `causal` by default, and a mask of source places counts for both.
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

  /**
   * Maps vectors of sources `[B, S, D]` and targets `[B, T, D]` to those of the next tokens `[B, T, D]`. `weights` adds the attention weights of each layer
   * and changes no bit of the output.
   */
  forward(source: Tensor, target: Tensor, options: TransformerCall & { weights: true }): { output: Tensor; weights: TransformerWeights };
  forward(source: Tensor, target: Tensor, options?: TransformerCall & { weights?: false | undefined }): Tensor;
  forward(
    source: Tensor,
    target: Tensor,
    options: TransformerCall & { weights?: boolean | undefined } = {},
  ): Tensor | { output: Tensor; weights: TransformerWeights } {
    expectCall('Transformer', options, calling);
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

/** The maps of layers: not what windows and norms hold, nor what the caller made. */
const map = /(?:^|\.)(?:linear[12]|gate|(?:self|multihead)_attn\.(?:in|[qkv]|out)_proj)[._]weight$/;

/** Draws every map of the layers anew from Glorot's uniform distribution, as `nn.Transformer` does. */
function drawnByGlorot(module: Module, key: Key): void {
  scope(() => {
    for (const [i, [path, x]] of [...module.stateDict()].entries()) {
      const [height = 0, width = 0] = x.shape;
      const bound = Math.sqrt(6 / (height + width));
      if (map.test(path)) assign(x, uniform(foldIn(key, i), x.shape, { low: -bound, high: bound }));
    }
  });
}
