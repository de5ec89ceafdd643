import type { State } from '../nn/state.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The result of one step of a decoder. */
export interface Decoded<S extends State = State> {
  /** Logits of the next token `[N, C]`. */
  logits: Tensor;
  /** The state for the next step. */
  state: S;
  /** Kept with each hypothesis `[N, …]`, such as attention weights `[N, S]` or, of heads, `[N, H, S]`. */
  trace?: Tensor;
}

/**
 * The decoder that searches use: it has a source that every step reads and never changes, and a state that each step passes to the next.
 * Searches expand the source once and reorder only the state.
 */
export interface Decoder<Source extends State = State, S extends State = State> {
  /** The state before the first token. */
  initialState(source: Source): S;
  /** From the last token of each row (int32 `[N]`), the source and the previous state to the logits of the next token. */
  step(tokens: Tensor, source: Source, state: S): Decoded<S>;
}

/** A decoded sequence. */
export interface Hypothesis {
  /** Without the start and the end. */
  tokens: number[];
  /** Sum of the tokens' log-probabilities, including the end's. */
  logProbability: number;
  /** The ranking score: `logProbability` with the penalties applied. */
  score: number;
  /** False if `maxLength` cut it off. */
  ended: boolean;
  /** A row of the step's `trace` for each token, excluding the end. */
  trace: Float32Array[];
}

/** A sequence as a linked list: its last token and the sequence before it. */
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
