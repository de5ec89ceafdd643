import { Linear } from '../nn/linear.ts';
import { Module, own } from '../nn/module.ts';
import { mapState, type State } from '../nn/state.ts';
import { expand, linear, permute, reshape, scaledDotProductAttention, select, slice, sum, uniform, unstack } from '../ops/index.ts';
import { zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Attention } from './attention.ts';
import { maskOfScores } from './mask.ts';
import type { Attended, Mechanism, Prepared, Read, Selected, Selection, Step, Window } from './parts.ts';
import { weightedSum } from './read.ts';
import { DotScore, type Score } from './score.ts';
import { soft } from './selection.ts';
import { bothMasks, causal } from './window.ts';

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
  /** The score of each head's queries and keys, `size / heads` wide; parameters it has are shared by the heads. Default: scaled dot. */
  score?: (sizes: { query: number; key: number; hidden: number }, key: Key) => Score;
  /** The same for every head, and the defaults of {@link Attention}. */
  window?: Window;
  selection?: Selection;
  read?: Read;
}

/** What a {@link MultiHead} may be told of one call. */
export interface MultiHeadCall {
  /** bool, true = may attend: `[B, S]` for all queries or `[B, T, S]`. */
  mask?: Tensor;
  /** Selections draw. */
  key?: Key;
  /** Returns the weights. The output has the same bits without. Default true. */
  weights?: boolean;
}

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
  readonly in_proj_bias: Tensor; // [3E]
  readonly out_proj: Linear;
  /** What each head does. */
  readonly attention: Attention;
  readonly heads: number;
  /** The heads are one op. */
  private readonly fused: boolean;

  constructor(options: MultiHeadOptions, key: Key) {
    super();
    const { query, key: keys, value = keys, heads, size = query, output = size } = options;
    if (!(Number.isInteger(heads) && heads > 0 && size % heads === 0)) {
      throw new RangeError(`MultiHead: size must be a multiple of heads, got ${size} and ${heads}`);
    }
    const [forQ, forK, forV, forOutput, forScore] = split(key, 5) as [Key, Key, Key, Key, Key];
    const xavier = (from: Key, height: number, width: number) => {
      const bound = Math.sqrt(6 / (height + width)); // Glorot and Bengio 2010, eq. 16
      return own(() => uniform(from, [height, width], { low: -bound, high: bound }));
    };
    if (query === keys && keys === value) this.in_proj_weight = xavier(forQ, 3 * size, query);
    else {
      this.q_proj_weight = xavier(forQ, size, query);
      this.k_proj_weight = xavier(forK, size, keys);
      this.v_proj_weight = xavier(forV, size, value);
    }
    this.in_proj_bias = own(() => zeros([3 * size]));
    this.out_proj = new Linear({ input: size, output }, forOutput);
    this.out_proj.bias?.view().fill(0);
    const width = size / heads;
    const score = options.score?.({ query: width, key: width, hidden: width }, forScore) ?? new DotScore({ scaled: true });
    const { window, selection = soft, read = weightedSum } = options;
    this.attention = new Attention({ score, selection, read, ...(window && { window }) });
    this.heads = heads;
    const scaledDot = score instanceof DotScore && score.scaled;
    this.fused = scaledDot && selection === soft && read === weightedSum && (!window || window.places !== undefined);
  }

  forward(query: Tensor, keys: Tensor, values: Tensor | undefined, options: MultiHeadCall & { weights: false }): Omit<Attended, 'weights'>;
  forward(query: Tensor, keys: Tensor, values?: Tensor, options?: MultiHeadCall): Attended;
  forward(query: Tensor, keys: Tensor, values: Tensor = keys, options: MultiHeadCall = {}): Omit<Attended, 'weights'> {
    const { weights = true, mask, key } = options;
    const [q, k, v] = this.projected(query, keys, values);
    const state = this.fused ? this.initialState({ keys: k, values: v }, query.shape[1]) : {};
    const { output, ...rest } = this.fused
      ? this.look(q, k, v, state, { mask, weights, whole: true })
      : this.general(q, k, v, { ...(mask && { mask }), ...(key && { key }) });
    const joined = reshape(permute(output, [0, 2, 1, 3]), [query.shape[0] as number, query.shape[1] as number, -1]); // [B, T, E]
    if (!weights) delete rest.weights;
    return { output: this.out_proj.forward(joined), ...rest };
  }

  prepare(keys: Tensor, values: Tensor = keys, options: { mask?: Tensor } = {}): Prepared {
    const [k, v] = [this.split(this.project(keys, 1)), this.split(this.project(values, 2))];
    const prepared = mapState(this.attention.prepare(this.flat(k), this.flat(v)), (x) => this.apart(x)) as Prepared;
    return options.mask ? { ...prepared, mask: options.mask } : prepared;
  }

  initialState(prepared: Prepared, steps?: number): State {
    const { mask: _, ...rest } = prepared;
    const inner = mapState(rest as Prepared, (x) => this.flat(x));
    return mapState(this.attention.initialState(inner, steps), (x) => this.apart(x));
  }

  step(query: Tensor, prepared: Prepared, state: State, options: { key?: Key } = {}): Step {
    const { mask, ...rest } = prepared as Prepared & { mask?: Tensor };
    const [batch, count] = [query.shape[0] as number, prepared.values.shape[2] as number];
    const q = this.project(query, 0);
    if (this.fused) {
      const one = reshape(q, [batch, this.heads, 1, -1]);
      const { output, weights } = this.look(one, prepared.keys, prepared.values, state, { mask, weights: true }) as Attended;
      const context = this.out_proj.forward(reshape(output, [batch, -1]));
      const after = this.attention.window?.memory?.next(state, { output, weights: this.flat(weights) }) ?? state;
      return { context, weights: reshape(weights, [batch, this.heads, count]), state: after };
    }
    const inner = mapState(rest as Prepared, (x) => this.flat(x));
    const masked = mask ? { ...inner, mask: this.ofHeads(maskOfScores(mask, [batch, 1, count])) } : inner;
    const flatState = mapState(state, (x) => this.flat(x));
    const { context, state: after, ...taken } = this.attention.step(reshape(q, [batch * this.heads, -1]), masked, flatState, options);
    const read = this.out_proj.forward(reshape(context, [batch, -1]));
    return { context: read, ...this.together(taken), state: mapState(after, (x) => this.apart(x)) };
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
    const scores = [q.shape[0] as number, q.shape[2] as number, k.shape[2] as number];
    const untilNow = whole && window === causal;
    const places = untilNow
      ? {}
      : (window?.places?.(
          scores,
          mapState(state, (x) => select(x, 1, 0)),
        ) ?? {});
    const given = mask && maskOfScores(mask, scores);
    const all = places.mask ? bothMasks(places.mask, given) : given;
    const ofAll = (x: Tensor) => reshape(x, x.shape.toSpliced(1, 0, 1)); // [B, 1, 1 or T, S]
    const told = { causal: untilNow, ...(all && { mask: ofAll(all) }), ...(places.bias && { bias: ofAll(places.bias) }) };
    return weights ? scaledDotProductAttention(q, k, v, { ...told, weights }) : scaledDotProductAttention(q, k, v, told);
  }

  /** The same of any parts, each head an example of its own. */
  private general(q: Tensor, k: Tensor, v: Tensor, { mask, ...drawn }: MultiHeadCall): { output: Tensor; weights?: Tensor } {
    const scores = [q.shape[0] as number, q.shape[2] as number, k.shape[2] as number];
    const masked = mask && { mask: this.ofHeads(maskOfScores(mask, scores)) };
    const { output, ...rest } = this.attention.forward(this.flat(q), this.flat(k), this.flat(v), { ...masked, ...drawn });
    return { output: this.apart(output), ...this.together(rest) };
  }

  /** Queries, keys and values of the heads; where they are one tensor, from one product: its elements have the same bits as of three. */
  private projected(query: Tensor, keys: Tensor, values: Tensor): [Tensor, Tensor, Tensor] {
    const { in_proj_weight: packed, in_proj_bias: bias } = this;
    const inThree = (x: Tensor) => unstack(reshape(x, [3, -1, ...x.shape.slice(1)]));
    if (packed && query === keys && keys === values) {
      const all = reshape(linear(query, packed, bias), [...query.shape.slice(0, 2), 3, this.heads, -1]);
      return unstack(permute(all, [2, 0, 3, 1, 4])) as [Tensor, Tensor, Tensor];
    }
    const weights = packed ? inThree(packed) : [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight];
    const biases = inThree(bias);
    return [query, keys, values].map((x, i) => this.split(linear(x, weights[i] as Tensor, biases[i]))) as [Tensor, Tensor, Tensor];
  }

  /** The map of queries (0), keys (1) or values (2) to all heads' `[…, E]`. */
  private project(x: Tensor, which: number): Tensor {
    const size = (this.in_proj_bias.shape[0] as number) / 3;
    const own = (packed: Tensor) => slice(packed, 0, which * size, (which + 1) * size);
    const weight = this.in_proj_weight ? own(this.in_proj_weight) : [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight][which];
    return linear(x, weight as Tensor, own(this.in_proj_bias));
  }

  /** `[B, N, E]` as `[B, H, N, E / H]`. */
  private split(x: Tensor): Tensor {
    const [batch, count] = x.shape as [number, number];
    return permute(reshape(x, [batch, count, this.heads, -1]), [0, 2, 1, 3]);
  }

  /** `[B, H, …]` as `[B · H, …]`. */
  private flat(x: Tensor): Tensor {
    return reshape(x, [(x.shape[0] as number) * this.heads, ...x.shape.slice(2)]);
  }

  /** `[B · H, …]` as `[B, H, …]`. */
  private apart(x: Tensor): Tensor {
    return reshape(x, [(x.shape[0] as number) / this.heads, this.heads, ...x.shape.slice(1)]);
  }

  /** A mask `[B, 1 or T, S]` for each head, `[B · H, 1 or T, S]`. */
  private ofHeads(mask: Tensor): Tensor {
    const [batch, queries, keys] = mask.shape as [number, number, number];
    return this.flat(expand(reshape(mask, [batch, 1, queries, keys]), [batch, this.heads, queries, keys]));
  }

  private together({ weights, choice, logProbability, entropy, value }: Selected): Selected {
    const all = (x: Tensor) => sum(this.apart(x), { axis: 1 });
    return {
      weights: this.apart(weights),
      ...(choice && { choice: this.apart(choice) }),
      ...(logProbability && { logProbability: all(logProbability) }),
      ...(entropy && { entropy: all(entropy) }),
      ...(value && { value: this.apart(value) }),
    };
  }
}
