import { backend, type DType, type View, wrongBackend } from '../runtime/backend.ts';
import { Storage } from '../runtime/storage.ts';
import { shown } from './check.ts';
import { type NestedValues, nested, printed } from './print.ts';
import { changed, notice, since } from './reading.ts';
import { checkedSize, type Shape, show } from './shape.ts';

/**
 * A gradient put off: those of one kind that meet at a tensor are worked out together, as the weight of every step of a loop wants one
 * long product and not a sum of short ones.
 */
export interface Deferred {
  /** The sum of `parts`, which all have this very function, in their order. */
  readonly sum: (parts: readonly Deferred[]) => Tensor;
  /**
   * What the part is made of that came from the gradient: where that is recorded, `sum` is too. A part without it is worked out by itself
   * where gradients are to be differentiated again.
   */
  readonly of?: Tensor;
}

/** How a recorded tensor came to be: what the tape walks. */
export interface Recorded {
  readonly name: string;
  /** With empty places where what may be left out was. */
  readonly inputs: readonly (Tensor | null | undefined)[];
  /** From the gradient of the result to one gradient per input, `null` where there is none. */
  readonly backward: (gradient: Tensor) => readonly (Tensor | Deferred | null)[];
  /** When it was recorded. */
  readonly order: number;
}

/** A row-major array of `shape` in the active backend's memory. Values never change after they are made, save those of parameters. */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal */
  readonly storage: Storage;
  /** First element, counted from the storage's start. */
  readonly offset: number;
  readonly size: number;
  /** True for a leaf whose gradient is wanted; set by `parameter`. */
  leaf = false;
  /** Accumulated by `backward`, used and cleared by an optimiser's step. Only on leaves. */
  grad: Tensor | null = null;
  /** How it was computed, where a gradient has to pass. */
  recorded: Recorded | null = null;

  /** The shape is copied: its owner may go on to change it. `size` is its number of elements, where that is known. @internal */
  constructor(storage: Storage, shape: Shape, dtype: DType, offset = 0, size = checkedSize('tensor', shape)) {
    this.storage = storage;
    this.size = size;
    this.shape = shape.slice();
    this.dtype = dtype;
    this.offset = offset;
    if (!(offset >= 0 && storage.holds(offset + size)))
      throw new RangeError(`tensor: storage must hold the shape, got ${show(shape)} from ${offset} on`);
  }

  /** Whether gradients flow to or through it. */
  get requiresGrad(): boolean {
    return this.leaf || this.recorded !== null;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Address of the first element, for kernels. */
  get ptr(): number {
    const { storage } = this;
    if (!storage.live)
      throw new Error(`tensor: must be used inside the scope it was made in, got one of shape ${show(this.shape)} after its scope ended`);
    if (storage.backend !== backend()) throw wrongBackend(storage.backend);
    if (storage.version > since && storage.made <= since && storage.changed(since)) throw changed(this);
    return storage.at + this.offset * storage.backend.unit;
  }

  /**
   * The elements where they lie. Valid until the next allocation: read or write at once, never keep. Where they are changed, an op that
   * ran before and reads them for its gradient refuses.
   */
  view(): View {
    if (notice) notice(this, true);
    const elements = elementsOf(this);
    this.storage.look();
    return elements;
  }

  /** The elements where they lie, only to be read: {@link view} looks at all of them, to know of a change. Valid until the next allocation. */
  peek(): View {
    if (notice) notice(this, false);
    return elementsOf(this);
  }

  /** A copy of the elements. */
  toArray(): View {
    return this.peek().slice();
  }

  /** The only element. */
  item(): number {
    if (this.size !== 1) throw new RangeError(`item: tensor must hold one element, got shape ${show(this.shape)}`);
    return this.peek()[0] as number;
  }

  /** The elements in nested arrays, one level an axis; booleans for bool. */
  toNested(): NestedValues {
    return nested(this, this.peek());
  }

  /** The same, for `JSON.stringify`. */
  toJSON(): NestedValues {
    return this.toNested();
  }

  /** Element type, shape and values, those in the middle left out where there are many. */
  toString(): string {
    return printed(this);
  }

  /** What `console.log` shows in Node, Deno and Bun. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return printed(this);
  }
}

/** A new tensor whose elements are whatever the memory held. Errors name `op`. */
export function empty(shape: Shape, dtype: DType = 'float32', op = 'empty'): Tensor {
  const size = checkedSize(op, shape);
  expectKind(op, dtype);
  return new Tensor(new Storage(size), shape, dtype, 0, size);
}

/** The elements of `x` where they lie, for ops, which check them or work on them and say so themselves. */
export function elementsOf(x: Tensor): View {
  return backend().view(x.ptr, x.size, x.dtype);
}

/** The same elements under another tensor, without a past. */
export function alias(x: Tensor): Tensor {
  return new Tensor(x.storage, x.shape, x.dtype, x.offset, x.size);
}

/** Checks that there is such an element type. */
export function expectKind(op: string, dtype: DType): void {
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new TypeError(`${op}: dtype must be float32, int32 or bool, got ${shown(dtype)}`);
}

/** What `x` is, which is no tensor of ours: perhaps one of another version, another bundle, or a module that was loaded twice. */
const notOurs = (x: unknown) => (typeof x === 'object' && x !== null && 'storage' in x ? 'one of another copy of the package' : shown(x));

/** Throws unless `x` is a tensor of this copy of the package: the address of another means nothing in this one's memory. */
export function expectTensor(op: string, name: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw new TypeError(`${op}: ${name} must be a tensor, got ${notOurs(x)}`);
}

/** Throws unless `x` is a tensor with elements of type `dtype`. */
export function expectDType(op: string, name: string, x: Tensor, dtype: DType): void {
  expectTensor(op, name, x);
  if (x.dtype !== dtype) throw new TypeError(`${op}: ${name} must be ${dtype}, got ${x.dtype}`);
}

/** A value for messages: element type and shape of a tensor. */
export function kindOf(x: unknown): string {
  return x instanceof Tensor ? `${x.dtype} ${show(x.shape)}` : shown(x);
}
