import { Linear } from '../nn/linear.ts';
import { Module, own } from '../nn/module.ts';
import { mapState, type State } from '../nn/state.ts';
import { expand, linear, permute, reshape, slice, sum, uniform } from '../ops/index.ts';
import { zeros } from '../tensor/create.ts';
import { type Key, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Attention } from './attention.ts';
import { maskOfScores } from './mask.ts';
import type { Attended, Mechanism, Prepared, Read, Selected, Selection, Step, Window } from './parts.ts';
import { DotScore, type Score } from './score.ts';

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

/**
 * Several heads look at once, each with its own maps of queries, keys and values, and one map joins what they read (Vaswani et al. 2017,
 * §3.2.2): any score, window, selection and read. Parameters are named, laid out and drawn as in PyTorch's `nn.MultiheadAttention`. Weights are
 * `[B, H, T, S]` (of a step `[B, H, S]`), choices and values `[B, H, T]`; log-probability and entropy are those of all heads together, `[B, T]`.
 */
export class MultiHead extends Module implements Mechanism {
  readonly q_proj_weight: Tensor; // [E, Q]
  readonly k_proj_weight: Tensor; // [E, K]
  readonly v_proj_weight: Tensor; // [E, V]
  readonly in_proj_bias: Tensor; // [3E]
  readonly out_proj: Linear;
  /** What each head does. */
  readonly attention: Attention;
  readonly heads: number;

  constructor(options: MultiHeadOptions, key: Key) {
    super();
    const { query, key: keys, value = keys, heads, size = query, output = size } = options;
    if (!(Number.isInteger(heads) && heads > 0 && size % heads === 0)) {
      throw new RangeError(`MultiHead: size must be a multiple of heads, got ${size} and ${heads}`);
    }
    const [forQ, forK, forV, forOutput, forScore] = split(key, 5) as [Key, Key, Key, Key, Key];
    const xavier = (from: Key, width: number) => {
      const bound = Math.sqrt(6 / (size + width)); // Glorot and Bengio 2010, eq. 16
      return own(() => uniform(from, [size, width], { low: -bound, high: bound }));
    };
    this.q_proj_weight = xavier(forQ, query);
    this.k_proj_weight = xavier(forK, keys);
    this.v_proj_weight = xavier(forV, value);
    this.in_proj_bias = own(() => zeros([3 * size]));
    this.out_proj = new Linear({ input: size, output }, forOutput);
    this.out_proj.bias?.view().fill(0);
    const width = size / heads;
    const score = options.score?.({ query: width, key: width, hidden: width }, forScore) ?? new DotScore({ scaled: true });
    const { window, selection, read } = options;
    this.attention = new Attention({ score, ...(window && { window }), ...(selection && { selection }), ...(read && { read }) });
    this.heads = heads;
  }

  forward(query: Tensor, keys: Tensor, values: Tensor = keys, options: { mask?: Tensor; key?: Key } = {}): Attended {
    const { q, k, v } = this.projected(query, keys, values);
    const [batch, queries, count] = [query.shape[0] as number, query.shape[1] as number, keys.shape[1] as number];
    const mask = options.mask && { mask: this.ofHeads(maskOfScores(options.mask, [batch, queries, count])) };
    const drawn = options.key && { key: options.key };
    const { output, ...rest } = this.attention.forward(q, k, v, { ...mask, ...drawn });
    const joined = reshape(permute(this.apart(output), [0, 2, 1, 3]), [batch, queries, -1]); // [B, T, E]
    return { output: this.out_proj.forward(joined), ...this.together(rest) };
  }

  prepare(keys: Tensor, values: Tensor = keys, options: { mask?: Tensor } = {}): Prepared {
    const k = this.split(this.project(keys, 1));
    const v = this.split(this.project(values, 2));
    const prepared = mapState(this.attention.prepare(k, v), (x) => this.apart(x)) as Prepared;
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
    const inner = mapState(rest as Prepared, (x) => this.flat(x));
    const masked = mask ? { ...inner, mask: this.ofHeads(maskOfScores(mask, [batch, 1, count])) } : inner;
    const q = reshape(this.project(query, 0), [batch * this.heads, -1]);
    const flatState = mapState(state, (x) => this.flat(x));
    const { context, state: after, ...taken } = this.attention.step(q, masked, flatState, options);
    const read = this.out_proj.forward(reshape(context, [batch, -1]));
    return { context: read, ...this.together(taken), state: mapState(after, (x) => this.apart(x)) };
  }

  private projected(query: Tensor, keys: Tensor, values: Tensor): { q: Tensor; k: Tensor; v: Tensor } {
    return { q: this.split(this.project(query, 0)), k: this.split(this.project(keys, 1)), v: this.split(this.project(values, 2)) };
  }

  /** The map of queries, keys or values to all heads' `[…, E]`. */
  private project(x: Tensor, which: 0 | 1 | 2): Tensor {
    const weight = [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight][which] as Tensor;
    const size = weight.shape[0] as number;
    return linear(x, weight, slice(this.in_proj_bias, 0, which * size, (which + 1) * size));
  }

  /** `[B, N, E]` as `[B · H, N, E / H]`. */
  private split(x: Tensor): Tensor {
    const [batch, count] = x.shape as [number, number];
    return this.flat(permute(reshape(x, [batch, count, this.heads, -1]), [0, 2, 1, 3]));
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
