// One step of a decoder stack, for the models whose searches go through it.

import { KeyValueCache } from '../../attention/cache.ts';
import { viewed } from '../../ops/view.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DecoderStep } from '../seq2seq/encoder-decoder.ts';
import type { TransformerDecoder, TransformerSource, TransformerState } from './stack.ts';

/** The state before the first token of each target: an empty cache for each layer of the source. */
export function begun({ layers }: TransformerSource): TransformerState {
  return { layers: layers.map(({ keys }) => KeyValueCache.empty(keys.shape[0] as number)) };
}

/** Extends targets by a place each, `x` `[B, 1, D]`: its vector `[B, D]`, and the weights of layer `alignment` over the source `[B, H, S]`. */
export function advanced(
  decoder: TransformerDecoder,
  x: Tensor,
  source: TransformerSource,
  state: TransformerState,
  alignment: number,
): DecoderStep<TransformerState> {
  const { output, state: after, weights } = decoder.extend(x, source, state, { weights: alignment });
  const cross = weights?.[0]?.cross as Tensor; // [B, H, 1, S]
  return { vector: viewed(output, output.shape.toSpliced(1, 1)), weights: viewed(cross, cross.shape.toSpliced(2, 1)), state: after };
}
