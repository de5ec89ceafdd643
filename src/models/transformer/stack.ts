// Layers one after the other, with or without a norm behind the last.

import type { KeyValueCache } from '../../attention/cache.ts';
import type { ExtendCall } from '../../attention/heads.ts';
import type { Prepared } from '../../attention/parts.ts';
import { Module } from '../../nn/module.ts';
import { expectCall, expectKey, expectOptions, isFlag, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { type Key, split } from '../../tensor/random.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';
import {
  type DecoderLayerCall,
  type DecoderWeights,
  decoderCalling,
  isDecoderLayer,
  TransformerDecoderLayer,
  type TransformerDecoderLayerOptions,
} from './decoder-layer.ts';
import { TransformerEncoderLayer } from './layer.ts';
import { calling, isLayer, type LayerCall, type Norm, normOf, type TransformerEncoderLayerOptions } from './parts.ts';

interface Stacked {
  /** How many layers. */
  layers: number;
  /** Whether a norm stands behind the last layer. Default: if the layers normalise first. */
  lastNorm?: boolean | undefined;
}

/** Options of a {@link TransformerEncoder}. */
export interface TransformerEncoderOptions extends TransformerEncoderLayerOptions, Stacked {}

/** Options of a {@link TransformerDecoder}. */
export interface TransformerDecoderOptions extends TransformerDecoderLayerOptions, Stacked {}

const stacked: Rules<Stacked> = { layers: isSize, lastNorm: /* @__PURE__ */ maybe(isFlag) };
const isEncoder: Rules<TransformerEncoderOptions> = { ...isLayer, ...stacked };
const isDecoder: Rules<TransformerDecoderOptions> = { ...isDecoderLayer, ...stacked };

/** `x` `[B, T, D]` through layers, one after the other; with `weights`, where each looked. */
export function throughLayers(
  layers: readonly TransformerEncoderLayer[],
  x: Tensor,
  { mask, keys = [], weights }: { mask?: Tensor | undefined; keys?: readonly Key[]; weights?: boolean | undefined },
): { output: Tensor; weights: Tensor[] } {
  const seen: Tensor[] = [];
  const output = layers.reduce((z, layer, i) => {
    const call = { mask, key: keys[i] };
    if (!weights) return layer.forward(z, call);
    const looked = layer.forward(z, { ...call, weights });
    seen.push(looked.weights);
    return looked.output;
  }, x);
  return { output, weights: seen };
}

/** Keys of the layers, if the call has one. */
const keysOf = (key: Key | undefined, layers: readonly unknown[]): readonly Key[] => (key ? split(key, layers.length) : []);

/**
 * Layers of an encoder (Vaswani et al. 2017, §3.1), as PyTorch's `nn.TransformerEncoder`: `layers.N…` and, with a last norm, `norm…`. With a
 * `causal` window it is a decoder without a source.
 */
export class TransformerEncoder extends Module {
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: Norm | null;

  constructor(options: TransformerEncoderOptions, key: Key) {
    super();
    expectOptions('TransformerEncoder', options, isEncoder);
    expectKey('TransformerEncoder', key);
    const { layers, lastNorm = options.normFirst ?? false, ...layer } = options;
    this.layers = split(key, layers).map((from) => new TransformerEncoderLayer(layer, from));
    this.norm = lastNorm ? normOf(options)() : null;
  }

  /** Maps `[B, T, D]` to the same. `weights` adds the attention weights of each layer, `[B, H, T, T]`, and changes no bit of the output. */
  forward(x: Tensor, options: LayerCall & { weights: true }): { output: Tensor; weights: Tensor[] };
  forward(x: Tensor, options?: LayerCall & { weights?: false | undefined }): Tensor;
  forward(x: Tensor, options: LayerCall & { weights?: boolean | undefined } = {}): Tensor | { output: Tensor; weights: Tensor[] } {
    expectCall('TransformerEncoder', options, calling);
    const { mask, key, weights } = options;
    const through = throughLayers(this.layers, x, { mask, keys: keysOf(key, this.layers), weights });
    const output = this.norm?.forward(through.output) ?? through.output;
    return weights ? { output, weights: through.weights } : output;
  }
}

/** A source prepared for the layers of a decoder: its keys and values, made once. */
export type TransformerSource = { readonly layers: readonly Prepared[] };

/** The memory of a decoder for the targets so far: the cache of each layer. */
export type TransformerState = { readonly layers: readonly KeyValueCache[] };

/** Options of {@link TransformerDecoder.extend}. */
export interface DecoderStackCall extends Omit<ExtendCall, 'weights'> {
  /** Whether to give the weights of every layer; a number, from 0, gives those of that layer alone. Default false. */
  weights?: boolean | number;
}

/** The result of {@link TransformerDecoder.extend}. */
export interface DecoderStackExtended {
  /** The output of these tokens `[B, N, D]`. */
  output: Tensor;
  /** The attention weights of the layers asked for, first layer first. */
  weights?: DecoderWeights[];
  /** The state with these tokens. */
  state: TransformerState;
}

/** Layers of a decoder (Vaswani et al. 2017, §3.1), as PyTorch's `nn.TransformerDecoder`: `layers.N…` and, with a last norm, `norm…`. */
export class TransformerDecoder extends Module {
  readonly layers: readonly TransformerDecoderLayer[];
  readonly norm: Norm | null;

  constructor(options: TransformerDecoderOptions, key: Key) {
    super();
    expectOptions('TransformerDecoder', options, isDecoder);
    expectKey('TransformerDecoder', key);
    const { layers, lastNorm = options.normFirst ?? false, ...layer } = options;
    this.layers = split(key, layers).map((from) => new TransformerDecoderLayer(layer, from));
    this.norm = lastNorm ? normOf(options)() : null;
  }

  /**
   * Maps targets `[B, T, D]` and a source, `[B, S, ·]` or the result of {@link prepare}, to the same. `weights` adds the attention weights of each layer
   * and changes no bit of the output.
   */
  forward(
    x: Tensor,
    source: Tensor | TransformerSource,
    options: DecoderLayerCall & { weights: true },
  ): { output: Tensor; weights: DecoderWeights[] };
  forward(x: Tensor, source: Tensor | TransformerSource, options?: DecoderLayerCall & { weights?: false | undefined }): Tensor;
  forward(
    x: Tensor,
    source: Tensor | TransformerSource,
    options: DecoderLayerCall & { weights?: boolean | undefined } = {},
  ): Tensor | { output: Tensor; weights: DecoderWeights[] } {
    expectCall('TransformerDecoder', options, decoderCalling);
    const { mask, crossMask, key, weights } = options;
    if (typeof source !== 'object' || source === null)
      throw new TypeError(`TransformerDecoder: source must be a tensor or what prepare gave, got ${kindOf(source)}`);
    if (!(source instanceof Tensor)) this.expectLayers('source', source);
    const keys = keysOf(key, this.layers);
    const seen: DecoderWeights[] = [];
    const y = this.layers.reduce((z, layer, i) => {
      const call = { mask, crossMask, key: keys[i] };
      const read = source instanceof Tensor ? source : (source.layers[i] as Prepared);
      if (!weights) return layer.forward(z, read, call);
      const looked = layer.forward(z, read, { ...call, weights });
      seen.push(looked.weights);
      return looked.output;
    }, x);
    const output = this.norm?.forward(y) ?? y;
    return weights ? { output, weights: seen } : output;
  }

  /** Prepares a source `[B, S, ·]`. `mask` is bool `[B, S]`. */
  prepare(source: Tensor, options: { mask?: Tensor } = {}): TransformerSource {
    return { layers: this.layers.map((layer) => layer.prepare(source, options)) };
  }

  /**
   * Extends targets by the next places `[B, N, D]`, any number at a time; without a state new targets begin. One by one, in chunks, all at once, alone or
   * in a batch: the bits are the same, and those of {@link forward} with a `causal` window.
   */
  extend(x: Tensor, source: TransformerSource, state?: TransformerState, options: DecoderStackCall = {}): DecoderStackExtended {
    const { weights: of, ...call } = options;
    this.expectLayers('source', source);
    if (state) this.expectLayers('state', state);
    if (typeof of === 'number' && !(of in this.layers)) {
      throw new RangeError(`TransformerDecoder: weights must be true, false or one of ${this.layers.length} layers, got ${of}`);
    }
    const caches: KeyValueCache[] = [];
    const seen: DecoderWeights[] = [];
    const y = this.layers.reduce((z, layer, i) => {
      const { output, cache, weights } = layer.extend(z, source.layers[i] as Prepared, state?.layers[i], {
        ...call,
        weights: of === true || of === i,
      });
      caches.push(cache);
      if (weights) seen.push(weights);
      return output;
    }, x);
    const output = this.norm?.forward(y) ?? y;
    return { output, state: { layers: caches }, ...(seen.length > 0 && { weights: seen }) };
  }

  private expectLayers(name: string, given: { layers?: readonly unknown[] } | undefined): void {
    const count = this.layers.length;
    const layers = given?.layers;
    if (layers?.length !== count)
      throw new RangeError(`TransformerDecoder: ${name} must be of ${count} layers, got ${layers ? layers.length : kindOf(given)}`);
  }
}
