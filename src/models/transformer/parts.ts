// What the layers of encoders and decoders share: what they are made with, a half of a layer, and the feed-forward net.

import type { Between } from '../../attention/between.ts';
import { isBias, MultiHead, type MultiHeadOptions } from '../../attention/multi-head.ts';
import type { Window } from '../../attention/parts.ts';
import type { Dropout } from '../../nn/dropout.ts';
import { LayerNorm } from '../../nn/layer-norm.ts';
import { Linear } from '../../nn/linear.ts';
import type { Module } from '../../nn/module.ts';
import { RMSNorm } from '../../nn/rms-norm.ts';
import { add, gelu, mul, relu, reluSquared, silu, swiglu } from '../../ops/index.ts';
import { anything, isFlag, isPositive, isShare, isSize, maybe, type Names, type Rules, ruleOf } from '../../tensor/check.ts';
import type { Key } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';

const activations: Record<Exclude<Activation, (x: Tensor) => Tensor>, (x: Tensor) => Tensor> = {
  relu,
  gelu: (x: Tensor) => gelu(x),
  'gelu-tanh': (x: Tensor) => gelu(x, { approximate: 'tanh' }),
  silu,
  relu2: reluSquared,
};

/**
 * What bends the feed-forward net: any map of a tensor to one of its shape, or by name `relu`, `gelu`, `gelu-tanh` (GPT-2's approximation), `silu`
 * (`x σ(x)`, LLaMA's) and `relu2` (the square of `relu`: So et al. 2021, "Primer", §4.2).
 */
export type Activation = 'relu' | 'gelu' | 'gelu-tanh' | 'silu' | 'relu2' | ((x: Tensor) => Tensor);

/** A part that normalises the last axis. */
export type Norm = Module & {
  /** `[…, D]` to the same. */
  forward(x: Tensor): Tensor;
};

/** Options of a {@link TransformerEncoderLayer}. */
export interface TransformerEncoderLayerOptions {
  /** D. */
  size: number;
  /** H; without `headSize` a divisor of D. */
  heads: number;
  /** F, the width of the feed-forward net. Default 4 D. */
  hidden?: number | undefined;
  /** Default `relu`. */
  activation?: Activation | undefined;
  /**
   * Whether the net has a third map V, `gate` `[F, D]`. The activation then is of the gate, which multiplies the first map: `W₂ (f(V x) ⊙ W₁ x)`
   * (Shazeer 2020, "GLU variants"). Default false.
   */
  gated?: boolean | undefined;
  /** Whether each half normalises what it reads (Radford et al. 2019, §2.3) and not the sum that it leaves. Default false. */
  normFirst?: boolean | undefined;
  /** The norms: `layer` ({@link LayerNorm}), `rms` ({@link RMSNorm}), or a function that makes one of the given width. Default `layer`. */
  norm?: 'layer' | 'rms' | ((size: number) => Norm) | undefined;
  /** Added to the variance or mean square by norms by name. Default: theirs, 1e-5 or 1e-6. */
  eps?: number | undefined;
  /** Whether the maps and each {@link LayerNorm} have biases. Default true. */
  bias?: boolean | undefined;
  /** Which maps of attention have biases, see {@link MultiHead}. Default `bias`. */
  attentionBias?: MultiHeadOptions['bias'] | undefined;
  /** Probability of dropping attention weights, elements between the maps, and of what each half adds, if a key is given. Default 0. */
  dropout?: number | undefined;
  /** The places of its own sequence that a query may attend to. Default: everywhere in an encoder, `causal` in a decoder. */
  window?: Window | undefined;
  /** G: heads of keys and values, each for H / G of queries, see {@link MultiHead}. Default H. */
  keyHeads?: number | undefined;
  /** Width of a head. Default D / H. */
  headSize?: number | undefined;
  /** Changes queries and keys of self-attention between their maps and the score: rotary positions, norms. */
  between?: Between | undefined;
  /** Factor of all scores. Default 1 / √(width of a head). */
  scale?: number | undefined;
}

/** Options of one call of a layer. */
export interface LayerCall {
  /** bool, true = may attend: `[B, T]` for all queries, `[B, T, T]`, or `[1, T, T]` for all examples. */
  mask?: Tensor | undefined;
  /** The key that dropout draws from, in training. */
  key?: Key | undefined;
}

/** Names of {@link LayerCall}. */
export const calling: Names<LayerCall & { weights?: boolean }> = { mask: 1, key: 1, weights: 1 };

/** The rule of an activation, in layers and models. */
export const isActivation = /* @__PURE__ */ ruleOf(
  'relu, gelu, gelu-tanh, silu, relu2 or a function of a tensor',
  (value) => typeof value === 'function' || (typeof value === 'string' && Object.hasOwn(activations, value)),
);

/** The rule of the option `norm`, in layers and models. */
export const isNorm = /* @__PURE__ */ ruleOf(
  'layer, rms or a function of a width',
  (value) => value === 'layer' || value === 'rms' || typeof value === 'function',
);

/** Rules of {@link TransformerEncoderLayerOptions}. */
export const isLayer: Rules<TransformerEncoderLayerOptions> = {
  size: isSize,
  heads: isSize,
  hidden: /* @__PURE__ */ maybe(isSize),
  activation: /* @__PURE__ */ maybe(isActivation),
  gated: /* @__PURE__ */ maybe(isFlag),
  normFirst: /* @__PURE__ */ maybe(isFlag),
  norm: /* @__PURE__ */ maybe(isNorm),
  eps: /* @__PURE__ */ maybe(isPositive),
  bias: /* @__PURE__ */ maybe(isFlag),
  attentionBias: /* @__PURE__ */ maybe(isBias),
  dropout: /* @__PURE__ */ maybe(isShare),
  window: anything,
  keyHeads: /* @__PURE__ */ maybe(isSize),
  headSize: /* @__PURE__ */ maybe(isSize),
  between: anything,
  scale: /* @__PURE__ */ maybe(isPositive),
};

/** A maker of the norms that the options ask for. */
export function normOf({ size, norm, eps, bias }: Pick<TransformerEncoderLayerOptions, 'size' | 'norm' | 'eps' | 'bias'>): () => Norm {
  if (typeof norm === 'function') return () => norm(size);
  if (norm === 'rms') return () => new RMSNorm({ size, eps });
  return () => new LayerNorm({ size, ...(eps !== undefined && { eps }), ...(bias !== undefined && { bias }) });
}

/** The attention of a layer, to keys as wide as `source`. */
export function attentionOf(
  options: TransformerEncoderLayerOptions,
  own: Pick<MultiHeadOptions, 'window' | 'between'>,
  key: Key,
  source = options.size,
): MultiHead {
  const { size, heads, headSize, keyHeads, bias, attentionBias = bias, dropout, scale } = options;
  return new MultiHead(
    { query: size, key: source, heads, headSize, output: size, keyHeads, bias: attentionBias, dropout, scale, ...own },
    key,
  );
}

/** The result of a half's part: `output`, beside whatever else. */
export interface Given {
  output: Tensor;
}

/**
 * One half of a layer, the sum of `x` `[B, T, D]` and the output f of `part`: `N(x + f(x))`, where the norm N stands behind the sum (Vaswani et al. 2017,
 * §3.1), or with `first` `x + f(N(x))` (Radford et al. 2019, §2.3). A key drops elements of f.
 */
export function half<G extends Given>(
  x: Tensor,
  { norm, first, dropout, key }: { norm: Norm; first: boolean; dropout: Dropout; key: Key | undefined },
  part: (z: Tensor) => G,
): G {
  const given = part(first ? norm.forward(x) : x);
  const sum = add(x, dropout.forward(given.output, { key }));
  return { ...given, output: first ? sum : norm.forward(sum) };
}

/** The maps of a feed-forward net, as a layer holds them. */
export interface FeedForward {
  readonly linear1: Linear; // [F, D]
  readonly linear2: Linear; // [D, F]
  readonly gate: Linear | undefined; // [F, D]
  readonly activation: (x: Tensor) => Tensor;
}

/** The net that the options ask for. */
export function feedForwardOf(
  { size, hidden = 4 * size, bias = true, gated = false, activation = 'relu' }: TransformerEncoderLayerOptions,
  [forFirst, forSecond, forGate]: readonly [Key, Key, Key],
): FeedForward {
  return {
    linear1: new Linear({ input: size, output: hidden, bias }, forFirst),
    linear2: new Linear({ input: hidden, output: size, bias }, forSecond),
    gate: gated ? new Linear({ input: size, output: hidden, bias }, forGate) : undefined,
    activation: typeof activation === 'function' ? activation : activations[activation],
  };
}

const gated = (activation: FeedForward['activation'], by: Tensor, x: Tensor) =>
  activation === silu ? swiglu(by, x) : mul(activation(by), x);

/** `W₂ f(W₁ x)`, with a gate V `W₂ (f(V x) ⊙ W₁ x)`, of each place `[B, T, D]` alone. A key drops elements of what W₂ reads. */
export function feedForward({ linear1, linear2, gate, activation }: FeedForward, x: Tensor, dropout: Dropout, key: Key | undefined): Given {
  const up = linear1.forward(x); // [B, T, F]
  const bent = gate ? gated(activation, gate.forward(x), up) : activation(up);
  return { output: linear2.forward(dropout.forward(bent, { key })) };
}
