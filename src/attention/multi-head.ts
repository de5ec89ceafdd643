import { Linear } from '../nn/linear.ts';
import { Module, param } from '../nn/module.ts';
import { mapState, type State } from '../nn/state.ts';
import { withoutUnseen } from '../nn/unseen.ts';
import { linear, permute, reshape, scaledDotProductAttention, select, slice, uniform, unstack } from '../ops/index.ts';
import {
  anything,
  expectKey,
  expectNames,
  expectOptions,
  isFlag,
  isShare,
  isSize,
  keyName,
  maybe,
  type Names,
  type Rules,
} from '../tensor/check.ts';
import { zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Attention, masking } from './attention.ts';
import { dropping } from './dropping.ts';
import { apart, flat, maskOfHeads, selectedBy } from './heads.ts';
import { maskOfKeys, maskOfScores } from './mask.ts';
import type { Attended, Mechanism, Prepared, Read, Selection, Step, Window } from './parts.ts';
import { weightedSum } from './read.ts';
import { DotScore, type Score } from './score.ts';
import { soft } from './selection.ts';
import { allPlaces, bothMasks, CombinedWindow, causal } from './window.ts';

/** What a {@link MultiHead} is made with. */
export interface MultiHeadOptions {
  /** Widths of queries, of keys, and of values (default: as keys). */
  query: number;
  key: number;
  value?: number;
  /** H. */
  heads: number;
  /** Width of all heads together, a multiple of H. Default: as queries. */
  size?: number;
  /** Width of the output. Default: as `size`. */
  output?: number;
  /** Without, no map has a bias. Default true. */
  bias?: boolean;
  /** {@link dropping} of weights where a key is given. Default 0. */
  dropout?: number;
  /** The score of each head's queries and keys, `size / heads` wide; parameters it has are shared by the heads. Default: scaled dot. */
  score?: (sizes: { query: number; key: number; hidden: number }, key: Key) => Score;
  /** The same for every head, and the defaults of {@link Attention}. */
  window?: Window;
  selection?: Selection;
  read?: Read;
}

/** What a {@link MultiHead} may be told of one call. */
export interface MultiHeadCall {
  /** bool, true = may attend: `[B, S]` for all queries, `[B, T, S]`, or `[1, T, S]` for all examples. */
  mask?: Tensor;
  /** Selections draw, and weights are dropped. */
  key?: Key;
  /** Returns the weights. The output has the same bits without. Default true. */
  weights?: boolean;
}

const calling: Names<MultiHeadCall> = { mask: 1, key: 1, weights: 1 };

const rules: Rules<MultiHeadOptions> = {
  query: isSize,
  key: isSize,
  heads: isSize,
  value: /* @__PURE__ */ maybe(isSize),
  size: /* @__PURE__ */ maybe(isSize),
  output: /* @__PURE__ */ maybe(isSize),
  bias: /* @__PURE__ */ maybe(isFlag),
  dropout: /* @__PURE__ */ maybe(isShare),
  score: anything,
  window: anything,
  selection: anything,
  read: anything,
};

/**
 * Several heads look at once, each with its own maps of queries, keys and values, and one map joins what they read (Vaswani et al. 2017,
 * §3.2.2): any score, window, selection and read. Parameters are named, laid out and drawn as in PyTorch's `nn.MultiheadAttention`: the
 * maps are one `in_proj_weight` where queries, keys and values are of one width. Weights are `[B, H, T, S]` (of a step `[B, H, S]`),
 * choices and values `[B, H, T]`; log-probability and entropy are those of all heads together, `[B, T]`. Scaled dot scores taken softly
 * are {@link scaledDotProductAttention}: without `weights` nothing of size T · S is made.
 */
export class MultiHead extends Module implements Mechanism {
  readonly in_proj_weight: Tensor | undefined; // [3E, Q]
  readonly q_proj_weight: Tensor | undefined; // [E, Q]
  readonly k_proj_weight: Tensor | undefined; // [E, K]
  readonly v_proj_weight: Tensor | undefined; // [E, V]
  readonly in_proj_bias: Tensor | null; // [3E]
  readonly out_proj: Linear;
  /** What each head does. */
  readonly attention: Attention;
  readonly heads: number;
  /** E, of all heads together. */
  readonly size: number;
  private readonly widths: readonly [number, number, number];
  private readonly drops: boolean;
  /** The heads are one op. */
  private readonly fused: boolean;

  constructor(options: MultiHeadOptions, key: Key) {
    super();
    expectOptions('MultiHead', options, rules);
    expectKey('MultiHead', key);
    const { query, key: keys, value = keys, heads, size = query, output = size, bias = true, dropout: p = 0 } = options;
    if (size % heads !== 0) throw new RangeError(`MultiHead: size must be a multiple of heads, got ${size} and ${heads}`);
    const [forQ, forK, forV, forOutput, forScore] = split(key, 5) as [Key, Key, Key, Key, Key];
    const xavier = (from: Key, height: number, width: number) => {
      const bound = Math.sqrt(6 / (height + width)); // Glorot and Bengio 2010, eq. 16
      return param(() => uniform(from, [height, width], { low: -bound, high: bound }));
    };
    if (query === keys && keys === value) this.in_proj_weight = xavier(forQ, 3 * size, query);
    else {
      this.q_proj_weight = xavier(forQ, size, query);
      this.k_proj_weight = xavier(forK, size, keys);
      this.v_proj_weight = xavier(forV, size, value);
    }
    this.in_proj_bias = bias ? param(() => zeros([3 * size])) : null;
    this.out_proj = new Linear({ input: size, output, bias }, forOutput);
    this.out_proj.bias?.view().fill(0);
    const width = size / heads;
    const score = options.score?.({ query: width, key: width, hidden: width }, forScore) ?? new DotScore({ scaled: true });
    const { window, selection = soft, read = weightedSum } = options;
    const selecting = p > 0 ? dropping({ p, selection }) : selection;
    this.attention = new Attention({ score, selection: selecting, read, ...(window && { window }) });
    this.heads = heads;
    this.size = size;
    this.widths = [query, keys, value];
    this.drops = p > 0;
    const scaledDot = score instanceof DotScore && score.scaled;
    this.fused = scaledDot && selection === soft && read === weightedSum && (!window || window.places !== undefined);
  }

  forward(query: Tensor, keys: Tensor, values: Tensor | undefined, options: MultiHeadCall & { weights: false }): Omit<Attended, 'weights'>;
  forward(query: Tensor, keys: Tensor, values?: Tensor, options?: MultiHeadCall): Attended;
  forward(query: Tensor, keys: Tensor, values: Tensor = keys, options: MultiHeadCall = {}): Omit<Attended, 'weights'> {
    expectNames('MultiHead', options, calling);
    this.expect(query, keys, values);
    const { weights = true, mask, key } = options;
    const [q, k, v] = this.projected(...this.unspoilt(query, keys, values, mask));
    const fused = this.isFused(key);
    const state = fused ? this.initialState({ keys: k, values: v }, query.shape[1]) : {};
    const { output, ...rest } = fused
      ? this.look(q, k, v, state, { mask, weights, whole: true })
      : this.general(q, k, v, { ...(mask && { mask }), ...(key && { key }) });
    const joined = reshape(permute(output, [0, 2, 1, 3]), [query.shape[0] as number, query.shape[1] as number, this.size]); // [B, T, E]
    if (!weights) delete rest.weights;
    return { output: this.out_proj.forward(joined), ...rest };
  }

  prepare(keys: Tensor, values: Tensor = keys, options: { mask?: Tensor } = {}): Prepared {
    expectNames('MultiHead', options, masking);
    this.expect(undefined, keys, values);
    const [, safe, read] = this.unspoilt(keys, keys, values, options.mask);
    const [k, v] = [this.split(this.project(safe, 1)), this.split(this.project(read, 2))];
    const prepared = mapState(this.attention.prepare(flat(k), flat(v)), (x) => apart(x, this.heads)) as Prepared;
    return options.mask ? { ...prepared, mask: options.mask } : prepared;
  }

  initialState(prepared: Prepared, steps?: number): State {
    const { mask: _, ...rest } = prepared;
    const inner = mapState(rest as Prepared, flat);
    return mapState(this.attention.initialState(inner, steps), (x) => apart(x, this.heads));
  }

  step(query: Tensor, prepared: Prepared, state: State, options: { key?: Key } = {}): Step {
    const { mask, ...rest } = prepared as Prepared & { mask?: Tensor };
    expectNames('MultiHead', options, keyName);
    this.expect(query);
    const [batch, count] = [query.shape[0] as number, prepared.values.shape[2] as number];
    if (prepared.values.shape[0] !== batch) {
      throw new RangeError(
        `MultiHead: query of a step must be of a source's ${prepared.values.shape[0]} examples, got ${show(query.shape)}`,
      );
    }
    const q = this.project(query, 0);
    if (this.isFused(options.key)) {
      const one = reshape(q, [batch, this.heads, 1, this.size / this.heads]);
      const { output, weights } = this.look(one, prepared.keys, prepared.values, state, { mask, weights: true }) as Attended;
      const context = this.out_proj.forward(reshape(output, [batch, -1]));
      const after = this.attention.window?.history?.next(state, { output, weights: flat(weights) }) ?? state;
      return { context, weights: reshape(weights, [batch, this.heads, count]), state: after };
    }
    const inner = mapState(rest as Prepared, flat);
    const masked = mask ? { ...inner, mask: maskOfHeads(maskOfScores(mask, [batch, 1, count]), this.heads) } : inner;
    const flatState = mapState(state, flat);
    const { context, state: after, ...taken } = this.attention.step(reshape(q, [batch * this.heads, -1]), masked, flatState, options);
    const read = this.out_proj.forward(reshape(context, [batch, -1]));
    return { context: read, ...selectedBy(this.heads, taken), state: mapState(after, (x) => apart(x, this.heads)) };
  }

  /** Whether this call is one op: it is not where weights are dropped. */
  private isFused(key: Key | undefined): boolean {
    return this.fused && !(key && this.drops);
  }

  /** Checks queries of a sequence `[B, T, Q]`, or of a step `[B, Q]`, keys and values. */
  private expect(query: Tensor | undefined, ...source: Tensor[]): void {
    const given = query ? [query, ...source] : source;
    const [batch, length] = [given[0]?.shape[0], source[0]?.shape[1]];
    const refuse = (name: string, axes: string) => {
      throw new RangeError(`MultiHead: ${name} must be [${axes}], got ${given.map(({ shape }) => show(shape)).join(' with ')}`);
    };
    const rank = source.length > 0 ? 3 : 2;
    if (query && (query.rank !== rank || query.shape.at(-1) !== this.widths[0])) {
      refuse('query', `${rank === 3 ? 'B, T' : 'B'}, ${this.widths[0]}`);
    }
    for (const [i, x] of source.entries()) {
      const width = this.widths[i + 1];
      if (x.rank !== 3 || x.shape[0] !== batch || x.shape[1] !== length || x.shape[2] !== width) {
        refuse(i === 0 ? 'keys' : 'values', `B, S, ${width}`);
      }
    }
  }

  /** Queries, keys and values, with 0 for NaN and Infinity that no query may see: the maps would carry them into gradients. */
  private unspoilt(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | undefined): [Tensor, Tensor, Tensor] {
    if (!mask) return [query, keys, values];
    const all = maskOfKeys(mask, keys.shape);
    const safe = withoutUnseen(keys, all);
    return [query === keys ? safe : query, safe, values === keys ? safe : withoutUnseen(values, all)];
  }

  /**
   * Every head in one op: queries `[B, H, T, D]`, keys and values `[B, H, S, D]`. A window that looks at no score is the same for every
   * head. `whole` says that these are all queries there are.
   */
  private look(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    state: State,
    { mask, weights, whole = false }: { mask: Tensor | undefined; weights: boolean; whole?: boolean },
  ): { output: Tensor; weights?: Tensor } {
    const { window } = this.attention;
    const windows = window instanceof CombinedWindow ? window.windows : window ? [window] : [];
    const rest = whole ? windows.filter((each) => each !== causal) : windows; // the op has a word for it
    const scores = [q.shape[0] as number, q.shape[2] as number, k.shape[2] as number];
    const places = allPlaces(
      rest,
      scores,
      mapState(state, (x) => select(x, 1, 0)),
    );
    const given = mask && maskOfScores(mask, scores);
    const all = places.mask ? bothMasks(places.mask, given) : given;
    const ofAll = (x: Tensor) => reshape(x, x.shape.toSpliced(1, 0, 1)); // [B, 1, 1 or T, S]
    const told = {
      causal: rest.length < windows.length,
      ...(all && { mask: ofAll(all) }),
      ...(places.bias && { bias: ofAll(places.bias) }),
    };
    return weights ? scaledDotProductAttention(q, k, v, { ...told, weights }) : scaledDotProductAttention(q, k, v, told);
  }

  /** The same of any parts, each head an example of its own. */
  private general(q: Tensor, k: Tensor, v: Tensor, { mask, ...drawn }: MultiHeadCall): { output: Tensor; weights?: Tensor } {
    const scores = [q.shape[0] as number, q.shape[2] as number, k.shape[2] as number];
    const masked = mask && { mask: maskOfHeads(maskOfScores(mask, scores), this.heads) };
    const { output, ...rest } = this.attention.forward(flat(q), flat(k), flat(v), { ...masked, ...drawn });
    return { output: apart(output, this.heads), ...selectedBy(this.heads, rest) };
  }

  /** Queries, keys and values of the heads; where they are one tensor, from one product: its elements have the same bits as of three. */
  private projected(query: Tensor, keys: Tensor, values: Tensor): [Tensor, Tensor, Tensor] {
    const { in_proj_weight: packed, in_proj_bias, heads, size } = this;
    const bias = in_proj_bias ?? undefined;
    const inThree = (x: Tensor) => unstack(reshape(x, [3, -1, ...x.shape.slice(1)]));
    if (packed && query === keys && keys === values) {
      const all = reshape(linear(query, packed, bias), [...query.shape.slice(0, 2), 3, heads, size / heads]);
      return unstack(permute(all, [2, 0, 3, 1, 4])) as [Tensor, Tensor, Tensor];
    }
    const weights = packed ? inThree(packed) : [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight];
    const biases = bias ? inThree(bias) : [];
    return [query, keys, values].map((x, i) => this.split(linear(x, weights[i] as Tensor, biases[i]))) as [Tensor, Tensor, Tensor];
  }

  /** The map of queries (0), keys (1) or values (2) to all heads' `[…, E]`. */
  private project(x: Tensor, which: number): Tensor {
    const { size, in_proj_bias: bias } = this;
    const own = (packed: Tensor) => slice(packed, 0, which * size, (which + 1) * size);
    const weight = this.in_proj_weight ? own(this.in_proj_weight) : [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight][which];
    return linear(x, weight as Tensor, bias ? own(bias) : undefined);
  }

  /** `[B, N, E]` as `[B, H, N, E / H]`. */
  private split(x: Tensor): Tensor {
    const [batch, count] = x.shape as [number, number];
    return permute(reshape(x, [batch, count, this.heads, this.size / this.heads]), [0, 2, 1, 3]);
  }
}
