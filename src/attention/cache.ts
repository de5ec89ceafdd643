// What self-attention keeps of the tokens so far.

import { recording } from '../autograd/record.ts';
import type { RowState } from '../nn/state.ts';
import { concat, gather, slice } from '../ops/index.ts';
import { type Rows, writeRows } from '../ops/rows.ts';
import { expectOptions, expectSizes, isCount, ruleOf, shown } from '../tensor/check.ts';
import { tensor, zeros } from '../tensor/create.ts';
import { pure } from '../tensor/observe.ts';
import { show } from '../tensor/shape.ts';
import { expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';

const OP = 'KeyValueCache';

const areRows = /* @__PURE__ */ ruleOf(
  'a list of whole numbers from 0',
  (all) => Array.isArray(all) && all.every((row) => Number.isSafeInteger(row) && row >= 0),
);

/** Rows that a caller names, as a tensor. */
export function orderOf(order: readonly number[]): Tensor {
  areRows(OP, 'order', order);
  return tensor(Int32Array.from(order));
}

/** The smallest number of rows of a new block. */
const LEAST = 16;

/**
 * A block that caches share. Each cache owns its first rows; `used` is the end of the rows that any cache has written, for each example.
 */
interface Block {
  readonly keys: Tensor; // [B, G, C, D]
  readonly values: Tensor; // [B, G, C, V]
  readonly used: number[];
}

/**
 * Keys and values of the tokens so far, for each example of a batch its own number: {@link MultiHead.extend} takes and returns it. It is a
 * value: to append gives another cache and changes none, so that caches may share a prompt, a text may be taken back, and a search may go
 * on from any of them. Behind the rows of a block `[B, G, C, ·]` there is spare room: an append to the cache that was written last goes
 * there, any other append to a copy. The room doubles when it runs out, so that a token costs only its own rows.
 */
export class KeyValueCache implements RowState {
  /** The number of tokens of each example. */
  readonly lengths: readonly number[];
  private readonly block: Block | null;

  private constructor(block: Block | null, lengths: readonly number[]) {
    this.block = block;
    this.lengths = lengths;
  }

  /** A cache without tokens. The first append decides its widths. */
  static empty(batch: number): KeyValueCache {
    expectSizes(OP, { batch }, isCount);
    return new KeyValueCache(null, new Array<number>(batch).fill(0));
  }

  /** The cache that {@link stateDict} described. */
  static from(dict: ReadonlyMap<string, Tensor>): KeyValueCache {
    const [keys, values, lengths] = ['keys', 'values', 'lengths'].map((name) => {
      const x = dict.get(name);
      if (!(x instanceof Tensor)) throw new TypeError(`${OP}: dict must hold keys, values and lengths, got no ${name}`);
      return x;
    }) as [Tensor, Tensor, Tensor];
    expectDType(OP, 'lengths', lengths, 'int32');
    const counts = Array.from(lengths.toArray());
    const empty = KeyValueCache.empty(counts.length);
    return keys.shape[2] === 0 ? empty : empty.append(keys, values, { lengths: counts });
  }

  /** The number of examples. */
  get rows(): number {
    return this.lengths.length;
  }

  /** The tokens of the longest example. */
  get length(): number {
    return this.lengths.reduce((most, length) => Math.max(most, length), 0);
  }

  /** Keys `[B, G, C, D]` with spare room behind the first {@link length} rows; `null` before the first token. */
  get keys(): Tensor | null {
    return this.block?.keys ?? null;
  }

  /** Values `[B, G, C, V]`, laid out as the keys. */
  get values(): Tensor | null {
    return this.block?.values ?? null;
  }

  /**
   * Appends keys `[B, G, N, D]` and values `[B, G, N, V]` of the next tokens; of each example the first `lengths` of them, all by default.
   * If a gradient has to pass, the cache is made anew; then all examples must have the same length.
   */
  append(keys: Tensor, values: Tensor, options: { lengths?: readonly number[] | undefined } = {}): KeyValueCache {
    const counts = this.counted(keys, values, options);
    const lengths = this.lengths.map((length, b) => length + (counts[b] as number));
    const block = this.block;
    if (pure || (recording() && [keys, values, block?.keys, block?.values].some((x) => x?.requiresGrad)))
      return this.recorded(keys, values, counts, lengths);
    const most = lengths.reduce((a, b) => Math.max(a, b), 0);
    const owns = block && most <= (block.keys.shape[2] as number) && this.lengths.every((length, b) => length === block.used[b]);
    const to = owns ? block : this.copied(keys, values, most);
    const rows: Rows[] = this.lengths.map((length, b) => ({ from: 0, to: length, count: counts[b] as number }));
    lengths.forEach((length, b) => {
      to.used[b] = length; // before anything is written: an append that fails midway owns nothing
    });
    writeRows(to.keys, keys, rows);
    writeRows(to.values, values, rows);
    return new KeyValueCache(to, lengths);
  }

  /** The first `count` tokens of each example, or fewer if it has fewer. */
  cropped(count: number): KeyValueCache {
    expectSizes(OP, { count }, isCount);
    return new KeyValueCache(
      this.block,
      this.lengths.map((length) => Math.min(length, count)),
    );
  }

  /** The examples that `order` names, in that order; a row may occur several times. */
  selected(order: readonly number[]): KeyValueCache {
    return this.takeRows(orderOf(order));
  }

  takeRows(order: Tensor): KeyValueCache {
    const lengths = Array.from(order.toArray(), (row) => {
      const length = this.lengths[row];
      if (length === undefined) throw new RangeError(`${OP}: order must name rows from 0 to ${this.rows - 1}, got ${row}`);
      return length;
    });
    if (!this.block) return new KeyValueCache(null, lengths);
    const [keys, values] = [gather(this.block.keys, order), gather(this.block.values, order)];
    return new KeyValueCache({ keys, values, used: [...lengths] }, lengths);
  }

  mergeRows(real: Tensor, before: KeyValueCache): KeyValueCache {
    const is = real.toArray();
    return new KeyValueCache(
      this.block,
      this.lengths.map((length, b) => (is[b] ? length : (before.lengths[b] as number))),
    );
  }

  tensors(): readonly Tensor[] {
    return this.block ? [this.block.keys, this.block.values] : [];
  }

  /** Tensors to save: `keys` and `values` with as many rows as the longest example, 0 where an example has fewer, and `lengths`. */
  stateDict(): Map<string, Tensor> {
    const lengths = tensor(Int32Array.from(this.lengths));
    if (!this.block) return new Map([['keys', zeros([this.rows, 0, 0, 0])], ['values', zeros([this.rows, 0, 0, 0])], ['lengths', lengths]]); // biome-ignore format: one line
    const rows: Rows[] = this.lengths.map((count) => ({ from: 0, to: 0, count }));
    const [keys, values] = this.tensors().map((x) => {
      const kept = zeros(x.shape.with(2, this.length));
      writeRows(kept, x, rows);
      return kept;
    }) as [Tensor, Tensor];
    return new Map([['keys', keys], ['values', values], ['lengths', lengths]]); // biome-ignore format: one line
  }

  /** A block with room for `most` rows that holds the contents of this cache. */
  private copied(keys: Tensor, values: Tensor, most: number): Block {
    const rows: Rows[] = this.lengths.map((count) => ({ from: 0, to: 0, count }));
    const capacity = Math.max(LEAST, most, 2 * this.length);
    const [to, too] = [keys, values].map((x, i) => {
      const room = zeros(x.shape.with(2, capacity));
      const old = this.tensors()[i];
      if (old) writeRows(room, old, rows);
      return room;
    }) as [Tensor, Tensor];
    return { keys: to, values: too, used: [...this.lengths] };
  }

  /** The same composed of ops. */
  private recorded(keys: Tensor, values: Tensor, counts: readonly number[], lengths: readonly number[]): KeyValueCache {
    const [length = 0, count = keys.shape[2]] = [this.lengths[0], counts[0]];
    if (count !== keys.shape[2] || this.lengths.some((other) => other !== length) || counts.some((other) => other !== count)) {
      throw new Error(`${OP}: examples of unlike lengths have no gradient; append under noGrad`);
    }
    const [k, v] = [keys, values].map((x, i) => {
      const old = this.tensors()[i];
      return old ? concat([slice(old, 2, 0, length), x], 2) : x;
    }) as [Tensor, Tensor];
    return new KeyValueCache({ keys: k, values: v, used: [...lengths] }, lengths);
  }

  /** Checks what is to be appended and returns the number of tokens of each example. */
  private counted(keys: Tensor, values: Tensor, options: { lengths?: readonly number[] | undefined }): readonly number[] {
    for (const [name, x] of [
      ['keys', keys],
      ['values', values],
    ] as const) {
      // biome-ignore format: one line
      expectTensor(OP, name, x);
      expectDType(OP, name, x, 'float32');
    }
    expectOptions(OP, options, { lengths: () => {} });
    const [batch, groups, count = 0, width] = keys.shape;
    const { block, rows } = this;
    const like = (x: Tensor, own: Tensor | undefined) => !own || (x.shape[1] === own.shape[1] && x.shape[3] === own.shape[3]);
    const fits =
      keys.rank === 4 && values.rank === 4 && batch === rows && [0, 1, 2].every((axis) => values.shape[axis] === keys.shape[axis]);
    if (!fits || !like(keys, block?.keys) || !like(values, block?.values)) {
      const [g, d, v] = [block?.keys.shape[1] ?? groups ?? 'G', block?.keys.shape[3] ?? width ?? 'D', block?.values.shape[3] ?? 'V'];
      const got = `${show(keys.shape)} and ${show(values.shape)}`;
      throw new RangeError(`${OP}: keys and values must be [${rows}, ${g}, N, ${d}] and [${rows}, ${g}, N, ${v}], got ${got}`);
    }
    const { lengths = new Array<number>(rows).fill(count) } = options;
    const whole = (n: unknown) => Number.isInteger(n) && (n as number) >= 0 && (n as number) <= count;
    if (!Array.isArray(lengths) || lengths.length !== rows || !lengths.every(whole)) {
      throw new RangeError(`${OP}: lengths must be ${rows} whole numbers from 0 to ${count}, got ${shown(lengths)}`);
    }
    return lengths;
  }
}
