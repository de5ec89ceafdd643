import { Linear } from '../nn/linear.ts';
import { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { anything, expectKey, expectOptions, isNumber, isPositive, isShare, isSize, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Attention } from './attention.ts';
import type { Between } from './between.ts';
import type { KeyValueCache } from './cache.ts';
import { dropping } from './dropping.ts';
import { HeadedAttention, type MultiHeadCall } from './headed.ts';
import { type ExtendCall, type Extended, Heads, type StepsCall } from './heads.ts';
import type { Attended, Mechanism, Prepared, Read, Selection, Step, Steps, Window } from './parts.ts';
import { expectGroups, groupedMaps, type Mapping, Maps, PackedProjection, type ProjectionSizes, SeparateProjection } from './projection.ts';
import { weightedSum } from './read.ts';
import { DotScore, type Score } from './score.ts';
import { soft } from './selection.ts';

/** Options of a {@link MultiHead}. */
export interface MultiHeadOptions {
  /** Widths of queries, keys and values. Values default to the width of keys. */
  query: number;
  /** Width of keys. */
  key: number;
  /** Width of values. Default: that of keys. */
  value?: number | undefined;
  /** H. */
  heads: number;
  /** Width of all heads together, a multiple of H. Default: that of queries. */
  size?: number | undefined;
  /** Width of each head, in place of `size`: the heads of T5 together are wider than their input. */
  headSize?: number | undefined;
  /** Width of the output. Default: `size`; that of queries if `headSize` is given. */
  output?: number | undefined;
  /** Whether the maps have biases; `inputs`: those of queries, keys and values alone, as in Qwen2; `output`: the last alone. Default true. */
  bias?: boolean | 'inputs' | 'output' | undefined;
  /** Probability of {@link dropping} a weight if a key is given. Default 0. */
  dropout?: number | undefined;
  /** The score of each head's queries and keys, which are `size / heads` wide; heads share its parameters. Default: scaled dot. */
  score?: (sizes: { query: number; key: number; hidden: number }, key: Key) => Score;
  /** Factor of the dot products. Default 1 / √D; T5 has 1. */
  scale?: number | undefined;
  /** c of `c · tanh(score / c)`, which keeps dot products between −c and c (Gemma 2: 50). Default none. */
  softcap?: number | undefined;
  /** Parts of every head, with the defaults of {@link Attention}. */
  window?: Window | undefined;
  /** From scores to weights. Default: softmax. */
  selection?: Selection | undefined;
  /** What each head reads with its weights. Default: the weighted sum. */
  read?: Read | undefined;
  /**
   * G: heads of keys and values, each for H / G heads of queries. If there are fewer than H, the maps are `q_proj`, `k_proj` and `v_proj`,
   * initialised as {@link Linear}. Default H.
   */
  keyHeads?: number | undefined;
  /** Changes queries and keys between their maps and the score. */
  between?: Between | undefined;
}

/** Which maps of attention have biases. */
export const isBias = /* @__PURE__ */ ruleOf(
  'true or false, inputs or output',
  (value) => typeof value === 'boolean' || value === 'inputs' || value === 'output',
);

const rules: Rules<MultiHeadOptions> = {
  query: isSize,
  key: isSize,
  heads: isSize,
  value: /* @__PURE__ */ maybe(isSize),
  size: /* @__PURE__ */ maybe(isSize),
  headSize: /* @__PURE__ */ maybe(isSize),
  output: /* @__PURE__ */ maybe(isSize),
  bias: /* @__PURE__ */ maybe(isBias),
  dropout: /* @__PURE__ */ maybe(isShare),
  score: anything,
  scale: /* @__PURE__ */ maybe(isNumber),
  softcap: /* @__PURE__ */ maybe(isPositive),
  window: anything,
  selection: anything,
  read: anything,
  keyHeads: /* @__PURE__ */ maybe(isSize),
  between: anything,
};

/** The maps: one matrix if the widths allow it, three otherwise, or those of grouped queries. */
function projectionOf(sizes: ProjectionSizes & { keyHeads: number }, keys: readonly [Key, Key, Key]) {
  const { keyHeads, ...rest } = sizes;
  if (keyHeads !== sizes.heads) return groupedMaps(sizes, keys);
  const { query, key, value } = sizes;
  return query === key && key === value ? new PackedProjection(rest, keys[0]) : new SeparateProjection(rest, keys);
}

/** Widths of all heads together and of the output. */
function widthsOf({ query, heads, headSize, size: given, output }: MultiHeadOptions): { size: number; output: number } {
  const size = given ?? (headSize ? headSize * heads : query);
  if (size % heads !== 0) throw new RangeError(`MultiHead: size must be a multiple of heads, got ${size} and ${heads}`);
  if (headSize && headSize * heads !== size) {
    throw new RangeError(`MultiHead: size must be heads · headSize where both are given, got ${size}, ${heads} and ${headSize}`);
  }
  return { size, output: output ?? (headSize ? query : size) };
}

const dotOf = ({ scale, softcap }: MultiHeadOptions) => new DotScore(scale === undefined ? { scaled: true, softcap } : { scale, softcap });

/**
 * Several heads attend at once, each with its own maps of queries, keys and values, and one map joins what they read (Vaswani et al. 2017,
 * §3.2.2). Heads take any score, window, selection and read. Parameters have the names, layout and initialisation of PyTorch's
 * `nn.MultiheadAttention`: the maps are one `in_proj_weight` if queries, keys and values have one width. Weights are `[B, H, T, S]` (of a
 * step `[B, H, S]`), choices and values `[B, H, T]`; log-probability and entropy are those of all heads together, `[B, T]`. Soft attention
 * by dot products runs as `scaledDotProductAttention`: without `weights` nothing of size T · S is made. It builds a {@link
 * HeadedAttention}, which takes other maps as well.
 */
export class MultiHead extends Module implements Mechanism {
  readonly in_proj_weight: Tensor | undefined; // [3E, Q]
  readonly q_proj_weight: Tensor | undefined; // [E, Q]
  readonly k_proj_weight: Tensor | undefined; // [E, K]
  readonly v_proj_weight: Tensor | undefined; // [E, V]
  readonly in_proj_bias: Tensor | null = null; // [3E]
  readonly q_proj: Mapping | undefined;
  readonly k_proj: Mapping | undefined;
  readonly v_proj: Mapping | undefined;
  readonly out_proj: Linear;
  readonly between: Between | undefined;
  /** The mechanism of each head. */
  readonly attention: Attention;
  readonly heads: number;
  /** E, the width of all heads together. */
  readonly size: number;
  /** The attention it is built of, with the parameters above. */
  readonly parts: HeadedAttention;

  constructor(options: MultiHeadOptions, key: Key) {
    super();
    expectOptions('MultiHead', options, rules);
    expectKey('MultiHead', key);
    const { query, key: keys, value = keys, heads, bias = true, dropout: p = 0, keyHeads = heads } = options;
    const { size, output } = widthsOf(options);
    for (const name of ['scale', 'softcap'] as const) {
      if (!options.score || options[name] === undefined) continue;
      throw new RangeError(`MultiHead: ${name} must be left out where a score is given, got ${options[name]}`);
    }
    const [forQ, forK, forV, forOutput, forScore] = split(key, 5);
    expectGroups('MultiHead', heads, keyHeads);
    const projection = projectionOf({ query, key: keys, value, heads, keyHeads, size, bias: bias === true || bias === 'inputs' }, [
      forQ,
      forK,
      forV,
    ]);
    if (projection instanceof Maps) {
      this.q_proj = projection.query;
      this.k_proj = projection.key;
      this.v_proj = projection.value;
    } else if (projection instanceof PackedProjection) this.in_proj_weight = projection.in_proj_weight;
    else {
      this.q_proj_weight = projection.q_proj_weight;
      this.k_proj_weight = projection.k_proj_weight;
      this.v_proj_weight = projection.v_proj_weight;
    }
    if (!(projection instanceof Maps)) this.in_proj_bias = projection.in_proj_bias;
    this.out_proj = new Linear({ input: size, output, bias: bias === true || bias === 'output' }, forOutput);
    this.out_proj.bias?.view().fill(0);
    const width = size / heads;
    const score = options.score?.({ query: width, key: width, hidden: width }, forScore) ?? dotOf(options);
    const { window, selection = soft, read = weightedSum } = options;
    const selecting = p > 0 ? dropping({ p, selection }) : selection;
    this.attention = new Attention({ score, selection: selecting, read, heads, ...(window && { window }) });
    this.heads = heads;
    this.size = size;
    this.between = options.between;
    const looking = new Heads({ attention: this.attention, keyHeads, between: this.between });
    this.parts = new HeadedAttention({ projection, heads: looking, output: this.out_proj }, 'MultiHead');
  }

  /**
   * Attends with queries `[B, T, Q]` to keys `[B, S, K]` and values `[B, S, V]` (the keys by default), giving `output` `[B, T, E]` and
   * `weights` `[B, H, T, S]`.
   */
  forward(query: Tensor, keys: Tensor, values: Tensor | undefined, options: MultiHeadCall & { weights: false }): Omit<Attended, 'weights'>;
  forward(query: Tensor, keys: Tensor, values?: Tensor, options?: MultiHeadCall): Attended;
  forward(query: Tensor, keys: Tensor, values?: Tensor, options?: MultiHeadCall): Omit<Attended, 'weights'> {
    return this.parts.forward(query, keys, values, options);
  }

  prepare(keys: Tensor, values?: Tensor, options?: { mask?: Tensor }): Prepared {
    return this.parts.prepare(keys, values, options);
  }

  initialState(prepared: Prepared, steps?: number): State {
    return this.parts.initialState(prepared, steps);
  }

  step(query: Tensor, prepared: Prepared, state: State, options?: { key?: Key }): Step {
    return this.parts.step(query, prepared, state, options);
  }

  /** {@link HeadedAttention.steps}: several queries `[B, N, Q]` at once of a source that is prepared. */
  steps(query: Tensor, prepared: Prepared, state: State, options: StepsCall & { weights: false }): Omit<Steps, 'weights'>;
  steps(query: Tensor, prepared: Prepared, state: State, options?: StepsCall): Steps;
  steps(query: Tensor, prepared: Prepared, state: State, options?: StepsCall): Omit<Steps, 'weights'> {
    return this.parts.steps(query, prepared, state, options);
  }

  /**
   * Extends texts by the next tokens `[B, N, Q]`, any number at a time; each token attends to itself and to all before it. Gives `output`
   * `[B, N, ·]` and the cache with these tokens; without a cache a new text begins. One by one, in chunks, all at once, alone or in a
   * batch, the bits are the same: those of `forward` with a `causal` window besides. The window may be any that depends on positions alone;
   * the other parts must be such that heads are one op.
   */
  extend(x: Tensor, cache?: KeyValueCache, options?: ExtendCall): Extended {
    return this.parts.extend(x, cache, options);
  }
}
