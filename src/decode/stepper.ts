// Runs a decoder step by step: checks its results and frees what it no longer needs.

import { noGrad } from '../autograd/record.ts';
import { expectRows as expectStateRows, partsOf, type State, takeRows } from '../nn/state.ts';
import { Storage, within } from '../runtime/storage.ts';
import { tensor } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';
import type { Decoder } from './decoder.ts';

const tensorsOf = (op: string, state: State): Tensor[] =>
  partsOf(op, state).flatMap(([, part]) => (part instanceof Tensor ? [part] : part.tensors()));

const storagesOf = (tensors: readonly Tensor[]): Set<Storage> => new Set(tensors.map(({ storage }) => storage));

const int32 = (values: readonly number[]): Tensor => tensor(Int32Array.from(values));

/**
 * The steps of one search, which owns what they make. When the next state or a wider source replaces one, it frees what it owns and nothing
 * holds any more: never tensors of the caller, or those that the decoder took from elsewhere.
 */
export class Stepper<Source extends State, S extends State> {
  private readonly op: string;
  private readonly decoder: Decoder<Source, S>;
  private readonly end: number;
  /** As the caller gave it. */
  private readonly given: Source;
  private source: Source;
  private state: S;
  /** The tensors in source and state. */
  private readonly held: { source: ReadonlySet<Storage>; state: ReadonlySet<Storage> };
  private count: number;
  private width: number | undefined;
  private steps = 0;
  /** The tensors that the search owns. */
  private readonly made: Storage[] = [];

  constructor(op: string, decoder: Decoder<Source, S>, source: Source, { batch, end }: { batch: number; end: number }) {
    const able = typeof decoder?.step === 'function' && typeof decoder.initialState === 'function';
    if (!able) throw new TypeError(`${op}: decoder must have initialState() and step(), got ${kindOf(decoder)}`);
    this.op = op;
    this.decoder = decoder;
    this.end = end;
    this.given = source;
    this.source = source;
    this.count = batch;
    expectStateRows(op, source, batch, 'in the batch', 'source');
    this.held = { source: storagesOf(tensorsOf(op, source)), state: new Set() };
    try {
      this.state = this.own(() => this.kept(decoder.initialState(source))).state;
      expectStateRows(op, this.state, batch, 'in the batch');
    } catch (error) {
      this.close();
      throw error;
    }
    this.held.state = storagesOf(tensorsOf(op, this.state));
  }

  /** Takes the next step for the last `tokens` and returns the result of `use` on logits `[N, C]` and trace, which `use` must not keep. */
  take<R>(tokens: readonly number[], use: (logits: Tensor, trace: Tensor | undefined) => R): R {
    const { op, steps } = this;
    const { used, state: after } = this.own(() => {
      const { logits, state, trace } = this.decoder.step(int32(tokens), this.source, this.state);
      expectShape(op, 'logits', logits, [tokens.length, this.width], steps);
      this.width ??= logits.shape[1] as number;
      if (!(this.end < this.width)) {
        throw new RangeError(`${op}: end must be one of the ${this.width} tokens that logits are for, got ${this.end}`);
      }
      if (trace !== undefined) expectShape(op, 'trace', trace, [tokens.length, ...(trace?.shape?.slice(1) ?? [])], steps);
      return { used: use(logits, trace), ...this.kept(state) };
    });
    this.replace(after);
    this.count = tokens.length;
    this.steps++;
    return used;
  }

  /** Continues with the state's `rows`, in that order. */
  reorder(rows: readonly number[]): void {
    if (rows.length === this.count && rows.every((row, i) => row === i)) return;
    expectStateRows(this.op, this.state, this.count, 'hypotheses');
    this.replace(this.own(() => this.kept(takeRows(this.state, int32(rows)))).state);
    this.count = rows.length;
  }

  /** Continues with the caller's source; row i is its row `items[i]`. */
  widen(items: readonly number[]): void {
    const before = this.held.source;
    this.source = this.own(() => this.kept(takeRows(this.given, int32(items)))).state;
    this.held.source = storagesOf(tensorsOf(this.op, this.source));
    this.free(before);
  }

  /** Leaves what the search owns to the collector until {@link resume}: it may be abandoned while other tasks run. */
  pause(): readonly Storage[] {
    const owned = this.made.filter((storage) => storage.live && storage.ownedBy(this.made));
    for (const storage of owned) storage.moveTo(null);
    this.made.length = 0;
    return owned;
  }

  resume(owned: readonly Storage[]): void {
    for (const storage of owned) storage.moveTo(this.made);
  }

  /** Frees what the search owns. */
  close(): void {
    Storage.release(this.made);
    this.made.length = 0;
  }

  /** Runs a part of the search: tensors that it makes are freed, those that it returns belong to the search. */
  private own<R>(fn: () => R): R {
    return within(this.made, () => noGrad(() => scope(fn)));
  }

  /** A state or a source with its tensors, so that the enclosing scope finds all of them. */
  private kept<Any extends State>(state: Any): { state: Any; tensors: readonly Tensor[] } {
    return { state, tensors: tensorsOf(this.op, state) };
  }

  private replace(after: S): void {
    const before = this.held.state;
    this.state = after;
    this.held.state = storagesOf(tensorsOf(this.op, after));
    this.free(before);
  }

  private free(before: ReadonlySet<Storage>): void {
    const { made, held } = this;
    for (const storage of before) {
      if (storage.ownedBy(made) && !held.state.has(storage) && !held.source.has(storage)) storage.free();
    }
    if (made.length < 64) return;
    const live = made.filter((storage) => storage.live && storage.ownedBy(made));
    if (2 * live.length < made.length) made.splice(0, made.length, ...live);
  }
}

/** Checks a result of a step against its shape; `undefined` stands for an axis of any length. */
function expectShape(op: string, name: string, x: Tensor, shape: readonly (number | undefined)[], step: number): void {
  const fits =
    x instanceof Tensor && x.dtype === 'float32' && x.rank === shape.length && shape.every((n, i) => (n ?? x.shape[i]) === x.shape[i]);
  if (fits) return;
  throw new RangeError(`${op}: ${name} must be float32 [${shape.map((n) => n ?? 'V').join(', ')}], got ${kindOf(x)} at step ${step}`);
}
