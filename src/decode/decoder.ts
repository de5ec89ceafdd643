import type { State } from '../nn/state.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What one step of a decoder gives. */
export interface Decoded<S extends State = State> {
  /** Of the next token `[N, C]`. */
  logits: Tensor;
  state: S;
  /** Kept with each hypothesis `[N, …]`: attention weights `[N, S]` or, of heads, `[N, H, S]`, for instance. */
  trace?: Tensor;
}

/**
 * What searches decode with: a source that is read at every step and never changes, and a state that each step leaves for the next. Searches
 * widen the source once and reorder only the state.
 */
export interface Decoder<Source extends State = State, S extends State = State> {
  /** The state before the first token. */
  initialState(source: Source): S;
  /** From the last token of each row (int32 `[N]`), the source and the state before it to the logits of the next token. */
  step(tokens: Tensor, source: Source, state: S): Decoded<S>;
}

/** A decoded sequence. */
export interface Hypothesis {
  /** Without the start and the end. */
  tokens: number[];
  /** Sum of the tokens' log-probabilities, the end's too. */
  logProbability: number;
  /** What hypotheses are ranked by: `logProbability` under the penalties. */
  score: number;
  /** False where `maxLength` cut it off. */
  ended: boolean;
  /** A row of the step's `trace` for each token (the end not counted). */
  trace: Float32Array[];
}

/** A sequence as its last token and what was written before it. */
export interface Written {
  readonly before: Written | null;
  readonly token: number;
  readonly trace: Float32Array | null;
}

/** The tokens of a sequence, first to last. */
export function tokensOf(written: Written | null): number[] {
  const tokens: number[] = [];
  for (let at = written; at; at = at.before) tokens.push(at.token);
  return tokens.reverse();
}

/** The traces of a sequence, first to last. */
export function tracesOf(written: Written | null): Float32Array[] {
  const traces: Float32Array[] = [];
  for (let at = written; at; at = at.before) if (at.trace) traces.push(at.trace);
  return traces.reverse();
}
