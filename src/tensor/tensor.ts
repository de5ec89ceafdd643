import { backend, type DType, type View } from '../runtime/backend.ts';
import { Storage } from '../runtime/storage.ts';
import { shown } from './check.ts';
import { type Shape, show, sizeOf } from './shape.ts';

/**
 * A gradient put off: those of one kind that meet at a tensor are worked out together, as the weight of every step of a loop wants one
 * long product and not a sum of short ones.
 */
export interface Deferred {
  /** The sum of `parts`, which all have this very function, in their order. */
  readonly sum: (parts: readonly Deferred[]) => Tensor;
}

/** How a recorded tensor came to be: what the tape walks. */
export interface Recorded {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  /** From the gradient of the result to one gradient per input, `null` where there is none. */
  readonly backward: (gradient: Tensor) => readonly (Tensor | Deferred | null)[];
  /** Place in the order of recording. */
  readonly order: number;
}

/** A row-major array of `shape` in the active backend's memory. Values never change after they are made, save those of parameters. */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
  /** First element, counted from the storage's start. */
  readonly offset: number;
  readonly size: number;
  /** True for a leaf whose gradient is wanted; set by {@link parameter}. */
  leaf = false;
  /** Accumulated by `backward`, used and cleared by an optimiser's step. Only on leaves. */
  grad: Tensor | null = null;
  /** How it was computed, where a gradient has to pass. */
  recorded: Recorded | null = null;

  constructor(storage: Storage, shape: Shape, dtype: DType, offset = 0) {
    this.storage = storage;
    this.shape = shape;
    this.dtype = dtype;
    this.offset = offset;
    this.size = sizeOf(shape);
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
    if (storage.backend !== backend())
      throw new Error(`tensor: must be used on the backend it was made on (${storage.backend.build}), got ${backend().build}`);
    return storage.at + this.offset * storage.backend.unit;
  }

  /** The elements where they lie. Valid until the next allocation: read or write at once, never keep. */
  view(): View {
    this.storage.touch();
    return this.elements();
  }

  /** The elements where they lie, only to be read: a {@link view} counts as a change. */
  peek(): View {
    return this.elements();
  }

  /** A copy of the elements. */
  toArray(): View {
    return this.elements().slice();
  }

  /** The only element. */
  item(): number {
    if (this.size !== 1) throw new RangeError(`item: tensor must hold one element, got shape ${show(this.shape)}`);
    return this.elements()[0] as number;
  }

  private elements(): View {
    return backend().view(this.ptr, this.size, this.dtype);
  }

  toString(): string {
    return `Tensor(${this.dtype} ${show(this.shape)})`;
  }
}

/** A new tensor whose elements are whatever the memory held. */
export function empty(shape: Shape, dtype: DType = 'float32'): Tensor {
  return new Tensor(new Storage(sizeOf(shape)), shape, dtype);
}

const kindOf = (x: unknown) => (typeof x === 'object' && x !== null && 'storage' in x ? 'one of another copy of the package' : shown(x));

/** Throws unless `x` is a tensor of this copy of the package. */
export function expectTensor(op: string, name: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw new TypeError(`${op}: ${name} must be a tensor, got ${kindOf(x)}`);
}

/** Throws unless `x` is a tensor with elements of type `dtype`. */
export function expectDType(op: string, name: string, x: Tensor, dtype: DType): void {
  expectTensor(op, name, x);
  if (x.dtype !== dtype) throw new TypeError(`${op}: ${name} must be ${dtype}, got ${x.dtype}`);
}
