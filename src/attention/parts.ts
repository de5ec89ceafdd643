// What the parts of a mechanism give each other.

import type { Module } from '../nn/module.ts';
import type { State } from '../nn/state.ts';
import { type Rule, ruleOf } from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The rule of a part that is to have a method. */
export const does = (method: string): Rule =>
  ruleOf(`an object with ${method}()`, (value) => typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function');

/** Widths of queries, keys and of a score's hidden layer. */
export interface AttentionSizes {
  query: number;
  key: number;
  hidden: number;
}

/** A source made ready for step-by-step use: what does not depend on the query. Its first axes are the batch, like a state's. */
export type Prepared = State & {
  /** Keys as the score takes them `[B, S, ·]`. */
  readonly keys: Tensor;
  /** `[B, S, V]`. */
  readonly values: Tensor;
  /** Where queries may look, bool `[B, S]` or `[B, 1 or T, S]`. */
  readonly mask?: Tensor;
};

/** One thing that a part remembers of earlier steps: its value before the first, and after each. The first axis is the batch. */
export interface Remembered {
  /** `steps` is how many there will be, where it is known. */
  initial(prepared: Prepared, steps?: number): Tensor;
  /** After queries that gave `attended` (each field `[B, T, …]`). */
  next(before: Tensor, attended: Attended): Tensor;
  /** A query needs what the one before it left: a sequence is taken step by step. */
  sequential: boolean;
}

/** The things that the parts of a mechanism remember, by name: those of one name are one. `remember` makes one, whose state is S. */
export interface History<S extends State = State> {
  readonly things: Readonly<Record<string, Remembered>>;
  /** Both. */
  and(other: History | undefined): History;
  /** The state before the first step. */
  initial(prepared: Prepared, steps?: number): S;
  /** The state after queries that gave `attended`. */
  next(state: S, attended: Attended): S;
  /** A sequence of queries `[B, T, Q]` one after the other, where that is needed. */
  unroll(mechanism: Pick<Mechanism, 'step'>, query: Tensor, prepared: Prepared, initial: State, key?: Key): Attended | undefined;
}

/** What is drawn from: the key of this step, or, with `each`, one to be folded with the place of each query. */
export interface Draw {
  key?: Key | undefined;
  each?: boolean | undefined;
}

/** What windows and selections may look at besides the scores. */
export interface Context<S extends State = State> extends Draw {
  /** `[B, T, Q]`. */
  query: Tensor;
  /** H where the examples are heads: example b, head h is row b · H + h of every tensor. Default 1. */
  heads?: number;
  /** Where it may look, bool `[B, 1 or T, S]`. */
  mask?: Tensor | undefined;
  /** What the parts remember of earlier steps. */
  state: S;
}

/** What a window makes of scores: them, where selection may look, and what the weights are multiplied by in the end. */
export interface Windowed {
  /** `[B, T, S]`. */
  scores: Tensor;
  /** bool `[B, 1 or T, S]`. */
  mask?: Tensor | undefined;
  /** Broadcast to `[B, T, S]`. */
  factor?: Tensor;
}

/** Where a query may look. */
export interface Window<S extends State = State> {
  /** Scores `[B, T, S]`, changed where wanted, and the mask that selection is to keep to. */
  limit(scores: Tensor, context: Context<S>): Windowed;
  /**
   * What `limit` does, where it looks at no score: for attention that never has all scores `[B, T, S]` at once. Scores and state are those of
   * one head, of `heads` in all. Where the text is `growing`, there are not all keys yet that a table may have columns for. {@link positional}
   * makes a window of it.
   */
  readonly places?: (scores: Shape, state: State, heads: number, growing?: boolean) => Places;
  /** `causal`: a query sees the keys up to its own place, the last query all of them, and nothing else is changed. */
  readonly kind?: 'causal';
  /** The windows it is made of, where it does no more than they do one after the other. */
  readonly windows?: readonly Window[];
  readonly history?: History<S>;
}

/** What a window says of places alone. */
export interface Places {
  /** Where it lets look, bool `[B, 1 or T, S]`, or of each head `[B or 1, H, 1 or T, S]`. */
  mask?: Tensor;
  /** What it adds to scores, `[B, T, S]`, or of each head `[B or 1, H, T, S]`. */
  bias?: Tensor;
}

/** What a query takes of each key, and what was drawn where something was. */
export interface Selected {
  /** `[B, T, S]`: 0 where the mask is false. */
  weights: Tensor;
  /** The key chosen, int32 `[B, T]`; −1 where there was none to choose. */
  choice?: Tensor;
  /** `ln` of the choice's probability `[B, T]`, with its gradient: what REINFORCE multiplies by the reward. */
  logProbability?: Tensor;
  /** Of what was chosen from `[B, T]`, in nats. */
  entropy?: Tensor;
  /** The choice's score `[B, T]`, with its gradient: Q of Q-learning. */
  value?: Tensor;
}

/** From scores to weights. A row with nothing to attend to is 0 throughout, its gradient too. Selections that draw take a key. */
export interface Selection<S extends State = State> {
  /** Of scores `[B, T, S]`. */
  select(scores: Tensor, context: Context<S>): Selected;
  /** `softmax`: the weights are the softmax of the scores over what the mask allows, and nothing else is selected. */
  readonly kind?: 'softmax';
  /** With a key it does something else than its kind says. */
  readonly draws?: boolean;
  readonly history?: History<S>;
}

/** What is read with the weights `[B, T, S]` of the values `[B, S, V]`: `[B, T, ·]`. */
export interface Read {
  (weights: Tensor, values: Tensor, selected: Selected): Tensor;
  /** `weightedSum`: the product of weights and values, so that it need not be called: `Object.assign(read, { kind: 'weightedSum' })`. */
  readonly kind?: 'weightedSum';
}

/** What attention over whole sequences gives: `output` `[B, T, V]` and, per head where there are several, what {@link Selected} says. */
export interface Attended extends Selected {
  output: Tensor;
}

/** What one step gives: the context read `[B, V]`, the weights `[B, S]` or `[B, H, S]`, what was drawn, and the state for the next step. */
export interface Step extends Selected {
  context: Tensor;
  state: State;
}

/** What every attention mechanism does, whatever it is made of. */
export interface Mechanism extends Module {
  /** A source of keys `[B, S, K]` and values `[B, S, V]` (the keys by default), ready for {@link Mechanism.step}. */
  prepare(keys: Tensor, values?: Tensor, options?: { mask?: Tensor }): Prepared;
  /** What the mechanism remembers before the first step; of `steps` in all, where queries are counted from the end. */
  initialState(prepared: Prepared, steps?: number): State;
  /** One query `[B, Q]` for each source of the batch. With `key` (training) selections draw. */
  step(query: Tensor, prepared: Prepared, state: State, options?: { key?: Key }): Step;
  /** Queries `[B, T, Q]`: the same bits as step by step, step t with `foldIn(key, t)`. */
  forward(query: Tensor, keys: Tensor, values?: Tensor, options?: { mask?: Tensor; key?: Key }): Attended;
}
