// Projections, heads, and a map of what they read.

import { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { withoutUnseen } from '../nn/unseen.ts';
import { viewed } from '../ops/view.ts';
import {
  anything,
  expectCall,
  expectNames,
  expectOptions,
  isFlag,
  isKey,
  keyName,
  maybe,
  type Names,
  ruleOf,
  shown,
} from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import { show } from '../tensor/shape.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { masking } from './attention.ts';
import { KeyValueCache } from './cache.ts';
import { expectPrepared } from './given.ts';
import { type ExtendCall, type Extended, Heads, type StepsCall, stepping } from './heads.ts';
import { maskOfKeys } from './mask.ts';
import type { Attended, Mechanism, Prepared, Step, Steps } from './parts.ts';
import { isMapping, joinHeads, type Mapping, type Projection } from './projection.ts';

/** Options of one call. */
export interface MultiHeadCall {
  /** bool, true = may attend: `[B, S]` for all queries, `[B, T, S]`, or `[1, T, S]` for all examples. */
  mask?: Tensor;
  /** With it, selections draw and weights are dropped. */
  key?: Key;
  /** Whether to return the weights. The output has the same bits without them. Default true. */
  weights?: boolean;
}

const calling: Names<MultiHeadCall> = { mask: 1, key: 1, weights: 1 };

/** The parts of a {@link HeadedAttention}. */
export interface HeadedParts {
  /** The maps of queries, keys and values. */
  projection: Projection;
  /** What the heads do with queries, keys and values. */
  heads: Heads;
  /** The map from what the heads read, side by side, to the output. Default: none. */
  output?: Mapping | undefined;
}

/**
 * Any maps of queries, keys and values ({@link Projection}), any {@link Heads}, and a map of what they read. {@link MultiHead} is built of
 * it; used directly, it takes grouped queries, low-rank maps and rotary positions. Weights are `[B, H, T, S]` (of a step `[B, H, S]`),
 * choices and values `[B, H, T]`; log-probability and entropy are those of all heads together, `[B, T]`.
 */
export class HeadedAttention extends Module implements Mechanism {
  readonly projection: Projection;
  readonly heads: Heads;
  readonly output: Mapping | undefined;
  private readonly op: string;

  /** `op` is its name in errors. */
  constructor(parts: HeadedParts, op = 'HeadedAttention') {
    super();
    const isProjection = ruleOf('a Projection', (value) => value instanceof Module && 'one' in value && 'all' in value);
    const isHeads = ruleOf('Heads', (value) => value instanceof Heads);
    expectOptions(op, parts, { projection: isProjection, heads: isHeads, output: maybe(isMapping) });
    const { projection, heads, output } = parts;
    if (projection.heads !== heads.heads || projection.keyHeads !== heads.keyHeads) {
      const [got, wanted] = [projection, heads].map((part) => `${part.heads} and ${part.keyHeads}`);
      throw new RangeError(`${op}: projection must have the heads' numbers of queries and keys, got ${got} for ${wanted}`);
    }
    this.projection = projection;
    this.heads = heads;
    this.output = output;
    this.op = op;
  }

  /**
   * Attends with queries `[B, T, Q]` to keys `[B, S, K]` and values `[B, S, V]` (the keys by default), giving `output` `[B, T, E]` and
   * `weights` `[B, H, T, S]`.
   */
  forward(query: Tensor, keys: Tensor, values: Tensor | undefined, options: MultiHeadCall & { weights: false }): Omit<Attended, 'weights'>;
  forward(query: Tensor, keys: Tensor, values?: Tensor, options?: MultiHeadCall): Attended;
  forward(query: Tensor, keys: Tensor, values: Tensor = keys, options: MultiHeadCall = {}): Omit<Attended, 'weights'> {
    expectCall(this.op, options, calling);
    this.expect(query, keys, values);
    const [q, k, v] = this.projection.all(...unspoilt(query, keys, values, options.mask));
    const { output, ...rest } = this.heads.forward(q, k, v, options);
    if (options.weights === false) delete (rest as Partial<Attended>).weights;
    return { output: this.joined(output), ...rest };
  }

  prepare(keys: Tensor, values: Tensor = keys, options: { mask?: Tensor | undefined } = {}): Prepared {
    expectNames(this.op, options, masking);
    this.expect(undefined, keys, values);
    const [, safe, read] = unspoilt(keys, keys, values, options.mask);
    return this.heads.prepare(this.projection.one('key', safe), this.projection.one('value', read), options.mask);
  }

  initialState(prepared: Prepared, steps?: number): State {
    return this.heads.initialState(prepared, steps);
  }

  step(query: Tensor, prepared: Prepared, state: State, options: { key?: Key | undefined } = {}): Step {
    expectCall(this.op, options, keyName);
    this.expectOf(prepared, query, 2);
    const q = this.projection.one('query', viewed(query, query.shape.toSpliced(1, 0, 1)));
    const { context, ...rest } = this.heads.step(q, prepared, state, options);
    const read = this.joined(viewed(context, context.shape.toSpliced(2, 0, 1)));
    return { context: viewed(read, read.shape.toSpliced(1, 1)), ...rest };
  }

  /**
   * Attends with several queries `[B, N, Q]` of a prepared source at once, as a decoder has them: `output` `[B, N, E]`, weights `[B, H, N, S]`
   * and the state for what follows. If nothing is drawn the bits are those of as many steps; with a key the t-th query draws from `foldIn(key, t)`.
   */
  steps(query: Tensor, prepared: Prepared, state: State, options: StepsCall & { weights: false }): Omit<Steps, 'weights'>;
  steps(query: Tensor, prepared: Prepared, state: State, options?: StepsCall): Steps;
  steps(query: Tensor, prepared: Prepared, state: State, options: StepsCall = {}): Omit<Steps, 'weights'> {
    expectCall(this.op, options, stepping);
    this.expectOf(prepared, query, 3);
    const { output, ...rest } = this.heads.steps(this.projection.one('query', query), prepared, state, options);
    if (options.weights === false) delete (rest as Partial<Steps>).weights;
    return { output: this.joined(output), ...rest };
  }

  /**
   * Extends texts by the next tokens `[B, N, Q]`, any number at a time; each token attends to itself and to all before it. Gives `output`
   * `[B, N, ·]` and the cache with these tokens; without a cache a new text begins. One by one, in chunks, all at once, alone or in a
   * batch: the bits are the same.
   */
  extend(x: Tensor, cache?: KeyValueCache, options: ExtendCall = {}): Extended {
    expectOptions(this.op, options, { lengths: anything, weights: maybe(isFlag), mask: anything, key: maybe(isKey) });
    this.expect(x, x);
    const batch = x.shape[0] as number;
    if (cache !== undefined && !(cache instanceof KeyValueCache && cache.rows === batch)) {
      const got = cache instanceof KeyValueCache ? `one of ${cache.rows}` : shown(cache);
      throw new RangeError(`${this.op}: cache must be a KeyValueCache of ${batch} examples, got ${got}`);
    }
    const [q, k, v] = this.projection.all(x, x, x);
    const { output, ...rest } = this.heads.extend(q, k, v, cache ?? KeyValueCache.empty(batch), options);
    return { output: this.joined(output), ...rest };
  }

  /** Maps what the heads read, `[B, H, T, V]`, to the output. */
  private joined(output: Tensor): Tensor {
    const joined = joinHeads(output); // [B, T, H · V]
    return this.output?.forward(joined) ?? joined;
  }

  /** Checks the queries of a step `[B, Q]` or of several `[B, N, Q]`. */
  private expectOf(prepared: Prepared, query: Tensor, rank: 2 | 3): void {
    expectTensor(this.op, 'query', query);
    this.expectQuery(query, rank, [query]);
    expectPrepared(this.op, prepared);
    const examples = prepared.values.shape[0];
    if (query.shape[0] === examples) return;
    throw new RangeError(`${this.op}: query of a step must be of a source's ${examples} examples, got ${show(query.shape)}`);
  }

  /** Checks the queries of a sequence `[B, T, Q]`, the keys and the values. */
  private expect(query: Tensor | undefined, ...source: Tensor[]): void {
    const given = query ? [query, ...source] : source;
    for (const x of given) expectTensor(this.op, 'query, keys and values', x);
    const { widths } = this.projection;
    const [batch, length] = [given[0]?.shape[0], source[0]?.shape[1]];
    if (query) this.expectQuery(query, 3, given);
    for (const [i, x] of source.entries()) {
      const width = i === 0 ? widths?.key : widths?.value;
      if (x.rank === 3 && x.shape[0] === batch && x.shape[1] === length && x.shape[2] === (width ?? x.shape[2])) continue;
      this.refuse(i === 0 ? 'keys' : 'values', `B, S, ${width ?? (i === 0 ? 'K' : 'V')}`, given);
    }
  }

  private expectQuery(query: Tensor, rank: 2 | 3, given: readonly Tensor[]): void {
    const { query: width } = this.projection.widths ?? {};
    if (query.rank === rank && query.shape.at(-1) === (width ?? query.shape.at(-1))) return;
    this.refuse('query', `${rank === 3 ? 'B, T' : 'B'}, ${width ?? 'Q'}`, given);
  }

  private refuse(name: string, axes: string, given: readonly Tensor[]): never {
    throw new RangeError(`${this.op}: ${name} must be [${axes}], got ${given.map(({ shape }) => show(shape)).join(' with ')}`);
  }
}

/** Queries, keys and values, with 0 for NaN and Infinity that no query may see: the maps would carry them into gradients. */
function unspoilt(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | undefined): [Tensor, Tensor, Tensor] {
  if (!mask) return [query, keys, values];
  const all = maskOfKeys(mask, keys.shape);
  const safe = withoutUnseen(keys, all);
  return [query === keys ? safe : query, safe, values === keys ? safe : withoutUnseen(values, all)];
}
