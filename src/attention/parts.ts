// The interfaces between the parts of a mechanism.

import type { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { type Rule, ruleOf } from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The rule for a part that must have a method. */
export const does = (method: string): Rule =>
  ruleOf(`an object with ${method}()`, (value) => typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function');

/** Widths of queries, keys and of a score's hidden layer. */
export interface AttentionSizes {
  /** Width of queries. */
  query: number;
  /** Width of keys. */
  key: number;
  /** Width of the score's hidden layer. */
  hidden: number;
}

/** A source prepared for steps: everything that does not depend on the query. Its first axes are the batch, like a state's. */
export type Prepared = State & {
  /** Keys in the form that the score takes `[B, S, ·]`. */
  readonly keys: Tensor;
  /** `[B, S, V]`. */
  readonly values: Tensor;
  /** Where queries may look, bool `[B, S]` or `[B, 1 or T, S]`. */
  readonly mask?: Tensor;
};

/** One thing that a part remembers: its value before the first step, and after each. The first axis is the batch. */
export interface Remembered {
  /** `steps` is the number of steps to come, if it is known. */
  initial(prepared: Prepared, steps?: number): Tensor;
  /** The value after queries that gave `attended` (each field `[B, T, …]`). */
  next(before: Tensor, attended: Attended): Tensor;
  /** Whether a query needs the result of the one before it: then a sequence runs step by step. */
  sequential: boolean;
}

/** Everything that the parts of a mechanism remember, by name; parts share what has one name. `remember` makes a history with state S. */
export interface History<S extends State = State> {
  /** What is remembered, by name. */
  readonly things: Readonly<Record<string, Remembered>>;
  /** A history with the entries of both. */
  and(other: History | undefined): History;
  /** The state before the first step. */
  initial(prepared: Prepared, steps?: number): S;
  /** The state after queries that gave `attended`. */
  next(state: S, attended: Attended): S;
  /** Runs a sequence of queries `[B, T, Q]` one by one, where that is needed; gives the state after it too. */
  unroll(mechanism: Pick<Mechanism, 'step'>, query: Tensor, prepared: Prepared, initial: State, key?: Key): Steps | undefined;
}

/** The random key of this step; with `each`, a base key folded with each query's index. */
export interface Draw {
  /** The key to draw from. */
  key?: Key | undefined;
  /** Whether `key` is a base key to fold with the index of each query. */
  each?: boolean | undefined;
}

/** What windows and selections may use besides the scores. */
export interface Context<S extends State = State> extends Draw {
  /** `[B, T, Q]`. */
  query: Tensor;
  /** H if the examples are heads: example b, head h is row b · H + h of every tensor. Default 1. */
  heads?: number;
  /** Where queries may look, bool `[B, 1 or T, S]`. */
  mask?: Tensor | undefined;
  /** The history of the parts. */
  state: S;
}

/** What a window makes of scores: new scores, where selection may look, and a final factor of the weights. */
export interface Windowed {
  /** `[B, T, S]`. */
  scores: Tensor;
  /** bool `[1 or B, 1 or T, S]`; that of the context if it is left out. */
  mask?: Tensor | undefined;
  /** Broadcast to `[B, T, S]`. */
  factor?: Tensor;
}

/** Where a query may look. */
export interface Window<S extends State = State> {
  /** Returns the scores `[B, T, S]`, changed if need be, and the mask for the selection. */
  limit(scores: Tensor, context: Context<S>): Windowed;
  /**
   * The effect of `limit`, for a window that ignores the scores: attention in one op never has all scores `[B, T, S]` at once. Scores and
   * state are those of one head, of `heads` in all. While a text is `growing`, a table may have columns for keys that do not exist yet.
   * {@link positional} makes a window of it. It may look at the queries `[B, H, T, D]`.
   */
  readonly places?: (scores: Shape, state: State, heads: number, growing?: boolean, query?: Tensor) => Places;
  /** What a query reads besides the values. */
  readonly beside?: Beside | undefined;
  /** `causal`: a query sees the keys up to its own place, the last query sees all of them, and nothing else changes. */
  readonly kind?: 'causal';
  /** The windows it consists of, if it only applies them one after the other. */
  readonly windows?: readonly Window[];
  /** What it remembers of earlier steps. */
  readonly history?: History<S>;
}

/** What is read besides the values: of a table, with the weights added up by distance. */
export interface Beside {
  /** `[L, V]`. */
  table: Tensor;
  /** The row of distance 0; the row of key s for a query at position p is `zero + s − p`, the ends beyond. */
  zero: number;
  /** Of weights `[B, T, S]`: `[B, T, V]`. */
  read(weights: Tensor, state: State): Tensor;
}

/** What a window derives from positions alone. */
export interface Places {
  /** Where it lets look, bool `[1 or B, 1 or T, S]`, or of each head `[1 or B, H, 1 or T, S]`; never `[T, S]`. */
  mask?: Tensor;
  /** What it adds to scores, `[1 or B, 1 or T, S]`, or of each head `[1 or B, H, 1 or T, S]`. */
  bias?: Tensor;
  /** It hides keys more than so many positions before the query's own. */
  before?: number;
  /** It hides keys more than so many positions after the query's own. */
  after?: number;
  /** It adds −slope · |s − p| for key s and the query's position p: `[H, 1, 1]`. */
  slopes?: Tensor;
  /** It adds the element at `zero + s − p` of a row, the ends beyond: `bias` `[H, 1, L]`, or of each query `[B, H, T, L]`. */
  distance?: { bias: Tensor; zero: number };
}

/** How much a query takes of each key, and the choice if the selection makes one. */
export interface Selected {
  /** `[B, T, S]`: 0 where the mask is false. */
  weights: Tensor;
  /** The key chosen, int32 `[B, T]`; −1 if there was none to choose. */
  choice?: Tensor;
  /** `ln` of the choice's probability `[B, T]`, with its gradient: REINFORCE multiplies it by the reward. */
  logProbability?: Tensor;
  /** The entropy of the distribution that was drawn from `[B, T]`, in nats. */
  entropy?: Tensor;
  /** The choice's score `[B, T]`, with its gradient: Q of Q-learning. */
  value?: Tensor;
}

/** From scores to weights. A row with nothing to attend to is 0 throughout, as is its gradient. Selections that draw take a key. */
export interface Selection<S extends State = State> {
  /** Selects from scores `[B, T, S]`. */
  select(scores: Tensor, context: Context<S>): Selected;
  /** `softmax`: the weights are the softmax of the scores over the mask, and nothing else is selected. */
  readonly kind?: 'softmax';
  /** The probability of dropping each weight if a key is given, if it draws nothing else. */
  readonly dropout?: number | undefined;
  /** Whether its kind does not hold if a key is given. */
  readonly draws?: boolean;
  /** What it remembers of earlier steps. */
  readonly history?: History<S>;
}

/** What is read from the values `[B, S, V]` with the weights `[B, T, S]`: `[B, T, ·]`. */
export interface Read {
  (weights: Tensor, values: Tensor, selected: Selected): Tensor;
  /** `weightedSum`: the product of weights and values, so that it need not be called: `Object.assign(read, { kind: 'weightedSum' })`. */
  readonly kind?: 'weightedSum';
}

/** The result of attention over whole sequences: `output` `[B, T, V]` and the fields of {@link Selected}, per head if there are several. */
export interface Attended extends Selected {
  /** What was read `[B, T, V]`. */
  output: Tensor;
}

/** The result of one step: the context read `[B, V]`, the weights `[B, S]` or `[B, H, S]`, the choice, and the next state. */
export interface Step extends Selected {
  /** What was read `[B, V]`. */
  context: Tensor;
  /** The state for the next step. */
  state: State;
}

/** The result of several steps at once: `output` `[B, N, V]`, weights `[B, N, S]` or `[B, H, N, S]`, and the state for the next step. */
export interface Steps extends Attended {
  /** The state after these queries. */
  state: State;
}

/** The interface of every attention mechanism, whatever its parts. */
export interface Mechanism extends Module {
  /** Prepares a source for {@link Mechanism.step}: keys `[B, S, K]` and values `[B, S, V]` (the keys by default). */
  prepare(keys: Tensor, values?: Tensor, options?: { mask?: Tensor }): Prepared;
  /** The state before the first step. `steps` is their number, for parts that count queries from the end. */
  initialState(prepared: Prepared, steps?: number): State;
  /** Attends with one query `[B, Q]` for each source of the batch. With `key` (training) selections draw. */
  step(query: Tensor, prepared: Prepared, state: State, options?: { key?: Key }): Step;
  /** Attends with queries `[B, T, Q]`: the same bits as step by step, where step t takes `foldIn(key, t)`. */
  forward(query: Tensor, keys: Tensor, values?: Tensor, options?: { mask?: Tensor; key?: Key }): Attended;
}
