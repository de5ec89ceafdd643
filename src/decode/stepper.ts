// A decoder, step by step: what it gives is checked, what it leaves is freed.

import { partsOf, type State, expectRows as stateRows, takeRows } from '../nn/state.ts';
import { logSoftmax } from '../ops/index.ts';
import { currentScope, type Storage } from '../runtime/storage.ts';
import { tensor } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';

/**
 * One step of a decoder: the last token of each row (int32 `[N]`) and the state before it, to the logits of the next token
 * `[N, V]` and the state after it. `trace` `[N, K]` is kept with each hypothesis: attention weights, for instance.
 */
export type DecodeStep<S extends State> = (tokens: Tensor, state: S) => { logits: Tensor; state: S; trace?: Tensor };

/** What a search reads of one step, as plain numbers. */
export interface Seen {
  /** V, the size of the vocabulary. */
  width: number;
  /** `[N · V]`. */
  logits: ArrayLike<number>;
  /** Of each token `[N · V]`. */
  logProbabilities: ArrayLike<number>;
  /** A row's trace. */
  trace(row: number): Float32Array[];
}

/** Takes step `t` for the last `tokens`, with the state's `rows` (`null`: all of them, as they stand). */
export type Stepper = (t: number, tokens: readonly number[], rows: readonly number[] | null) => Seen;

/**
 * The steps of one search, to be taken in a scope of its own. Each step runs in a scope; of the state before it is freed what that
 * scope owns and the state after it does not hold: never what the caller made, or what the step function took from elsewhere.
 */
export function stepper<S extends State>(op: string, step: DecodeStep<S>, initial: S, end: number): Stepper {
  const search = currentScope();
  let state = initial;
  let held = storagesOf(op, initial);
  let width: number | undefined;
  let count = 0;
  return (t, tokens, rows) => {
    const { after, ...seen } = scope(() => {
      const from = rows ? reordered(op, state, rows, count) : state;
      const { logits, state: after, trace } = step(tensor(Int32Array.from(tokens)), from);
      expectRows(op, 'logits', logits, [tokens.length, width], t);
      width ??= logits.shape[1] as number;
      if (!(end < width)) throw new RangeError(`${op}: end must be one of the ${width} tokens that logits are for, got ${end}`);
      if (trace) expectRows(op, 'trace', trace, [tokens.length, ...(trace.shape?.slice(1) ?? [])], t);
      return { after, logits: logits.toArray(), logProbabilities: logSoftmax(logits).toArray(), trace: trace?.toArray() };
    });
    const next = storagesOf(op, after);
    for (const storage of held) if (search && storage.ownedBy(search) && !next.has(storage)) storage.free();
    state = after;
    held = next;
    const each = (seen.trace?.length ?? 0) / tokens.length;
    const trace = (row: number) => (seen.trace ? [Float32Array.from(seen.trace.subarray(row * each, (row + 1) * each))] : []);
    count = tokens.length;
    return { ...seen, width: width as number, trace };
  };
}

const storagesOf = (op: string, state: State): Set<Storage> =>
  new Set(partsOf(op, state).flatMap(([, part]) => (part instanceof Tensor ? [part] : part.tensors()).map(({ storage }) => storage)));

/** The state's `count` rows in another order. */
function reordered<S extends State>(op: string, state: S, rows: readonly number[], count: number): S {
  stateRows(op, state, count, 'hypotheses');
  return takeRows(state, tensor(Int32Array.from(rows)));
}

/** Checks what a step gave against its shape, `undefined` where an axis may have any length. */
function expectRows(op: string, name: string, x: Tensor, shape: readonly (number | undefined)[], t: number): void {
  const fits =
    x instanceof Tensor && x.dtype === 'float32' && x.rank === shape.length && shape.every((n, i) => (n ?? x.shape[i]) === x.shape[i]);
  if (fits) return;
  throw new RangeError(`${op}: ${name} must be float32 [${shape.map((n) => n ?? 'V').join(', ')}], got ${kindOf(x)} at step ${t}`);
}
