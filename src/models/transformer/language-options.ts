// What a LanguageModel is made with.

import type { RotaryScaling } from '../../nn/positions/rotary-table.ts';
import type { RotaryLayout } from '../../ops/rotary.ts';
import { anything, isFlag, isOneOf, isPositive, isShare, isSize, maybe, type Rule, type Rules, shown } from '../../tensor/check.ts';
import { isLayer, type TransformerEncoderLayerOptions } from './parts.ts';

/** How a {@link LanguageModel} knows where a token stands: those of {@link Positions} that have a meaning there. */
export type LanguagePositions = 'learned' | 'sinusoidal' | 'rotary' | 'relative' | 'distance' | 'alibi' | 'none';

/** Of rotary positions. */
export interface RotaryChoice {
  /** θ, of which the rates are powers. Default 10000. */
  base?: number | undefined;
  /** How many elements of a head turn. Default: all. */
  width?: number | undefined;
  /** Which elements turn together. Default `halves`. */
  layout?: RotaryLayout | undefined;
  /** For texts longer than those of the training. Default: none. */
  scaling?: RotaryScaling | undefined;
}

type OfLayers = 'size' | 'heads' | 'hidden' | 'activation' | 'gated' | 'normFirst' | 'norm' | 'eps' | 'bias' | 'attentionBias' | 'dropout' | 'keyHeads' | 'headSize' | 'scale'; // biome-ignore format: one line

/** Options of {@link LanguageModel}; those of its layers are {@link TransformerEncoderLayer}'s. */
export interface LanguageModelOptions extends Pick<TransformerEncoderLayerOptions, OfLayers> {
  /** The number of symbols, C. */
  symbols: number;
  /** Number of layers. */
  layers: number;
  /** The most tokens of a text. */
  length: number;
  /** Default `learned`. */
  positions?: LanguagePositions | undefined;
  /** The rates of rotary positions, if `positions` is `rotary`. */
  rotary?: RotaryChoice | undefined;
  /** Whether queries and keys of each head are normalised: see {@link QKNorm}. Default false. */
  qkNorm?: boolean | undefined;
  /** How many tokens a query sees, its own included (Jiang et al. 2023, "Mistral 7B"), in every layer or in each; `null`: all before it. Default all. */
  window?: number | readonly (number | null)[] | undefined;
  /** What embeddings are multiplied by: √D in Vaswani et al. 2017, §3.4. Default 1. */
  embeddingScale?: number | undefined;
  /** Logits become `cap · tanh(logits / cap)` (Gemma Team 2024, §2). Default: they stay. */
  softcap?: number | undefined;
  /** Whether the last map has the symbols' vectors as its weight (Press and Wolf 2017). Default false. */
  tied?: boolean | undefined;
}

const positions: readonly LanguagePositions[] = ['learned', 'sinusoidal', 'rotary', 'relative', 'distance', 'alibi', 'none'];

const areWindows: Rule = (op, name, value) => {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  for (const one of all) if (one !== null || !Array.isArray(value)) isSize(op, name, one);
};

const isRotary: Rule = (op, name, value) => {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${op}: ${name} must be an object, got ${shown(value)}`);
};

const { size, heads, hidden, activation, gated, normFirst, norm, eps, bias, attentionBias, keyHeads, headSize, scale } = isLayer;

/** Rules of these options. */
export const isLanguageModel: Rules<LanguageModelOptions> = {
  ...{ size, heads, hidden, activation, gated, normFirst, norm, eps, bias, attentionBias, keyHeads, headSize, scale },
  symbols: isSize,
  layers: isSize,
  length: isSize,
  positions: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf(...positions)),
  rotary: /* @__PURE__ */ maybe(isRotary),
  qkNorm: /* @__PURE__ */ maybe(isFlag),
  window: /* @__PURE__ */ maybe(areWindows),
  embeddingScale: /* @__PURE__ */ maybe(isPositive),
  softcap: /* @__PURE__ */ maybe(isPositive),
  tied: /* @__PURE__ */ maybe(isFlag),
  dropout: /* @__PURE__ */ maybe(isShare),
};

/** Rules of {@link RotaryChoice}; the table checks the values. */
export const isRotaryChoice: Rules<RotaryChoice> = { base: anything, width: anything, layout: anything, scaling: anything };
