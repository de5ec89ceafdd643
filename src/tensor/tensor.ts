import { backend, type DType, type View, wrongBackend } from '../runtime/backend.ts';
import { Storage } from '../runtime/storage.ts';
import { shown } from './check.ts';
import { type NestedValues, nested, printed } from './print.ts';
import { changed, notice, since } from './reading.ts';
import { checkedSize, type Shape, show } from './shape.ts';

/**
 * A deferred gradient. Those of one kind that reach the same tensor are summed in one call, so a weight used at every step of a loop gets one
 * long product rather than a sum of short ones.
 */
export interface Deferred {
  /** Sums `parts` in order; all of them carry this same function. */
  readonly sum: (parts: readonly Deferred[]) => Tensor;
  /**
   * The tensor of this part that came from the incoming gradient; where it is recorded, `sum` is recorded too. A part without it is computed
   * on its own when gradients are differentiated again.
   */
  readonly of?: Tensor;
}

/** How a recorded tensor was computed: the nodes that the tape walks. */
export interface Recorded {
  /** Name of the op. */
  readonly name: string;
  /** Positions of omitted optional tensors are empty. */
  readonly inputs: readonly (Tensor | null | undefined)[];
  /** Maps the gradient of the result to one gradient per input, `null` where there is none. */
  readonly backward: (gradient: Tensor) => readonly (Tensor | Deferred | null)[];
  /** When it was recorded. */
  readonly order: number;
}

/** A row-major array in the memory of the active backend. Only parameters change their values after creation. */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal */
  readonly storage: Storage;
  /** Index of the first element within the storage. */
  readonly offset: number;
  readonly size: number;
  /** True for a leaf that wants a gradient; set by `parameter`. */
  leaf = false;
  /** Accumulated by `backward`, used and cleared by an optimiser's step. Only on leaves. */
  grad: Tensor | null = null;
  /** How it was computed, where gradients flow through it. */
  recorded: Recorded | null = null;

  /** The shape is copied, since its owner may change it later. `size` is the number of elements, where known. @internal */
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
   * A live view of the elements. It is valid until the next allocation: read or write at once, never keep it. After a change, an earlier op
   * that needs the elements for its gradient refuses to compute it.
   */
  view(): View {
    if (notice) notice(this, true);
    const elements = elementsOf(this);
    this.storage.look();
    return elements;
  }

  /** A live view for reading only; cheaper than {@link view}, which inspects every element in order to detect a change. Valid until the next allocation. */
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

  /** The elements in nested arrays, one level per axis; booleans for bool. */
  toNested(): NestedValues {
    return nested(this, this.peek());
  }

  /** The nested form, for `JSON.stringify`. */
  toJSON(): NestedValues {
    return this.toNested();
  }

  /** Element type, shape and values; long axes are shortened in the middle. */
  toString(): string {
    return printed(this);
  }

  /** What `console.log` shows in Node, Deno and Bun. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return printed(this);
  }
}

/** A new tensor with uninitialised elements. Errors name `op`. */
export function empty(shape: Shape, dtype: DType = 'float32', op = 'empty'): Tensor {
  const size = checkedSize(op, shape);
  expectKind(op, dtype);
  return new Tensor(new Storage(size), shape, dtype, 0, size);
}

/** A live view for ops, which report what they read themselves. */
export function elementsOf(x: Tensor): View {
  return backend().view(x.ptr, x.size, x.dtype);
}

/** A tensor that shares the elements of `x` and has no history. */
export function alias(x: Tensor): Tensor {
  return new Tensor(x.storage, x.shape, x.dtype, x.offset, x.size);
}

/** Checks that an element type exists. */
export function expectKind(op: string, dtype: DType): void {
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new TypeError(`${op}: dtype must be float32, int32 or bool, got ${shown(dtype)}`);
}

/** Describes a value that is not a tensor of this copy: perhaps a tensor of another version or bundle, or of a module that was loaded twice. */
const notOurs = (x: unknown) => (typeof x === 'object' && x !== null && 'storage' in x ? 'one of another copy of the package' : shown(x));

/** Throws unless `x` is a tensor of this copy of the package: the address of another copy's tensor means nothing in this memory. */
export function expectTensor(op: string, name: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw new TypeError(`${op}: ${name} must be a tensor, got ${notOurs(x)}`);
}

/** Throws unless `x` is a tensor with elements of type `dtype`. */
export function expectDType(op: string, name: string, x: Tensor, dtype: DType): void {
  expectTensor(op, name, x);
  if (x.dtype !== dtype) throw new TypeError(`${op}: ${name} must be ${dtype}, got ${x.dtype}`);
}

/** Formats a value for messages: element type and shape of a tensor. */
export function kindOf(x: unknown): string {
  return x instanceof Tensor ? `${x.dtype} ${show(x.shape)}` : notOurs(x);
}
